"""Nodes that meet: real processes, real sockets."""
