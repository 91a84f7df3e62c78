"""What a branch protection comes to: the rules for one pattern of branch names."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

import msgspec

from domain.fold.kind import Payload, State
from domain.fold.register import Register
from domain.ids import StreamId
from domain.limits import (
    APPROVALS_MAX,
    CHECKS_MAX,
    LABEL_NAME_CHARS_MAX,
    PUSHERS_MAX,
    REF_NAME_BYTES_MAX,
    STARS_IN_PATTERN_MAX,
)

_KEY_TAG = b"gitant/protection\0"

Pattern = Annotated[str, msgspec.Meta(min_length=1, max_length=REF_NAME_BYTES_MAX)]

CheckName = Annotated[str, msgspec.Meta(min_length=1, max_length=LABEL_NAME_CHARS_MAX)]


class BranchRules(Payload, frozen=True, kw_only=True):
    """What pushes to a protected branch have to keep. No push has `approvals` or `checks`: with any, it is refused."""

    push_role: str = "developer"
    pushers: Annotated[list[str], msgspec.Meta(max_length=PUSHERS_MAX)] = []
    allow_force: bool = False
    allow_delete: bool = False
    approvals: Annotated[int, msgspec.Meta(ge=0, le=APPROVALS_MAX)] = 0
    dismiss_stale: bool = False
    checks: Annotated[list[CheckName], msgspec.Meta(max_length=CHECKS_MAX)] = []


class ProtectionState(State):
    """The rules as last written; None where the pattern is no longer protected."""

    __slots__ = ("pattern", "rules", "stream")

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.stream = StreamId(b"")
        self.pattern = ""
        self.rules: Register[BranchRules | None] = Register()


def protection_key(stream: bytes, pattern: str) -> bytes:
    """The entity key of a pattern's protection in a repository."""
    return sha256(_KEY_TAG + stream + pattern.encode()).digest()


def pattern_problem(pattern: str) -> str:
    """What is wrong with a pattern of branch names (`*` for any characters, slashes too, `?` for one), or nothing."""
    if not pattern.isprintable() or any(char in pattern for char in " ~^:\\[]"):
        return "pattern holds a character that no branch name has"
    if pattern.count("*") > STARS_IN_PATTERN_MAX:
        return f"pattern has more than {STARS_IN_PATTERN_MAX} stars"
    return ""
