"""Wires between nodes: bytes both ways with one peer whose key is proven, over TCP or through the HTTP port."""
