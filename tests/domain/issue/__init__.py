"""Tests of domain/issue."""
