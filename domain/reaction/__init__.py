"""Reactions: small signs of what people think of an issue or a comment."""
