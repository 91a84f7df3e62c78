"""What a partial clone asks to be left out: git's filter expressions, of which a server may know some."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from domain.errors import InvalidInput
from domain.ports_serving import ObjectFilter
from transport.git.limits import FILTERS_MAX

_LIMIT: Final = re.compile(r"blob:limit=([0-9]{1,18})([kmg]?)", re.IGNORECASE)
_TREE: Final = re.compile(r"tree:([0-9]{1,9})")
_UNITS: Final = {"": 0, "k": 10, "m": 20, "g": 30}


def parse_filter(text: str) -> ObjectFilter:
    """Read `blob:none`, `blob:limit=<n>[kmg]`, `tree:<depth>`, or several as `combine:<a>+<b>`."""
    blob: int | None = None
    tree: int | None = None
    for part in _parts(text):
        if part == "blob:none":
            blob = 0
        elif limit := _LIMIT.fullmatch(part):
            blob = _least(blob, int(limit[1]) << _UNITS[limit[2].lower()])
        elif depth := _TREE.fullmatch(part):
            tree = _least(tree, int(depth[1]))
        else:
            raise InvalidInput(f"this server does not filter by {part[:40]!r}; it knows blob:none, blob:limit and tree")
    return ObjectFilter(blob_bytes_max=blob, tree_depth_max=tree)


def _parts(text: str, levels_left: int = 4) -> list[str]:
    if not text.startswith("combine:"):
        return [text]
    parts = text.removeprefix("combine:").split("+")
    if len(parts) > FILTERS_MAX or not levels_left:
        raise InvalidInput(f"more than {FILTERS_MAX} filters are combined, or too deeply")
    return [each for part in parts for each in _parts(unquote(part), levels_left - 1)]


def _least(known: int | None, new: int) -> int:
    return new if known is None else min(known, new)
