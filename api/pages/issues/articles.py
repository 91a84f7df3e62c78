"""What was said on an issue, as it looks: each comment rendered once for all who may do the same with it."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

import msgspec
from markupsafe import Markup
from msgspec import UNSET, UnsetType

from api.pages.blocks import ALONE_BYTES_MIN, Block
from api.pages.issues.rivals import quarrels
from api.pages.kept import Kept
from api.pages.markdown import Place, rendered
from api.pages.place import url_of
from api.pages.templating import called, environment
from domain.reaction.contents import CONTENTS

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from api.asking import Asking
    from domain.ports_views import RepoRow

FACES: Final = dict(zip(CONTENTS, ("👍", "👎", "😄", "😕", "❤️", "🎉", "🚀", "👀"), strict=True))
_ARTICLES: Final = Kept[Markup](12 << 20)
_BLOCKS: Final = Kept[Block](12 << 20)
_DIGEST_BYTES: Final = 16

At = tuple[int, str]
"""Where something stands in a thread: its Lamport time and its event."""


class Line(NamedTuple):
    """One line of a thread."""

    at: At
    html: Markup


class _Head(msgspec.Struct):
    """What is read of a comment that need not be rendered."""

    id: str
    lamport: int
    author: str
    conflicts: msgspec.Raw | UnsetType = UNSET


@final
class Articles:
    """The comments of a page. An article is kept by its document, where it stands, and what its reader may do there.

    What two people wrote at once is read from the log and never kept.
    """

    def __init__(self, request: Asking, row: RepoRow, here: str, docs: Sequence[bytes], *, moderates: bool) -> None:
        self._request = request
        self._row = row
        self._here = here
        self._moderates = moderates
        self._docs = docs
        self._heads = [msgspec.json.decode(doc, type=_Head) for doc in docs]
        self._keys = [self._key(doc, head) for doc, head in zip(docs, self._heads, strict=True)]
        self._kept = [None if key is None else _ARTICLES.get(key) for key in self._keys]

    @property
    def ready(self) -> bool:
        """Whether nothing is to be rendered."""
        return None not in self._kept

    def lines(self) -> Iterator[Line]:
        """Each of them. Blocking unless `ready`: a hostile text takes seconds."""
        for doc, head, key, kept in zip(self._docs, self._heads, self._keys, self._kept, strict=True):
            html = kept
            if html is None:
                html = self._made(doc, head)
                if key is not None:
                    _ARTICLES.put(key, html, len(html))
            yield Line((head.lamport, head.id), html)

    def _key(self, doc: bytes, head: _Head) -> Hashable | None:
        """Everything that an article depends on."""
        if head.conflicts is not UNSET:
            return None
        known, mine = self._rights(head)
        digest = blake2b(doc, digest_size=_DIGEST_BYTES).digest()
        return digest, self._here, known, mine, called(head.author)

    def _rights(self, head: _Head) -> tuple[bool, bool]:
        did = self._request.actor.did
        return did is not None, did == head.author or self._moderates

    def _made(self, doc: bytes, head: _Head) -> Markup:
        comment: dict[str, Any] = msgspec.json.decode(doc)
        html = rendered(comment["body"], Place(url_of(self._row)))
        known, mine = self._rights(head)
        quarrel = quarrels(self._request, self._row.id, comment)
        parts: Any = environment().get_template("issue_parts.html").module
        return Markup(parts.said(comment, html, quarrel, self._here, FACES, known, mine))  # noqa: S704 -- a template's


def blocks(lines: Iterable[Line]) -> Iterator[Block | Markup]:
    """A thread in pieces, as long as is worth compressing alone: what is added to it changes the last one only."""
    piece, size = list[Markup](), 0
    for line in lines:
        piece.append(line.html)
        size += len(line.html)
        if size >= ALONE_BYTES_MIN:
            yield _block(piece)
            piece, size = [], 0
    if piece:
        yield Markup().join(piece)


def _block(piece: Sequence[Markup]) -> Block:
    key = tuple(piece)
    kept = _BLOCKS.get(key)
    return _BLOCKS.put(key, made := Block("".join(piece)), 2 * len(made)) if kept is None else kept
