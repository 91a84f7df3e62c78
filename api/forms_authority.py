"""What clients send about who may do what."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from api.forms import LabelName, Person
from domain import limits
from domain.errors import InvalidInput
from domain.ids import parse_event_id
from domain.words import line_problem

EventId: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="An event's id.")]
Cut: TypeAlias = Annotated[
    list[EventId],
    Meta(
        max_length=limits.CUT_EVENTS_MAX,
        description="What they did up to these events counts, and nothing else; none: up to all that is here now.",
    ),
]


class NewCollaborator(Struct, kw_only=True):
    """Who is to have which role: `user` is a name or a did, `did` the same for those who send that."""

    role: Literal["viewer", "developer", "maintainer", "admin", "owner"]
    user: Annotated[str, Meta(max_length=100, description="A user name or a did:key.")] = ""
    did: Annotated[str, Meta(max_length=100)] = ""
    cut: Cut = []

    def __post_init__(self) -> None:
        if bool(self.user) == bool(self.did):
            raise InvalidInput("say who it is: user or did", field="user")


class CutOff(Struct, kw_only=True):
    """Up to where what somebody did counts."""

    cut: Cut = []


class Admission(Struct, kw_only=True):
    """Events that are to count again: these, or all that an act of authority has voided on this node."""

    events: Annotated[list[EventId], Meta(max_length=10_000)] = []
    act: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$", description="The id of that act.")] = ""

    def __post_init__(self) -> None:
        if bool(self.events) == bool(self.act):
            raise InvalidInput("say which events, or which act", field="events")


class DeviceEnd(CutOff, kw_only=True):
    """Which device is to count no longer."""

    device: Annotated[str, Meta(min_length=1, max_length=100, description="A did:key, or the key in 64 digits.")]


class CustodianEnd(CutOff, kw_only=True):
    """The devices of which node are to count no longer."""

    node: Annotated[str, Meta(min_length=1, max_length=100, description="The node's did:key.")]


class ProtectionRules(Struct, kw_only=True):
    """All the rules of a pattern of branches; what is left out is as a new protection has it."""

    push_role: Literal["developer", "maintainer", "admin"] = "developer"
    pushers: Annotated[list[Person], Meta(max_length=limits.PUSHERS_MAX)] = []
    allow_force: bool = False
    allow_delete: bool = False
    approvals: Annotated[int, Meta(ge=0, le=limits.APPROVALS_MAX)] = 0
    dismiss_stale: bool = False
    checks: Annotated[list[LabelName], Meta(max_length=limits.CHECKS_MAX)] = []

    def __post_init__(self) -> None:
        for index, name in enumerate(self.checks):
            if problem := line_problem(name, f"checks[{index}]"):
                raise InvalidInput(problem, field=f"checks[{index}]")


def ids(names: list[str]) -> list[bytes]:
    """Event ids as commands take them."""
    return [bytes(parse_event_id(name)) for name in names]


class StrangersRule(Struct, kw_only=True):
    """What is to become of strangers' events in a repository; `node` is what holds for all of the node."""

    rule: Literal["hold", "open", "refuse", "node"]
