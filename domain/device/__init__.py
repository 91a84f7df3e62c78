"""Devices and the nodes that keep them: ending one in a repository."""
