"""Who is asking, once a door has found out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.ids import Did, StreamId


@dataclass(frozen=True, slots=True)
class Actor:
    """One asker as the one policy judges it; `did` is None for an anonymous one.

    `operator` says that the asker holds this node's operator token, so that the node's own key signs for it.
    `door` is the way in that was taken, `credential` the public name of what was shown there, for the audit.
    `scopes` and `repos` are what a token was narrowed to (None: to nothing less than its holder may). They are judged
    before a command reaches the writer, which judges `did` by the log.
    """

    did: Did | None = None
    operator: bool = False
    door: str = ""
    credential: str = ""
    scopes: frozenset[str] | None = None
    repos: frozenset[StreamId] | None = None


ANONYMOUS = Actor()
