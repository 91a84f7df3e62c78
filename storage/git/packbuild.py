"""Packs made of loose objects, for pushes that come as such."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, final

from dulwich.object_format import SHA1
from dulwich.pack import pack_header_chunks, pack_object_chunks

if TYPE_CHECKING:
    from collections.abc import Sequence

_TYPES: Final = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}


@final
class DulwichPacks:
    """Builds packs in memory: whole objects, no deltas, each once."""

    def build(self, objects: Sequence[tuple[str, bytes]]) -> bytes:
        """A pack of `objects`, given as (type, content)."""
        unique = dict.fromkeys(objects)
        pack = bytearray().join(pack_header_chunks(len(unique)))
        for kind, content in unique:
            for chunk in pack_object_chunks(_TYPES[kind], [content], object_format=SHA1):
                pack += chunk
        # The trailer is what the format asks for; nothing trusts it.
        pack += hashlib.sha1(pack, usedforsecurity=False).digest()
        return bytes(pack)
