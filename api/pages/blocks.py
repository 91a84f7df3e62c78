"""Large pieces of pages that stay as they are: the lines of a file, the rows of a diff.

Nearly any event makes a page be made again, and most of the work in that is to compress what did not change. So such
a piece is no text to the templates: a mark stands in its place, and it is put there compressed, as it is kept.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, final

from api.pages.packing import deflated

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

ALONE_BYTES_MIN: Final = 16 << 10
"""What is shorter is compressed better, and quickly enough, with all around it."""
_SECRET: Final = secrets.token_hex(16)
"""Nobody outside gets to see it, so nobody can write a mark."""
_MARK: Final = re.compile(f"<!--{_SECRET}:([0-9]+)-->")


@final
class Block:
    """HTML that is compressed once, however often a page with it is made. Best made beside the event loop."""

    __slots__ = ("data", "digest", "packed")

    def __init__(self, text: str) -> None:
        self.data = text.encode("utf-8", "replace")
        self.digest = hashlib.sha256(self.data).digest()
        self.packed = deflated(self.data)

    def __html__(self) -> str:
        """What a template writes: a mark, where somebody notes what belongs there."""
        blocks = _LAID.get()
        if blocks is None or len(self.data) < ALONE_BYTES_MIN:
            return self.data.decode()
        blocks.append(self)
        return f"<!--{_SECRET}:{len(blocks) - 1}-->"

    def __len__(self) -> int:
        """How many bytes of memory it takes."""
        return len(self.data) + len(self.packed)


_LAID: Final[ContextVar[list[Block] | None]] = ContextVar("laid", default=None)


@contextmanager
def laid() -> Generator[list[Block]]:
    """While a page is rendered: the blocks that are in it, in the order of their marks."""
    blocks: list[Block] = []
    token = _LAID.set(blocks)
    try:
        yield blocks
    finally:
        _LAID.reset(token)


def pieces(text: str, blocks: Sequence[Block]) -> Iterator[Block]:
    """A rendered text in pieces, with blocks in the place of their marks."""
    at = 0
    for mark in _MARK.finditer(text):
        yield Block(text[at : mark.start()])
        yield blocks[int(mark[1])]
        at = mark.end()
    yield Block(text[at:])
