"""The bounds of a bundle's parts, which makers and takers must agree on."""

from __future__ import annotations

from typing import Final

HEADS_MAX: Final = 60_000
"""Heads of one stream, and as many of its base."""
TIPS_MAX: Final = 100_000
"""Git objects that refs of one repository lead to, and as many that are taken to be there."""
PIECE_BYTES: Final = 1 << 20
"""Of a pack or a blob in one part."""
ROWS_BYTES: Final = 1 << 20
"""About how many bytes of events stand in one part."""
