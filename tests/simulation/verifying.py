"""Signatures verified once for all nodes of a run, which is most of the work otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import keys

if TYPE_CHECKING:
    from domain.ids import DeviceKey

_REMEMBERED_MAX = 100_000
_known: dict[tuple[bytes, bytes, bytes], bool] = {}


def verify_once(key: DeviceKey, signature: bytes, message: bytes) -> bool:
    """`domain.keys.verify`, remembered by all three."""
    found = _known.get((key, signature, message))
    if found is None:
        if len(_known) > _REMEMBERED_MAX:
            _known.clear()
        found = _known[key, signature, message] = keys.verify(key, signature, message)
    return found
