"""Data folders that earlier versions left behind, opened by this one."""

from __future__ import annotations
