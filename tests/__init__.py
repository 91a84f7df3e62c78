"""Tests: folders mirror the rooms; `house` keeps the house itself in order."""

from __future__ import annotations
