"""Versions of the databases that cannot be made again."""

from __future__ import annotations
