"""Tests of domain/refs."""
