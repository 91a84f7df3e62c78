"""What clients get about who may do what."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from api.shapes import Event

RoleWord = Literal["blocked", "guest", "viewer", "developer", "maintainer", "admin", "owner", "root"]


class RoleChange(Struct):
    """One act about somebody: `verb` is granted, demoted, revoked or blocked.

    An `idle` one is accepted and takes nothing: all that they were given stands as high as its author, who may not.
    """

    verb: str
    role: str
    author: str
    at: str
    event: str
    idle: bool = False


class Collaborator(Struct):
    """Where somebody stands in a repository; `name` is null where this node knows them by none."""

    did: str
    role: RoleWord
    changes: list[RoleChange]
    name: str | None


class Collaborators(Struct):
    """A page of those who have a role, the highest first."""

    collaborators: list[Collaborator]


class Protection(Struct):
    """The rules for the branches that a pattern matches."""

    branch: str
    push_role: str
    pushers: list[str]
    allow_force: bool
    allow_delete: bool
    approvals: int
    dismiss_stale: bool
    checks: list[str]
    author: str
    event: str
    conflicts: dict[str, Any] = {}


class Protections(Struct):
    """A page of protections, by pattern."""

    protections: list[Protection]


class Act(Event):
    """An act of authority: its event, what it did in words, and its author's role there (null: it has no effect).

    An `idle` one is accepted and takes nothing from whom it is about, who stands as high as its author.
    """

    words: str
    explanation: str
    counts_as: RoleWord | None
    idle: bool = False
    repo_name: str = ""
    door: str = ""
    credential: str = ""


class LogAct(Act, tag_field="source", tag="log"):
    """An act of authority among what the node noted."""


class Noted(Struct, tag_field="source", tag="node"):
    """What this node noted of its own: an event that somebody wrote here, or what came to none.

    `door` is how they came in, `credential` the id of what they came with, or the account that they did not get into.
    """

    id: str
    kind: str
    time: str
    author: str | None
    words: str
    door: str
    credential: str
    address: str
    target: str
    event: str | None
    count: int
    hash: str


class Trail(Struct):
    """A page of acts of authority and of what this node noted, newest first."""

    audit: list[LogAct | Noted]


class Audit(Struct):
    """A page of acts of authority, newest first."""

    audit: list[Act]


class Alarm(Struct):
    """An act that voided what had counted on this node: how many events, how many of those still are, the first ones.

    `undo` is the command that has them count again, where any are void.
    """

    act: Act
    total: int
    void: int
    events: list[str]
    undo: str = ""


class Alarms(Struct):
    """A page of alarms, newest first."""

    alarms: list[Alarm]


class Admitted(Struct):
    """Of each event that was to be admitted, whether it counts now."""

    admitted: dict[str, bool]


class Ended(Struct):
    """The event that ended a device, or a node's."""

    event: str
