"""Commits as archives, byte for byte what `git archive` writes."""
