"""The rule of `domain/sight.py` as a condition over rows of `repos`: it narrows lists, searches and counts."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.sight import sees_private

if TYPE_CHECKING:
    from domain.actor import Actor


class Sight(NamedTuple):
    """SQL with a question mark for each of its values, in order."""

    sql: str
    values: tuple[object, ...] = ()

    def named(self) -> tuple[str, dict[str, Any]]:
        """The same for queries whose parameters have names."""
        numbers = count()
        first, *rest = self.sql.split("?")
        sql = first + "".join(f":sight{next(numbers)}{part}" for part in rest)
        return sql, {f"sight{number}": value for number, value in enumerate(self.values)}


def sight(reader: Actor, *, deleted: bool = False) -> Sight:
    """Which repositories somebody may see: of those that stand, or of those that are deleted."""
    role = _of_role(reader)
    if deleted:
        return Sight(f"repos.deleted=1 AND {role.sql}", role.values)
    if role.sql == "1":
        return Sight("repos.deleted=0")
    if role.sql == "0":
        return Sight("repos.deleted=0 AND repos.private=0")
    return Sight(f"repos.deleted=0 AND (repos.private=0 OR {role.sql})", role.values)


def _of_role(reader: Actor) -> Sight:
    """Those that not everybody may see."""
    if not sees_private(reader):
        return Sight("0")
    tests, values = list[str](), list[object]()
    if not reader.operator:
        tests.append("instr(repos.roots, ?) > 0")  # dids are all of one length, so none is a part of another
        values.append(reader.did)
    if reader.repos is not None:
        tests.append(f"repos.stream IN ({', '.join('?' * len(reader.repos))})")
        values += sorted(reader.repos)
    return Sight(f"({' AND '.join(tests)})" if tests else "1", tuple(values))
