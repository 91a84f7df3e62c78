"""Backups: taken while everything moves, damaged in every file, restored and compared."""

from __future__ import annotations
