"""`repository.imported.v1`: its history came from elsewhere, and which of its objects have old, harmless faults."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from domain.fold.kind import Kind, Payload
from domain.limits import SKIPS_PER_EVENT_MAX, SOURCE_CHARS_MAX
from domain.repository.state import RepositoryState, touching_repository
from domain.words import Oid, line_problem

if TYPE_CHECKING:
    from domain.envelope import Event

SKIPPABLE: Final = (
    "badDate",
    "badDateOverflow",
    "badEmail",
    "badName",
    "badTimezone",
    "missingEmail",
    "missingNameBeforeEmail",
    "missingSpaceBeforeDate",
    "missingSpaceBeforeEmail",
    "multipleAuthors",
    "zeroPaddedDate",
    "zeroPaddedFilemode",
)
"""Faults, by git's names for them, that an imported object may have. None changes what a checkout writes or runs."""

_CREDENTIALS: Final = re.compile(r"//[^/]*@|[?#]")


class Skip(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One sort of fault, and the objects that have it, ascending."""

    fault: str
    objects: Annotated[list[Oid], msgspec.Meta(min_length=1, max_length=SKIPS_PER_EVENT_MAX)]


class RepositoryImported(Payload, frozen=True, kw_only=True):
    """Where it came from, without credentials; how much; and what of it is excused from which check."""

    source: Annotated[str, msgspec.Meta(min_length=1, max_length=SOURCE_CHARS_MAX)]
    objects: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0
    skips: Annotated[list[Skip], msgspec.Meta(max_length=len(SKIPPABLE))] = []

    def problem(self) -> str:
        if found := source_problem(self.source):
            return found
        faults = [skip.fault for skip in self.skips]
        if faults != sorted(set(faults)) or not set(faults) <= set(SKIPPABLE):
            return "skips are out of order, or of a fault that is never skipped"
        if any(skip.objects != sorted(set(skip.objects)) for skip in self.skips):
            return "skips name an object twice, or out of order"
        return ""


def source_problem(source: str) -> str:
    """What keeps an address from being told of as where a repository came from; empty when nothing does."""
    if found := line_problem(source, "source"):
        return found
    return "source holds credentials, a query or a fragment" if _CREDENTIALS.search(source) else ""


def _apply(state: RepositoryState, event: Event, payload: RepositoryImported | None) -> None:
    assert payload is not None, "imports cannot be redacted: what they excuse depends on them"
    state.imported_from = payload.source
    for skip in payload.skips:
        state.skips.setdefault(skip.fault, set()).update(skip.objects)
    state.updated = max(state.updated, event.time)


KIND = Kind(
    name="repository.imported.v1",
    payload=RepositoryImported,
    action="repository.import",
    touches=touching_repository(_apply),
    acts_on=("repository",),
)
