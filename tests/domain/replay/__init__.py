"""Tests of domain/replay."""
