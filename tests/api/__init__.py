"""The HTTP API over a whole node, in one process and without a socket."""
