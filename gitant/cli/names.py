"""What the people in an answer are called on the node, so that a person need not read dids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from domain.errors import LocalFault
from domain.keys import is_did

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitant.cli.api import Api

_AT_ONCE: Final = 100


def names_of(api: Api, dids: Iterable[str]) -> dict[str, str]:
    """By did, a name for everybody: the node's, or the did where it knows none (or nothing of names)."""
    names = {did: did for did in dids}
    asked = [did for did in names if is_did(did)]
    for start in range(0, len(asked), _AT_ONCE):
        try:
            told = _map(api.get("/api/v1/names", {"dids": ",".join(asked[start : start + _AT_ONCE])}))
        except LocalFault:
            return names
        names |= {did: str(name) for did, name in _map(told.get("names")).items() if did in names}
    return names


def _map(value: Any) -> dict[str, Any]:
    """`value` if it is a JSON object: another node may answer anything."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
