"""The issue aggregate: one verb, one file."""
