"""What a kind of event is: its name, its payload, what it acts on, and how it changes the state of that.

Each kind is one small file that ends in a `KIND`. `domain/kinds.py` lists them; nothing else has to know of a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, TypeAlias, cast

import msgspec

from domain.canonical import NotCanonical, decode, decode_own, encode
from domain.limits import PAYLOAD_BYTES_MAX, SALT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.authority.acts import Deed, Push
    from domain.envelope import Event

Sort: TypeAlias = Literal["repository", "identity", "ref", "issue", "comment", "label", "attachment"]
"""What an entity is."""


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a kind's payload besides its salt; msgspec checks types and bounds when one is read."""

    def problem(self) -> str:
        """What is wrong beyond types and bounds, or nothing."""
        return ""


class State:
    """What an entity's accepted events come to. `voided` holds events the fold itself found void, with the reason."""

    __slots__ = ("key", "voided")

    settled: ClassVar[bool] = False
    """Whether later events seldom touch it, so that it is the first to go when there are too many in memory."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.voided: dict[bytes, str] = {}


class Touch(NamedTuple):
    """One entity an event changes: its key, the state to start from if it has none, and the change."""

    key: bytes
    state: type[State]
    apply: Callable[[Any, Event, Any], None]
    """Called with (state, event, payload or None where the payload is redacted), in total order."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event.

    `acts_on` are the sorts of thing its `entity` may be (none for a genesis), `creates` the sort that its own id
    names from now on, `action` the row of the policy table that judges it.
    """

    name: str
    payload: type[Payload]
    action: str
    touches: Callable[[Event, Any], tuple[Touch, ...]]
    acts_on: tuple[Sort, ...] = ()
    creates: Sort | None = None
    check: Callable[[Event, Any], str] | None = None
    """A void reason that follows from the event and its payload alone, or nothing."""
    demands: Callable[[Any], str] | None = None
    """A further row of the policy table that a payload must pass, or nothing."""
    deed: Callable[[Event, Any], Deed] | None = None
    """What it does to authority in its stream; such payloads cannot be redacted."""
    pushes: Callable[[Any], tuple[Push, ...]] | None = None
    """The refs that a payload moves, as branch protections see them."""
    redactable: bool = False
    refolds: bool = False
    """Whether it changes how earlier events of the entity read, so that an append is not enough."""


class PayloadFault(Exception):
    """Why a payload is unusable: a void reason, or `field-unknown` for one from a later version."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def read_payload(kind: Kind, data: bytes, *, own: bool = False) -> Payload:
    """The typed payload; raises `PayloadFault`. `own` skips what was checked before: only for accepted events' bytes.

    The log also holds payloads that are not canonical (their events are void), so being stored is not enough.
    """
    try:
        value = decode_own(data) if own else decode(data)
    except NotCanonical as fault:
        raise PayloadFault("payload-not-canonical", str(fault)) from fault
    if not isinstance(value, dict):
        raise PayloadFault("payload-invalid", "not a map")
    fields = cast("dict[str, Any]", value)
    salt = fields.pop("salt", None)
    if not isinstance(salt, bytes) or len(salt) != SALT_BYTES:
        raise PayloadFault("salt-missing")
    if not field_names(kind.payload).issuperset(fields):
        raise PayloadFault("field-unknown", ", ".join(sorted(set(fields) - field_names(kind.payload))))
    try:
        # Without the builtin types, text would pass for bytes (as base64): two encodings of one value.
        payload = msgspec.convert(fields, kind.payload, builtin_types=(bytes,))
    except msgspec.ValidationError as fault:
        raise PayloadFault("payload-invalid", str(fault)) from fault
    problem = "" if own else payload.problem()
    if problem:
        raise PayloadFault("payload-invalid", problem)
    return payload


def write_payload(payload: Payload, salt: bytes) -> bytes:
    """Canonical bytes of a payload this node writes, with its salt; asserts what a reader would check."""
    assert len(salt) == SALT_BYTES
    assert not payload.problem(), payload.problem()
    return encode({"salt": salt, **_plain(payload)})


def shape_problem(payload: Payload) -> str:
    """What a reader would find wrong with types and bounds, or nothing: who makes a payload is not checked for them."""
    try:
        msgspec.convert(_plain(payload), type(payload), builtin_types=(bytes,))
    except msgspec.ValidationError as fault:
        return str(fault)
    return ""


def fits(payload: Payload) -> bool:
    """Whether an event can hold the payload."""
    return len(encode({"salt": bytes(SALT_BYTES), **_plain(payload)})) <= PAYLOAD_BYTES_MAX


def _plain(payload: Payload) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(payload, builtin_types=(bytes,))
    return plain


_FIELD_NAMES: dict[type[Payload], frozenset[str]] = {}


def field_names(payload: type[Payload]) -> frozenset[str]:
    """The names of a payload's fields."""
    names = _FIELD_NAMES.get(payload)
    if names is None:
        names = _FIELD_NAMES[payload] = frozenset(payload.__struct_fields__)
    return names
