"""Which ref names there may be (git-check-ref-format, and no character that hides or reorders text)."""

from __future__ import annotations

import re
from typing import Final

from domain.limits import REF_NAME_BYTES_MAX

BRANCH_PREFIX: Final = "refs/heads/"
TAG_PREFIX: Final = "refs/tags/"
DIVERGED_PREFIX: Final = "refs/diverged/"
_FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")
_HEX_OID: Final = re.compile(r"[0-9a-f]{40}")


def ref_problem(ref: str) -> str:
    """Why `ref` is not a branch or tag that can be moved, or nothing."""
    if not ref.startswith((BRANCH_PREFIX, TAG_PREFIX)):
        return "only refs/heads/… and refs/tags/… can be moved"
    return _format_problem(ref)


def branch_problem(branch: str) -> str:
    """Why `branch` (without refs/heads/) is no branch name, or nothing."""
    return _format_problem(BRANCH_PREFIX + branch)


def folders_of(ref: str) -> list[str]:
    """The names that cannot be refs beside `ref`, for it is inside them: of refs/heads/a/b, refs/heads/a."""
    parts = ref.split("/")
    return ["/".join(parts[:depth]) for depth in range(3, len(parts))]


def is_oid(text: str) -> bool:
    """Whether `text` is a full SHA-1 object id in lowercase hex."""
    return _HEX_OID.fullmatch(text) is not None


def _format_problem(ref: str) -> str:
    if len(ref.encode("utf-8", "surrogatepass")) > REF_NAME_BYTES_MAX:
        return f"the name is over {REF_NAME_BYTES_MAX} bytes"
    if not ref.isprintable() or _FORBIDDEN.search(ref):
        return "the name holds a character or sequence that refs may not have"
    parts = ref.split("/")
    if any(not part or part.startswith(".") or part.endswith(".lock") for part in parts):
        return "a part of the name is empty, begins with a dot or ends in .lock"
    if ref.endswith(".") or parts[-1] in ("@", "HEAD") or parts[2].startswith("-"):
        return "the name is one that git cannot use"
    if is_oid(parts[-1]):
        return "the name looks like an object id"
    return ""
