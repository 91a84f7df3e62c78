"""`attachment.added.v1`: bytes are attached to a repository, an issue or a comment; the event holds their hash only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from domain.attachment.state import AttachmentState
from domain.fold.kind import Kind, Payload, Touch
from domain.limits import ATTACHMENT_BYTES_MAX, FILE_NAME_CHARS_MAX, MEDIA_TYPE_CHARS_MAX
from domain.words import Id, line_problem

if TYPE_CHECKING:
    from domain.envelope import Event

FileName = Annotated[str, msgspec.Meta(min_length=1, max_length=FILE_NAME_CHARS_MAX)]
MediaType = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*$",
        min_length=3,
        max_length=MEDIA_TYPE_CHARS_MAX,
    ),
]


class AttachmentAdded(Payload, frozen=True, kw_only=True):
    """`name` is one segment of a path; `media_type` is what whoever attached it claims; `size` is in bytes."""

    name: FileName
    media_type: MediaType = "application/octet-stream"
    size: Annotated[int, msgspec.Meta(ge=1, le=ATTACHMENT_BYTES_MAX)]
    sha256: Id

    def problem(self) -> str:
        return name_problem(self.name) or ("media_type ends in a line break" if self.media_type.endswith("\n") else "")


def name_problem(name: str) -> str:
    """What is wrong with the name of a file, or nothing: it is shown, and put into addresses and headers."""
    if name in {".", ".."} or "/" in name or "\\" in name:
        return "name is a path"
    if len(name) > FILE_NAME_CHARS_MAX:
        return f"name is over {FILE_NAME_CHARS_MAX} characters"
    return line_problem(name, "name")


def _apply(state: AttachmentState, event: Event, payload: AttachmentAdded | None) -> None:
    assert event.entity is not None
    state.stream = event.stream
    state.target = event.entity
    state.author = event.author
    state.lamport = event.lamport
    state.time = state.updated = event.time
    if payload is None:
        state.redacted = True
        return
    state.name = payload.name
    state.media_type = payload.media_type
    state.size = payload.size
    state.sha256 = payload.sha256


def _touches(event: Event, _: AttachmentAdded | None) -> tuple[Touch, ...]:
    return (Touch(event.id, AttachmentState, _apply),)


KIND = Kind(
    name="attachment.added.v1",
    payload=AttachmentAdded,
    action="attachment.add",
    touches=_touches,
    acts_on=("repository", "issue", "comment"),
    creates="attachment",
    redactable=True,
)
