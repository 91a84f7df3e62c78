"""What a repository's own events come to (its issues, labels and refs are entities of their own)."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from domain.fold.kind import State, Touch
from domain.fold.orset import ObservedSet
from domain.fold.register import Register, Written
from domain.ids import Did, EventId, StreamId
from domain.limits import FORMER_PLACES_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any

    from domain.envelope import Event


class Place(NamedTuple):
    """Where a repository is found: under whose name, and its own."""

    owner: str
    name: str


class RepositoryState(State):
    """Registers for everything that can be set again; who began it and the roots are the genesis's.

    `former` holds the places it was found at before, each with the event that moved it away; `placed` is the event
    that brought it to where it is.
    """

    __slots__ = (
        "archived",
        "author",
        "default_branch",
        "deleted",
        "description",
        "forked_from",
        "former",
        "imported_from",
        "names",
        "offer",
        "owners",
        "placed",
        "private",
        "roots",
        "skips",
        "succession",
        "threshold",
        "time",
        "topics",
        "updated",
        "website",
    )

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.author = Did("")
        self.roots: tuple[Did, ...] = ()
        self.threshold = 0
        """How many roots it takes to name a successor."""
        self.time = 0
        self.updated = 0
        self.forked_from = StreamId(b"")
        self.imported_from = ""
        self.skips: dict[str, set[bytes]] = {}
        """By fault, the objects that came with it in an import and are excused."""
        self.placed = EventId(b"")
        self.former: dict[Place, EventId] = {}
        self.names: Register[str] = Register()
        self.owners: Register[str] = Register()
        self.offer: Register[str] = Register()
        self.succession: Register[bytes] = Register()
        """The successors that roots name, empty for none. Each root replaces only what itself wrote."""
        self.topics: ObservedSet[str] = ObservedSet()
        self.website: Register[str] = Register()
        self.description: Register[str] = Register()
        self.default_branch: Register[str] = Register()
        self.private: Register[bool] = Register()
        self.archived: Register[bool] = Register()
        self.deleted: Register[bool] = Register()

    @property
    def name(self) -> str:
        """What it is called; empty if its beginning is void."""
        return self.names.value if self.names.current else ""

    @property
    def place(self) -> Place:
        """Where it is found."""
        return Place(self.owners.value, self.names.value)

    @property
    def hidden(self) -> bool:
        """Whether it shows as private: if any of rival values says so, for what was shown cannot be taken back."""
        return any(write.value for write in self.private.current)

    @property
    def exists(self) -> bool:
        """Whether it is there for readers."""
        return bool(self.name) and not self.deleted.value

    @property
    def named(self) -> tuple[Written[bytes], ...]:
        """What each root says now of a successor, smallest (lamport, id) first: of rival words of one, the greatest."""
        latest = {write.author: write for write in self.succession.current}
        return tuple(write for write in self.succession.current if latest[write.author] is write and write.value)

    @property
    def successors(self) -> tuple[Written[bytes], ...]:
        """The greatest word for each successor that enough roots name; the last one shows, more are a conflict."""
        named = self.named
        latest = {write.value: write for write in named}
        counts = Counter(write.value for write in named)
        return tuple(write for write in named if latest[write.value] is write and counts[write.value] >= self.threshold)

    @property
    def closed(self) -> bool:
        """Whether doors take no more changes: it is archived, or goes on elsewhere."""
        return self.archived.value or bool(self.successors)


@contextmanager
def moving(state: RepositoryState, event: Event) -> Generator[None]:
    """What is written meanwhile may move the repository; where it was found before is remembered, the latest places."""
    before = state.place
    yield
    if state.place != before:
        state.former.pop(state.place, None)
        state.former.pop(before, None)
        state.former[before] = event.id
        state.placed = event.id
        while len(state.former) > FORMER_PLACES_MAX:
            del state.former[next(iter(state.former))]
    state.updated = max(state.updated, event.time)


def touching_repository(
    apply: Callable[[Any, Event, Any], None],
) -> Callable[[Event, Any], tuple[Touch, ...]]:
    """The `touches` of a kind that changes only its repository."""

    def touches(event: Event, _: Any) -> tuple[Touch, ...]:
        return (Touch(event.stream, RepositoryState, apply),)

    return touches


def setting(register: str, field: str) -> Callable[[RepositoryState, Event, Any], None]:
    """The `apply` of a kind that writes payload field `field` into `register`."""

    def apply(state: RepositoryState, event: Event, payload: Any) -> None:
        if payload is None:
            return
        getattr(state, register).write(event, getattr(payload, field), payload.replaces)
        state.updated = max(state.updated, event.time)

    return apply
