"""The role by action table, read: the words of `domain/policy.py` as roles."""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

from domain.authority.roles import BY_WORD, Role
from domain.policy import ACTIONS, HELD


class Need(NamedTuple):
    """What an action takes: a least role, or being the author of what is acted on."""

    role: Role
    author: bool


HOLDS: Final = {sort: (BY_WORD[free], closed) for sort, (free, closed) in HELD.items()}
"""By hold: the least role it does not bind, and the actions it closes."""


@cache
def need(action: str) -> Need:
    """What an action takes."""
    row = ACTIONS[action]
    (word,) = row - {"author"}
    return Need(Role.GUEST if word == "anyone" else BY_WORD[word], "author" in row)
