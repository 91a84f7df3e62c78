"""Whether the chain is whole: every row hashed anew, each onto the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cbor2 import CBOREncodeError

from domain.audit import BEGINNING, PRUNED, AuditHead, Verified, row_hash
from storage.audit.questions import COLUMNS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence


def verify_rows(db: sqlite3.Connection, noted: AuditHead | None) -> Verified:
    """What is found, up to the first fault. `db` is read in one transaction."""
    db.execute("BEGIN")
    try:
        return _verify(db, noted)
    finally:
        db.execute("ROLLBACK")


def _verify(db: sqlite3.Connection, noted: AuditHead | None) -> Verified:
    gone_seq, gone_hash = db.execute("SELECT seq, hash FROM gone").fetchone() or (0, BEGINNING)
    seq, previous, count = int(gone_seq), bytes(gone_hash), 0
    told = set[str]()
    is_met = noted is None or (noted.seq == seq and noted.hash == previous)
    for row in db.execute(f"SELECT {COLUMNS} FROM entries ORDER BY seq"):
        fault = _fault(row, seq, previous)
        if fault:
            return Verified(count, gone_seq + 1, AuditHead(seq, previous), fault)
        seq, previous, count = row[0], bytes(row[-1]), count + 1
        if row[3] == PRUNED:
            told.add(row[8])
        is_met = is_met or (noted is not None and noted.seq == seq and noted.hash == previous)
    broken = ""
    if gone_seq and f"{gone_seq} {bytes(gone_hash).hex()}" not in told:
        broken = f"rows up to {gone_seq} are gone, and no row says so"
    elif noted is not None and not is_met:
        # What went by the rules cannot be compared any more; what is newer than the head was cut off.
        where = "was removed when it was old" if noted.seq < gone_seq else "is not what was noted"
        broken = f"row {noted.seq} {where}"
    return Verified(count, gone_seq + 1, AuditHead(seq, previous), broken)


def _fault(row: Sequence[Any], seq: int, previous: bytes) -> str:
    if row[0] <= seq:
        return f"row {row[0]} is one of those that are gone"
    if row[0] != seq + 1:
        missing = f"row {seq + 1}" if row[0] == seq + 2 else f"rows {seq + 1} to {row[0] - 1}"
        return f"{missing} missing"
    if row[-2] != previous:
        return f"row {row[0]} does not follow from the row before"
    try:
        own = row_hash(row[0], row[1], row[2:-2], previous)
    except (CBOREncodeError, OverflowError):
        return f"row {row[0]} holds what no row does"
    return "" if own == row[-1] else f"row {row[0]} was changed"
