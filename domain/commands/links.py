"""Binding what words name to ids, when they are written: who is mentioned, which issues and commits are referred to."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import msgspec

from domain.fold.kind import fits
from domain.ids import StreamId
from domain.limits import MENTIONS_PER_EVENT_MAX, REFERENCES_PER_EVENT_MAX
from domain.links.names import NOTHING, IssueName, names_in
from domain.repository.state import RepositoryState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from domain.commands.scene import Scene
    from domain.fold.kind import Payload
    from domain.ids import Did, EventId
    from domain.issue.state import IssueState
    from domain.links.bound import Linked

P = TypeVar("P", bound="Payload")

LOOKED_UP_MAX: Final = 100
"""How many names of each sort are looked up for one text: who fills a page with names gets the first of them bound."""


class Links(NamedTuple):
    """What an event's words name, as its payload holds it."""

    mentions: list[str]
    references: list[bytes]
    commits: list[bytes]


def links_of(scene: Scene, repo: RepositoryState, text: str, known: Mapping[EventId, Linked] | None = None) -> Links:
    """What `text`, written in `repo`, names, without what earlier words of the same thing named (`known`).

    A name that is nobody's, or of an issue that is not here, is only text.
    """
    names = names_in(text)
    if names == NOTHING:
        return Links([], [], [])
    before: set[str | bytes] = {name for linked in (known or {}).values() for part in linked[1:] for name in part}
    people = (scene.principal(name) for name in names.people[:LOOKED_UP_MAX])
    issues = (issue_named(scene, repo, name) for name in names.issues[:LOOKED_UP_MAX])
    commits = scene.commits_among(StreamId(repo.key), names.commits[:LOOKED_UP_MAX]) if names.commits else ()
    return Links(
        mentions=_new(people, before, MENTIONS_PER_EVENT_MAX),
        references=_new((issue.key for issue in issues if issue), before, REFERENCES_PER_EVENT_MAX),
        commits=_new(map(bytes.fromhex, commits), before, REFERENCES_PER_EVENT_MAX),
    )


def with_links(payload: P, links: Links) -> P:
    """The payload with its links, or without where an event cannot hold both: the words come first."""
    if not any(links):
        return payload
    linked: Any = msgspec.structs.replace(payload, **links._asdict())
    return linked if fits(linked) else payload


def issue_named(scene: Scene, repo: RepositoryState, name: IssueName) -> IssueState | None:
    """The one issue that a text written in `repo` means, or None.

    Nothing in a private repository is bound from elsewhere: what an event says, everybody who has it can read.
    """
    stream = StreamId(repo.key)
    if name.repo:
        owner = scene.principal(name.owner) or scene.principal(name.owner.replace("-", ":"))
        found = None if owner is None else scene.repository_named(owner, name.repo)
        if found is None:
            return None
        stream = found
    if stream != repo.key:
        other = scene.state(stream)
        if not isinstance(other, RepositoryState) or other.hidden:
            return None
    claimants = [
        state
        for state in scene.issues_numbered(stream, name.number)
        if state.key.hex().startswith(name.prefix) and state.number == name.number
    ]
    # Where two claim the number, a bare one means neither: nobody can tell which was meant.
    return claimants[0] if len(claimants) == 1 else None


N = TypeVar("N", str, bytes)


def _new(found: Iterable[N | Did | None], before: set[str | bytes], most: int) -> list[N]:
    new: dict[Any, None] = dict.fromkeys(each for each in found if each is not None and each not in before)
    return list(islice(new, most))
