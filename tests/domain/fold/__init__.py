"""Tests of domain/fold."""
