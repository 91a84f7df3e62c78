"""The attachment aggregate: bytes that words point to, named by their hash."""
