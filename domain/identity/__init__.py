"""Principals: a root key and what is known by it."""
