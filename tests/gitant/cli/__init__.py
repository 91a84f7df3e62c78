"""The command line: in this process where that will do, as a program where it matters, against a node that runs."""

from __future__ import annotations
