"""Close the issues that the messages of pushed commits ask to close, as somebody who may close them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from domain.commands.links import issue_named
from domain.commands.scene import HEADS_PER_EVENT_MAX, heads, may
from domain.ids import Did, StreamId
from domain.issue.closed import IssueClosed
from domain.links.names import closings_in
from domain.repository.state import RepositoryState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.commands.scene import Scene
    from domain.envelope import Event
    from domain.links.names import IssueName
    from domain.refs.moved import Move

NAMED_MAX: Final = 200
CLOSED_MAX: Final = 100
"""Of one push: how many names are looked up in its messages, and how many issues they may close."""


def close_named(scene: Scene, pusher: Did, repo: RepositoryState, move: Move, push: Event, token: str | None) -> None:
    """Close what the commits that `move` brings to the default branch name, where the pusher may. Raises nothing.

    A closing is an event of its own that names the push and the commit. Of issues elsewhere on this node, those of
    public repositories can be named, and only by a public repository: what closes them is written there.
    """
    if move.new is None:
        return
    landed = scene.landed(StreamId(repo.key), None if move.old is None else move.old.hex(), move.new.hex(), token)
    closed = 0
    for commit, name in islice(_named(landed), NAMED_MAX):
        if closed >= CLOSED_MAX:
            return
        issue = issue_named(scene, repo, name)
        if issue is None or not issue.open or len(issue.status.current) > HEADS_PER_EVENT_MAX:
            continue
        home = repo if issue.stream == repo.key else scene.state(issue.stream)
        if not isinstance(home, RepositoryState) or not home.exists or home.closed:
            continue
        if (home is not repo and repo.hidden) or not may(scene, pusher, "issue.close", home, issue.author):
            continue
        replaced = heads(issue.status.heads)
        payload = IssueClosed(reason="completed", commit=bytes.fromhex(commit), push=push.id, replaces=replaced)
        scene.write("issue.closed.v1", issue.stream, issue.key, payload)
        closed += 1


def _named(landed: Sequence[tuple[str, str]]) -> Iterator[tuple[str, IssueName]]:
    """Commits with the issues their messages close, each issue with the newest commit that names it."""
    seen: set[IssueName] = set()
    for commit, message in landed:
        for name in closings_in(message):
            if name not in seen:
                seen.add(name)
                yield commit, name
