"""Connections that this node makes because somebody asked it to: to public addresses, and where the operator allows."""
