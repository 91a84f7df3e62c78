"""Bundles, made and taken in."""
