"""Opaque page cursors: the sort key of the last row shown."""

from __future__ import annotations

import base64
import binascii

from domain.errors import InvalidInput

_HINT = "follow the Link header of the page before, or leave the cursor out"


def order_cursor(lamport: int, name: bytes) -> str:
    """The cursor behind a row sorted by (lamport, id)."""
    return f"{lamport:x}.{name.hex()}"


def read_order(cursor: str) -> tuple[int, bytes]:
    """The (lamport, id) that a cursor holds; raises `InvalidInput`."""
    lamport, dot, name = cursor.partition(".")
    try:
        order = int(lamport, 16), bytes.fromhex(name)
    except ValueError:
        order = -1, b""
    if not dot or len(order[1]) != 32 or not 0 <= order[0] < 2**63 or len(cursor) > 96:
        raise InvalidInput("the page cursor is malformed", hint=_HINT, field="after")
    return order


def position_cursor(position: int) -> str:
    """The cursor behind a row sorted by its position."""
    return f"p{position:x}"


def read_position(cursor: str) -> int:
    """The position that a cursor holds; raises `InvalidInput`."""
    try:
        position = int(cursor[1:], 16) if cursor.startswith("p") and len(cursor) < 20 else -1
    except ValueError:
        position = -1
    if not 0 <= position < 2**63:
        raise InvalidInput("the page cursor is malformed", hint=_HINT, field="after")
    return position


def name_cursor(name: str) -> str:
    """The cursor behind a row sorted by name."""
    return "n" + base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def read_name(cursor: str) -> str:
    """The name that a cursor holds; raises `InvalidInput`."""
    try:
        if not cursor.startswith("n") or len(cursor) > 1024 or not cursor.isascii():
            raise ValueError
        return base64.urlsafe_b64decode(cursor[1:] + "=" * (-(len(cursor) - 1) % 4)).decode()
    except (ValueError, binascii.Error) as fault:
        raise InvalidInput("the page cursor is malformed", hint=_HINT, field="after") from fault
