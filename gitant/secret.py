"""Secrets that this node hands out, and what it keeps of them."""

from __future__ import annotations

import hashlib
import time
from typing import Final

SESSION_PREFIX: Final = "gas_"
"""How a session's secret begins; 43 characters of base64url follow."""
RESET_PREFIX: Final = "gar_"
"""How a code begins that lets somebody choose a password."""


def now_ms() -> int:
    """The time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def digest_of(secret: str) -> bytes:
    """What is kept of a secret of 256 random bits: nobody finds another one, or this one, for it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
