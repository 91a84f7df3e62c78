"""The house rules: sizes, imports, packaging, words."""

from __future__ import annotations
