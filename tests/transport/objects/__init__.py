"""Transfers between nodes."""
