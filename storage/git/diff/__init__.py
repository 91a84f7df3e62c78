"""Comparing two trees: which paths differ, which were renamed, and which lines changed, as git shows it."""
