"""What the writer is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, final

from domain.errors import LocalFault
from domain.ports_views import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.actor import Actor

FOLLOW: Final = "log.follow"
"""No command: `after` in its arguments is a log position, and it is answered once the views are past that. A worker
has one such question at a time; another one replaces it."""

PEERS: Final = "network.start"
"""No command either: there are peers now, so that the network process is wanted; answered at once."""

REMOVE: Final = "replica.remove"
"""No command either: this node's copy of the repository `repo` goes, between two batches (`writer/removing.py`)."""

Outcome = Answer | LocalFault
"""What became of one request: done and durable, or not done and why."""


@final
@dataclass(frozen=True, slots=True)
class Request:
    """One command, as `domain.ports_views.Writer` describes it."""

    command: str
    actor: Actor
    args: Mapping[str, Any]
    idempotency: tuple[bytes, bytes] | None = None


class Core(Protocol):
    """Carries out commands. Made, used and closed in one thread."""

    @property
    def position(self) -> int:
        """The log position that the views have reached."""
        ...

    def execute(self, batch: Sequence[Request]) -> Sequence[Outcome]:
        """One outcome for each request, in order; when it returns, all of them are durable and shown by the views.

        A request that cannot be carried out gives a `LocalFault`. Any exception is a bug, after which nobody knows
        what is in memory: the core is closed and another one opened.
        """
        ...

    def close(self) -> None: ...
