"""Writing a body again: the splices from what stands to what is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from domain.commands.links import links_of, with_links
from domain.commands.scene import HEADS_PER_EVENT_MAX, Scene, check, heads, settle
from domain.content.body_edited import BodyEdited, BodySplice
from domain.content.body_reset import BodyReset
from domain.fold.text import splices_between
from domain.ids import StreamId
from domain.limits import DOCUMENT_EDITS_MAX

if TYPE_CHECKING:
    from domain.fold.kind import Payload
    from domain.fold.text import Text
    from domain.ids import EventId
    from domain.links.bound import Linked
    from domain.repository.state import RepositoryState


class HasBody(Protocol):
    """An issue or a comment."""

    key: bytes
    body: Text
    links: dict[EventId, Linked]


def edit_body(scene: Scene, thing: HasBody, repo: RepositoryState, text: str) -> None:
    """Write the event that makes `text` the body, if it is not already.

    A body without a document (its words were redacted), with rivals, or at its edit cap is begun anew.
    """
    body, stream = thing.body, StreamId(repo.key)
    full = body.edits_applied >= DOCUMENT_EDITS_MAX or body.chars_left < len(text)
    if not body.present or body.rivals or full or len(body.heads) > HEADS_PER_EVENT_MAX:
        reset = check(BodyReset(text=text, replaces=heads(body.roots)))
        settle(scene, "body.reset.v1", stream, thing.key, _linked(scene, repo, thing, text, reset))
        return
    splices = [
        BodySplice(at=each.position, cut=each.delete, text=each.text) for each in splices_between(body.value, text)
    ]
    if splices:
        edit = check(BodyEdited(base=heads(body.heads), splices=splices))
        scene.write("body.edited.v1", stream, thing.key, _linked(scene, repo, thing, text, edit))


def _linked(scene: Scene, repo: RepositoryState, thing: HasBody, text: str, payload: Payload) -> Payload:
    return with_links(payload, links_of(scene, repo, text, thing.links))
