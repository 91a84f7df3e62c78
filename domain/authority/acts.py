"""What an event of authority does, as a value: a kind says it with `acts`, the court counts with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from domain.authority.roles import Role

if TYPE_CHECKING:
    from domain.ids import DeviceKey, Did, EventId

HoldSort: TypeAlias = Literal["archive", "lock", "protection"]


class Grant(NamedTuple):
    """A principal gets a role."""

    principal: Did
    role: Role


class Limit(NamedTuple):
    """Outside the cut, whom it names counts for no more than `role`.

    It names a principal, one device, or every device that one node keeps; the other two are None. An empty cut stands
    for the event's own past.
    """

    role: Role
    principal: Did | None = None
    device: DeviceKey | None = None
    node: Did | None = None
    cut: tuple[EventId, ...] = ()


class Push(NamedTuple):
    """One ref that an event moves, as a protection sees it. `forced` is what its writer says."""

    ref: str
    deletes: bool
    forced: bool


class Rules(NamedTuple):
    """What a branch protection asks of a push by those it binds."""

    push_role: Role = Role.DEVELOPER
    pushers: tuple[Did, ...] = ()
    """If there are any, only they may push."""
    allow_force: bool = False
    allow_delete: bool = False
    approvals: int = 0
    checks: tuple[str, ...] = ()


class Hold(NamedTuple):
    """A part of the stream is closed to lesser roles, outside the cut; `on` False only lifts what it replaces.

    `about` is what is held: nothing for the whole repository, an issue's id, a pattern of branch names.
    """

    sort: HoldSort
    about: bytes
    on: bool
    replaces: tuple[EventId, ...]
    cut: tuple[EventId, ...] = ()
    rules: Rules | None = None


class Admission(NamedTuple):
    """Events that count in spite of the cuts this act has in its past."""

    events: frozenset[EventId]


Deed: TypeAlias = Grant | Limit | Hold | Admission
