"""Wires between nodes: real sockets where the kernel matters, memory and a jumping clock where it does not."""
