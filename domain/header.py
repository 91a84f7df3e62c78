"""Which fields a header has, and the checks on each: types, sizes, ranges, and the shape of a genesis.

The routing core (`CORE`) is the same in every version for ever, so that a node can store and pass on what
it cannot read. The other fields are checked for version 1 only.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, Final, TypeGuard

from domain.errors import Rejected
from domain.keys import SIGNATURE_BYTES
from domain.limits import (
    CERTIFICATE_BYTES_MAX,
    CERTIFICATES_MAX,
    KIND_CHARS_MAX,
    LAMPORT_MAX,
    NONCE_BYTES,
    PARENTS_MAX,
    ROOTS_MAX,
    SEQ_MAX,
    TIME_MS_MAX,
)

CORE: Final = frozenset({"v", "kind", "device", "seq", "parents", "lamport", "payload", "size"})
"""In every header; `stream` in every one but a genesis, `prev` in every one but a feed's first."""

_ROUTING: Final = CORE | {"stream", "prev"}
KNOWN_FIELDS: Final = _ROUTING | {"entity", "author", "time", "enrolment"}
_GENESIS_ONLY: Final = frozenset({"roots", "threshold", "nonce"})
GENESIS_FIELDS: Final = CORE | _GENESIS_ONLY | {"author", "time", "enrolment"}
_ID_BYTES: Final = 32
_KIND: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{KIND_CHARS_MAX}}}")


def check_fields(fields: dict[str, Any]) -> None:
    """Raise `Rejected` unless `fields` is a well-formed header."""
    if not fields.keys() >= CORE:
        raise Rejected("field-missing", ", ".join(sorted(CORE - fields.keys())))
    _integer(fields, "v", 1, 2**16)
    _integer(fields, "seq", 1, SEQ_MAX)
    _integer(fields, "lamport", 1, LAMPORT_MAX)
    _integer(fields, "size", 0, 2**32)
    _check_kind(fields["kind"])
    for name in ("device", "payload"):
        _bytes(fields, name, _ID_BYTES)
    _check_parents(fields["parents"])
    if "stream" in fields:
        _check_ordinary(fields)
    else:
        _check_genesis(fields)
    if fields["v"] == 1:
        _check_version_1(fields)


def _check_kind(kind: Any) -> None:
    if not isinstance(kind, str) or _KIND.fullmatch(kind) is None:
        raise Rejected("field-type", "kind")


def _check_parents(parents: Any) -> None:
    if not _is_list(parents) or len(parents) > PARENTS_MAX:
        raise Rejected("field-type", "parents")
    for parent in parents:
        if not isinstance(parent, bytes) or len(parent) != _ID_BYTES:
            raise Rejected("field-type", "parents")
    if len(parents) > 1 and any(a >= b for a, b in pairwise(parents)):
        raise Rejected("parents-unsorted")


def _check_ordinary(fields: dict[str, Any]) -> None:
    _bytes(fields, "stream", _ID_BYTES)
    if not fields["parents"]:
        raise Rejected("parents-missing")
    if (fields["seq"] == 1) != ("prev" not in fields):
        raise Rejected("chain-shape")
    if "prev" in fields:
        _bytes(fields, "prev", _ID_BYTES)


def _check_genesis(fields: dict[str, Any]) -> None:
    if fields["parents"] or fields["seq"] != 1 or fields["lamport"] != 1:
        raise Rejected("genesis-shape", "parents, seq or lamport")
    if fields.keys() & {"prev", "entity"}:
        raise Rejected("genesis-shape", "prev or entity")


def _check_version_1(fields: dict[str, Any]) -> None:
    if not isinstance(fields.get("author"), str):
        raise Rejected("field-type", "author")
    _integer(fields, "time", 0, TIME_MS_MAX)
    if "enrolment" in fields:
        _check_enrolment(fields)
    if "stream" in fields:
        _bytes(fields, "entity", _ID_BYTES)
        if not _GENESIS_ONLY.isdisjoint(fields):
            raise Rejected("genesis-shape", "an ordinary event carries genesis fields")
        return
    if not fields.keys() >= _GENESIS_ONLY:
        raise Rejected("genesis-shape", "roots, threshold or nonce")
    roots = fields["roots"]
    if not _is_list(roots) or not 1 <= len(roots) <= ROOTS_MAX:
        raise Rejected("genesis-shape", "roots")
    if not all(isinstance(root, str) for root in roots) or sorted(set(roots)) != roots:
        raise Rejected("genesis-shape", "roots are not sorted texts")
    _integer(fields, "threshold", 1, len(roots))
    _bytes(fields, "nonce", NONCE_BYTES)


def _check_enrolment(fields: dict[str, Any]) -> None:
    """Only its shape: what certificates say is judged, with a verdict."""
    chain = fields["enrolment"]
    if fields["seq"] != 1 or not _is_list(chain) or not 1 <= len(chain) <= CERTIFICATES_MAX:
        raise Rejected("enrolment-shape")
    for link in chain:
        if not _is_list(link) or len(link) != 2 or not all(isinstance(part, bytes) for part in link):
            raise Rejected("enrolment-shape")
        if len(link[0]) > CERTIFICATE_BYTES_MAX or len(link[1]) != SIGNATURE_BYTES:
            raise Rejected("enrolment-shape")


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _integer(fields: dict[str, Any], name: str, least: int, most: int) -> None:
    value = fields.get(name)
    if type(value) is not int or not least <= value <= most:
        raise Rejected("field-type", name)


def _bytes(fields: dict[str, Any], name: str, size: int) -> None:
    value = fields.get(name)
    if not isinstance(value, bytes) or len(value) != size:
        raise Rejected("field-type", name)
