"""What of a document depends on who asks: their own reactions, in `own_reactions`.

The document itself is the same for all and rendered once. It says whether anybody reacted, so that nothing is looked
up for the many things to which nobody did. The entity tag gets a second part, which conditions leave out again: it is
the document that a change is bound to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec

from api.reply import encode_json, extended, read
from api.writing import done
from domain.etag import etag
from domain.reaction.contents import CONTENTS, Content

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.asking import Asking
    from api.reply import Reply
    from domain.ports_views import Answer, Page

_REACTED: Final = b'"reactions":{'
"""In a text of the document its quotes would stand behind backslashes."""


class _Named(msgspec.Struct):
    id: str


class _Own(msgspec.Struct):
    own_reactions: list[Content] = []


def personal(asking: Asking, docs: Sequence[bytes]) -> list[bytes]:
    """Documents of issues or comments with the asker's own reactions."""
    did = asking.actor.did
    reacted = {doc: _id_of(doc) for doc in docs if _REACTED in doc} if did is not None else {}
    if did is None or not reacted:
        return list(docs)
    own = asking.ports.views.reactions_of(did, list(reacted.values()))
    return [_with(doc, own[reacted[doc]]) if reacted.get(doc) in own else doc for doc in docs]


def personal_page(asking: Asking, page: Page) -> Page:
    """A page of such documents."""
    return replace(page, docs=personal(asking, page.docs))


def read_personal(asking: Asking, doc: bytes) -> Reply:
    """The reply to a look at one such document."""
    (body,) = personal(asking, [doc])
    tag = etag(doc)
    if body is not doc:
        own = msgspec.json.decode(body, type=_Own).own_reactions
        tag = f'{tag[:-1]}.{sum(1 << CONTENTS.index(content) for content in own):x}"'
    return read(asking, body, tag=tag)


def done_personal(asking: Asking, answer: Answer, *, status: int = 200, location: str = "") -> Reply:
    """The reply to a change of one such document."""
    (body,) = personal(asking, [answer.doc])
    return done(answer, status=status, body=body, location=location)


def _id_of(doc: bytes) -> bytes:
    return bytes.fromhex(msgspec.json.decode(doc, type=_Named).id)


def _with(doc: bytes, own: Sequence[str]) -> bytes:
    return extended(doc, b'"own_reactions":' + encode_json(own))
