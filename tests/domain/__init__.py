"""Tests of the domain, in its own layout."""
