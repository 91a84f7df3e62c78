"""Tests of projections."""

from __future__ import annotations
