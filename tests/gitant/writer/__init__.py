"""Tests of writer."""

from __future__ import annotations
