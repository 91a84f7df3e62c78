"""Kinds that act on anything with words in it: edits of bodies, and redactions."""
