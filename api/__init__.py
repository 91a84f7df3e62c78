"""The HTTP API: parse, call a port, shape the answer."""
