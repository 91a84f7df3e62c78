"""The published test vectors: `python -m tests.vectors` writes docs/vectors, the same bytes every time.

They are made from the cases that the tests of the domain use, so that another implementation can be held to them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.canonical import decode
from domain.envelope import event_id
from domain.limits import HEADER_BYTES_MAX
from domain.verdict import CARRIES, REJECTIONS, VOIDS
from replication.bundle.parts import MAGIC, encoded, name_of
from replication.frames import frame
from replication.prints import link_key, stream_tag
from tests.cases.encodings import REFUSED, TAKEN
from tests.cases.judged import carries, voids
from tests.cases.kinds import fork, identity, profile, repository
from tests.cases.rejected import rejected
from tests.domain.edwards import ORDER, PRIME, small_order_encodings
from tests.making import Story, key, seed_of
from tests.replication import bundles
from tests.replication.samples import samples
from tests.transport.carrier.samples import RECORDS
from transport.carrier.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.envelope import RawEvent
    from tests.cases import Case

FOLDER = Path(__file__).parent.parent / "docs" / "vectors"
PEOPLE = ("root", "alice", "bob", "carol", "eve")
PAYLOAD_BYTES_MAX = 2 * HEADER_BYTES_MAX
"""Cases with more payload than this stay in the tests: their hexadecimals would be most of the files."""


def vectors() -> dict[str, dict[str, Any]]:
    """Every file by name."""
    return {
        "encoding.json": _encoding(),
        "messages.json": _messages(),
        "records.json": _records(),
        "bundles.json": _bundles(),
        "keys.json": _keys(),
        "accepted.json": _accepted(),
        "rejected.json": _cases(
            "No events: after the log (parents first), this must be refused with the code. Each has one fault only.",
            REJECTIONS,
            rejected(),
        ),
        "judged.json": _cases(
            "Kept and without effect: after the log (parents first) and the event, its verdict has the code.",
            {**VOIDS, **CARRIES},
            [*voids(), *carries()],
        ),
    }


def render(content: dict[str, Any]) -> str:
    """A file's text."""
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def _encoding() -> dict[str, Any]:
    return {
        "about": "Deterministic CBOR: hexadecimals that decode, and that must be refused.",
        "taken": [{"name": name, "hex": data} for name, data in TAKEN.items()],
        "refused": [{"name": name, "hex": data} for name, data in REFUSED.items()],
    }


def _keys() -> dict[str, Any]:
    signature = key("root").sign(b"once")
    twin = signature[:32] + (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")
    return {
        "about": "Keys by seed, and encodings that may be neither a key nor the R of a signature.",
        "people": [
            {"name": name, "seed": seed_of(name).hex(), "public": key(name).device.hex(), "did": key(name).did}
            for name in PEOPLE
        ],
        "small_order": [encoded.hex() for encoded in small_order_encodings()],
        "not_canonical": [
            (y + sign).to_bytes(32, "little").hex() for y in range(PRIME, 2**255) for sign in (0, 1 << 255)
        ],
        "signatures": [
            {"by": "root", "message": b"once".hex(), "signature": signature.hex(), "sound": True},
            {"by": "root", "message": b"once".hex(), "signature": twin.hex(), "sound": False},
        ],
    }


def _accepted() -> dict[str, Any]:
    events = [identity(), *profile(), fork(), *repository().events]
    return {
        "about": "One of every kind and a few more, in an order in which each comes after its past. All are accepted.",
        "events": [
            {
                "kind": event.kind,
                "id": event.id.hex(),
                **_raw(event.raw),
                "header_says": _readable(decode(event.header)),
                "payload_says": _readable(decode(event.payload or b"")),
            }
            for event in events
        ],
    }


def _cases(about: str, codes: Iterable[str], cases: list[Case]) -> dict[str, Any]:
    pool: dict[str, dict[str, Any]] = {}
    rows: list[dict[str, Any]] = []
    for case in cases:
        if len(case.raw.payload or b"") > PAYLOAD_BYTES_MAX:
            continue
        for event in case.log:
            pool[event.id.hex()] = _raw(event.raw)
        rows.append(
            {
                "code": case.code,
                "name": case.name,
                "log": [event.id.hex() for event in case.log],
                "id": event_id(case.raw.header).hex(),
                **_raw(case.raw),
            }
        )
    assert {row["code"] for row in rows} == set(codes)
    return {"about": about, "events": pool, "cases": rows}


def _raw(raw: RawEvent) -> dict[str, Any]:
    return {
        "header": raw.header.hex(),
        "signature": raw.signature.hex(),
        "payload": None if raw.payload is None else raw.payload.hex(),
    }


def _messages() -> dict[str, Any]:
    story = Story()
    story.issue()
    nonces = (bytes(range(16)), bytes(range(16, 32)))
    linked = link_key(*nonces)
    tag = stream_tag(linked, story.genesis.stream)
    return {
        "about": "One of every message between nodes, about one stream. Frames are numbered from 0.",
        "nonces": [nonce.hex() for nonce in nonces],
        "link_key": linked.hex(),
        "stream": story.genesis.stream.hex(),
        "stream_tag": tag.hex(),
        "messages": [
            {"type": name, "body": body.hex(), "frame": frame(number, body).hex(), "says": _readable(decode(body))}
            for number, (name, body) in enumerate(samples(tag, story.events).items())
        ],
    }


def _records() -> dict[str, Any]:
    return {
        "about": "One of every record between carriers, inside TLS: channel 1 is opened by the dialler.",
        "records": [
            {"kind": kind.name, "channel": channel, "body": body.hex(), "record": record(kind, channel, body).hex()}
            for kind, channel, body in RECORDS
        ],
    }


def _bundles() -> dict[str, Any]:
    parts = bundles.published()
    data = bundles.written(parts)
    told = bundles.story()
    ends = {event.stream.hex(): event.id.hex() for event in (identity(), told.events[-1])}
    rows: list[dict[str, Any]] = []
    for part in bundles.read(data):
        body = encoded(part)
        shown = frame(len(rows), body).hex()
        rows.append({"part": name_of(type(part)), "body": body.hex(), "frame": shown, "says": _readable(decode(body))})
    return {
        "about": "A bundle of a repository and somebody's identity, whole and part by part; what it comes to.",
        "magic": MAGIC.hex(),
        "parts": rows,
        "bundle": data.hex(),
        "digest": data[-40:-8].hex(),
        "heads": ends,
        "refs": {bundles.MAIN: bundles.tip().hex()},
    }


def _readable(value: Any) -> Any:
    """A value as JSON can hold it: bytes in hexadecimal after `h'`."""
    if isinstance(value, bytes):
        return f"h'{value.hex()}'"
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if isinstance(value, dict):
        return {name: _readable(item) for name, item in value.items()}
    return value


def main() -> None:
    """Write every file."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in vectors().items():
        (FOLDER / name).write_text(render(content))


if __name__ == "__main__":
    main()
