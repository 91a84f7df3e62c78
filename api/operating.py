"""How the operator, who has a token and no account, is signed in with a browser for a while.

The cookie says until when, under a code made with the token (HMAC-SHA256). So nothing is kept, and it ends with its
time or with the token; whoever signs out takes it from the browser.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

OPERATOR_COOKIE: Final = "gitant_operator"
SECURE_OPERATOR_COOKIE: Final = "__Host-gitant_operator"
OPERATOR_S_MAX: Final = 12 * 3_600
_USE: Final = b"gitant operator in a browser v1:"


def made(token: str, until_s: int) -> str:
    """The cookie's value."""
    return f"{until_s}.{_code(token.encode(), until_s)}"


def holds(token: bytes, value: str, now_s: float) -> bool:
    """Whether a cookie's value was made with this token and its time has not come."""
    until, dot, code = value.partition(".")
    if not dot or not until.isascii() or not until.isdigit() or len(until) > len(str(2**40)):
        return False
    return (
        hmac.compare_digest(_code(token, int(until)).encode(), code.encode())
        and now_s < int(until) <= now_s + OPERATOR_S_MAX
    )


def _code(token: bytes, until_s: int) -> str:
    return hmac.new(token, _USE + str(until_s).encode(), hashlib.sha256).hexdigest()
