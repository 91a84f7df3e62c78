"""Acts of authority as answers show them: what the event is, and what it did in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from api.binary import readable
from domain.authority.roles import Role
from domain.authority.words import act_words
from domain.canonical import NotCanonical, decode
from domain.ids import Did, StreamId
from domain.keys import is_did
from domain.verdict import Verdict, explain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.asking import Asking
    from domain.ports_authority import ActRow

_HIGHER: Final = "whom it is about stands as high as its author"
_IDLE: Final = {
    "member.demoted.v1": _HIGHER,
    "member.revoked.v1": _HIGHER,
    "member.blocked.v1": _HIGHER,
    "member.granted.v1": "somebody who stands above its author has blocked whom it is about",
}
"""What keeps an act about somebody from having any effect, where something does."""
ACTS_MAX: Final = 100
"""How many are shown at once at most: each is read from the log."""


def shown(asking: Asking, rows: Sequence[ActRow]) -> list[dict[str, Any]]:
    """The documents of these acts, in order."""
    payloads = asking.ports.payloads([row.position for row in rows])

    def name(text: str) -> str:
        return (asking.ports.views.name_of(Did(text)) if is_did(text) else None) or text

    found: list[dict[str, Any]] = []
    for row in rows:
        fields: dict[str, Any] = msgspec.json.decode(row.doc)
        payload = _payload(payloads.get(row.position))
        fields["words"] = act_words(fields["kind"], payload, name)
        fields["explanation"] = explain(Verdict(fields["verdict"], fields["reason"]))
        if _idle(asking, fields, payload):
            fields["explanation"] = f"accepted, without effect: {_IDLE[fields['kind']]}"
            fields["idle"] = True
        fields["counts_as"] = None if row.level is None else Role(row.level).word
        found.append(fields)
    return found


class _Change(msgspec.Struct):
    event: str
    idle: bool = False


class _Member(msgspec.Struct):
    changes: list[_Change]


def _idle(asking: Asking, fields: dict[str, Any], payload: dict[str, Any]) -> bool:
    """Whether an act about somebody changes nothing for them."""
    if fields["kind"] not in _IDLE or fields["verdict"] != "accepted" or "principal" not in payload:
        return False
    stream = StreamId(bytes.fromhex(fields["stream"]))
    doc = asking.ports.views.member(stream, payload["principal"])
    changes = [] if doc is None else msgspec.json.decode(doc, type=_Member).changes
    return any(change.event == fields["id"] and change.idle for change in changes)


def _payload(data: bytes | None) -> dict[str, Any]:
    if data is None:
        return {}
    try:
        return cast("dict[str, Any]", readable(decode(data)))
    except NotCanonical:
        return {}
