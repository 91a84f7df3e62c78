"""Tests of git folders: receiving, publishing, refs."""
