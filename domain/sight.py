"""Who may see a repository: the one rule that every read is judged by.

The doors ask it of a row at a time. `projections/queries/sight.py` says the same in SQL, for lists, searches and
counts; `tests/projections/test_sight.py` holds the two against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.scopes import REPO_READ, may

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container

    from domain.actor import Actor
    from domain.ids import Did, StreamId


def may_see(reader: Actor, stream: StreamId, readers: Container[Did], *, private: bool, deleted: bool = False) -> bool:
    """Whether somebody may see a repository; `readers` are those with a role there.

    What is public is everybody's, whatever a token was narrowed to. What is private, or deleted, is for those who
    have a role there and for the operator, as far as their token reaches.
    """
    if not private and not deleted:
        return True
    has_role = reader.did is not None and reader.did in readers
    return sees_private(reader) and (reader.operator or has_role) and reaches(reader, stream)


def may_hold(node: Did, readers: Collection[Did], keepers: Callable[[Did], Container[Did]]) -> bool:
    """Whether a node may have a copy of a private repository.

    It may with a role of its own there, and where it keeps a key for somebody with one: `keepers` are the nodes that a
    principal's own certificates name. What it is shown it could have read as that person anyway.
    """
    return node in readers or any(node in keepers(reader) for reader in readers)


def sees_private(reader: Actor) -> bool:
    """Whether somebody may see anything that not everybody may."""
    return reader.did is not None and may(reader, REPO_READ)


def reaches(reader: Actor, stream: StreamId) -> bool:
    """Whether what somebody came with is good for a repository."""
    return reader.repos is None or stream in reader.repos


def sees_all(reader: Actor) -> bool:
    """Whether nothing here is closed to somebody: the operator, with a token that was not narrowed."""
    return reader.operator and reader.repos is None and sees_private(reader)
