"""Copies of a node that are whole, checked, and restored without a doubt."""
