"""Bundles: what nodes say to each other, in a file (docs/design/bundles.md)."""
