"""Acts of authority as answers show them: what the event is, and what it did in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from api.binary import readable
from domain.authority.roles import Role
from domain.authority.words import act_words
from domain.canonical import NotCanonical, decode
from domain.ids import Did
from domain.keys import is_did
from domain.verdict import Verdict, explain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.asking import Asking
    from domain.ports_authority import ActRow

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
        fields["words"] = act_words(fields["kind"], _payload(payloads.get(row.position)), name)
        fields["explanation"] = explain(Verdict(fields["verdict"], fields["reason"]))
        fields["counts_as"] = None if row.level is None else Role(row.level).word
        found.append(fields)
    return found


def _payload(data: bytes | None) -> dict[str, Any]:
    if data is None:
        return {}
    try:
        return cast("dict[str, Any]", readable(decode(data)))
    except NotCanonical:
        return {}
