"""One of every record, for the published vectors and what reads them."""

from __future__ import annotations

from typing import Final

from transport.carrier.records import CONTROL, Kind, Record, close_body
from transport.carrier.seam import Why, WireClosed

RECORDS: Final = (
    Record(Kind.WELCOME, CONTROL, b""),
    Record(Kind.OPEN, 1, b"git/project"),
    Record(Kind.CREDIT, 1, (983_040).to_bytes(4, "big")),
    Record(Kind.DATA, CONTROL, b"a frame"),
    Record(Kind.DATA, 1, b"bytes of a transfer"),
    Record(Kind.END, 1, b""),
    Record(Kind.RESET, 1, b"there is no such blob"),
    Record(Kind.PING, CONTROL, (7).to_bytes(8, "big")),
    Record(Kind.PONG, CONTROL, (7).to_bytes(8, "big")),
    Record(Kind.PAUSE, CONTROL, b"\x01"),
    Record(Kind.CLOSE, CONTROL, close_body(WireClosed(Why.STOPPING, "the node stops"))),
)
