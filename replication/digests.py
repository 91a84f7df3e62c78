"""The digests that two nodes compare: what they hold of a stream, and what they make of it.

Pure functions of values; `projections/digest.py` reads the values from the views. The log digest covers the heads of a
stream (each head's hash covers its whole past); the view digest covers every row that means the same on all nodes;
the refs digest covers where each ref points, whether or not this node holds the objects yet.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from domain.canonical import encode

if TYPE_CHECKING:
    from collections.abc import Iterable

_LOG_TAG: Final = b"gitant/digest/v1/log\0"
_VIEW_TAG: Final = b"gitant/digest/v1/view\0"
_REFS_TAG: Final = b"gitant/digest/v1/refs\0"


def log_digest(heads: Iterable[bytes]) -> bytes:
    """SHA-256 over the sorted ids of a stream's heads."""
    digest = hashlib.sha256(_LOG_TAG)
    for head in sorted(heads):
        digest.update(head)
    return digest.digest()


def view_digest(fold_version: int, rows: Iterable[tuple[str, tuple[Any, ...]]]) -> bytes:
    """SHA-256 over (table, values) rows in a fixed order; only views of one fold version can be compared."""
    digest = hashlib.sha256(_VIEW_TAG + encode(fold_version))
    for table, values in rows:
        digest.update(encode([table, list(values)]))
    return digest.digest()


def refs_digest(refs: Iterable[tuple[str, bytes | None]]) -> bytes:
    """SHA-256 over ref names and the object ids they show, by name."""
    digest = hashlib.sha256(_REFS_TAG)
    for name, oid in sorted(refs):
        digest.update(encode([name, oid]))
    return digest.digest()
