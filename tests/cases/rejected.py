"""Bytes that are no event, for every reason there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.canonical import decode, encode
from domain.envelope import RawEvent
from domain.header import CORE
from domain.limits import HEADER_BYTES_MAX, LAMPORT_MAX, PARENTS_MAX, PAYLOAD_BYTES_MAX, SEQ_MAX, TIME_MS_MAX
from tests.cases import Case
from tests.domain.edwards import ORDER, PRIME, small_order_encodings
from tests.making import Story, begin, key, pack, sign_fields, sign_header

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LEFT_OUT = object()


def ordinary() -> dict[str, Any]:
    """The header of a good event: somebody opens an issue."""
    story = Story()
    story.issue("bob", "One", "1")
    fields: dict[str, Any] = decode(story.issue("bob", "Two", "2").header)
    return fields


def genesis() -> dict[str, Any]:
    """The header of a good genesis."""
    fields: dict[str, Any] = decode(begin().header)
    return fields


def changed(fields: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A header with some fields changed or `LEFT_OUT`."""
    merged = {**fields, **changes}
    return {name: value for name, value in merged.items() if value is not LEFT_OUT}


def rejected() -> list[Case]:
    """Every case, grouped by code."""
    return [
        *_bytes_cases(),
        *_missing_cases(),
        *_type_cases(),
        *_shape_cases(),
        *_key_cases(),
        *_payload_cases(),
        *_link_cases(),
    ]


def _bytes_cases() -> Iterator[Case]:
    good = encode(ordinary())
    fields = ordinary()
    size = HEADER_BYTES_MAX + 1 - len(encode({**fields, "x": b""})) - 2
    large = encode({**fields, "x": bytes(size)})
    assert len(large) == HEADER_BYTES_MAX + 1
    yield Case("header-too-large", "4,097 bytes", sign_header(large, who="bob"))
    bad = {
        "nothing": b"",
        "a byte too many": good + b"\0",
        "a byte too few": good[:-1],
        "a long integer": good.replace(b"\x61v\x01", b"\x61v\x18\x01"),
        "an indefinite map": b"\xbf" + good[1:] + b"\xff",
        "a field twice": bytes([good[0] + 1]) + good[1:4] + good[1:],
        "fields in another order": good[0:1] + good[4:] + good[1:4],
        "a float": encode({"v": 1.5, **{name: value for name, value in fields.items() if name != "v"}}),
        "a tag": good.replace(b"\x61v\x01", b"\x61v\xc1\x01"),
        "nested 3,000 deep": b"\x81" * 3_000 + b"\x80",
    }
    for name, header in bad.items():
        assert header != good
        yield Case("header-not-canonical", name, sign_header(header, who="bob"))
    for name, value in {"an array": [], "a number": 1, "text": "header", "nothing": None}.items():
        yield Case("header-not-a-map", name, sign_header(encode(value)))


def _missing_cases() -> Iterator[Case]:
    for name in sorted(CORE):
        yield Case("field-missing", f"no {name}", sign_fields(changed(ordinary(), **{name: LEFT_OUT})))


def _type_cases() -> Iterator[Case]:
    in_ordinary: dict[str, list[Any]] = {
        "v": [0, -1, 2**16 + 1, True, "1", None],
        "kind": ["", "x" * 65, "issue opened", "issue\0", "íssue.opened.v1", b"issue.opened.v1", None],
        "device": [b"", bytes(31), bytes(33), "device", None],
        "seq": [0, -1, SEQ_MAX + 1, True, "1", None],
        "parents": [None, b"", {}, [bytes(31)], ["parent"], [[]], [bytes([n]) * 32 for n in range(PARENTS_MAX + 1)]],
        "lamport": [0, -1, LAMPORT_MAX + 1, True, None],
        "payload": [b"", bytes(31), bytes(33), "hash", None],
        "size": [-1, 2**32 + 1, True, "0", None],
        "stream": [b"", bytes(31), "stream", None],
        "prev": [b"", bytes(31), "prev", None],
        "entity": [LEFT_OUT, b"", bytes(31), "entity", None],
        "author": [LEFT_OUT, b"did:key:z6Mk", 7, None],
        "time": [LEFT_OUT, -1, TIME_MS_MAX + 1, True, None],
    }
    in_genesis: dict[str, list[Any]] = {"threshold": [0, 2, True, None], "nonce": [bytes(15), bytes(17), "nonce", None]}
    for good, table in ((ordinary(), in_ordinary), (genesis(), in_genesis)):
        for name, values in table.items():
            for number, value in enumerate(values):
                raw = sign_fields(changed(good, **{name: value}))
                yield Case("field-type", f"{name}, {number}", raw)


def _shape_cases() -> Iterator[Case]:
    good, first = ordinary(), genesis()
    low, high = bytes(32), b"\1" * 32
    yield Case("parents-unsorted", "downwards", sign_fields(changed(good, parents=[high, low])))
    yield Case("parents-unsorted", "one twice", sign_fields(changed(good, parents=[low, low])))
    yield Case("parents-missing", "none", sign_fields(changed(good, parents=[])))
    yield Case("chain-shape", "a first event with a prev", sign_fields(changed(good, seq=1)))
    yield Case("chain-shape", "a second event without one", sign_fields(changed(good, seq=2, prev=LEFT_OUT)))
    dids = sorted(key(name).did for name in ("a", "b"))
    in_genesis: dict[str, dict[str, Any]] = {
        "with parents": {"parents": [low]},
        "with a prev": {"prev": low},
        "with an entity": {"entity": low},
        "with seq 2": {"seq": 2},
        "with lamport 2": {"lamport": 2},
        "without roots": {"roots": LEFT_OUT},
        "without threshold": {"threshold": LEFT_OUT},
        "without nonce": {"nonce": LEFT_OUT},
        "with no roots in the list": {"roots": []},
        "with 17 roots": {"roots": sorted(key(str(n)).did for n in range(17))},
        "with unsorted roots": {"roots": dids[::-1]},
        "with one root twice": {"roots": [dids[0], dids[0]]},
        "with a root of bytes": {"roots": [b"did"]},
        "with roots that are no list": {"roots": dids[0]},
    }
    for name, change in in_genesis.items():
        yield Case("genesis-shape", f"a genesis {name}", sign_fields(changed(first, **change)))
    for name in ("roots", "threshold", "nonce"):
        yield Case("genesis-shape", f"another event with {name}", sign_fields({**good, name: first[name]}))


def _key_cases() -> Iterator[Case]:
    good = encode(ordinary())
    for weak in (*small_order_encodings(), (PRIME + 5).to_bytes(32, "little")):
        header = encode(changed(ordinary(), device=weak))
        yield Case("key-weak", weak.hex(), sign_header(header, who="bob"))
    signature = sign_header(good, who="bob").signature
    s = int.from_bytes(signature[32:], "little")
    signatures = {
        "S + L": signature[:32] + (s + ORDER).to_bytes(32, "little"),
        "R of small order": small_order_encodings()[0] + signature[32:],
        "R not canonical": (PRIME + 3).to_bytes(32, "little") + signature[32:],
        "63 bytes": signature[:63],
        "65 bytes": signature + b"\0",
        "nothing": b"",
    }
    for name, bad in signatures.items():
        yield Case("signature-not-canonical", name, RawEvent(good, bad, None))
    yield Case(
        "signature-wrong", "another header's", RawEvent(good, sign_header(good + b"\0", who="bob").signature, None)
    )
    yield Case("signature-wrong", "another key's", sign_header(good, None, who="eve"))
    yield Case("signature-wrong", "without the domain tag", RawEvent(good, key("bob").sign(good), None))
    yield Case(
        "signature-wrong", "over the id's tag", RawEvent(good, key("bob").sign(b"gitant/event/v1/id\0" + good), None)
    )
    authors = {
        "nothing": "",
        "a name": "bob",
        "another method": "did:web:example.org",
        "a fragment": key("bob").did + "#key",
        "far too long": "did:key:z" + "6" * 900,
    }
    for name, did in authors.items():
        yield Case("author-malformed", f"author is {name}", sign_fields(changed(ordinary(), author=did)))
        yield Case("author-malformed", f"a root is {name}", sign_fields(changed(genesis(), roots=[did])))


def _payload_cases() -> Iterator[Case]:
    good = encode(ordinary())
    payload = pack({"title": "Two", "body": "2", "number": 2})
    assert sign_header(good, payload, "bob").payload == payload
    for name, bad in {
        "another of the same size": payload[:-1] + b"\0",
        "a byte more": payload + b"\0",
        "a byte less": payload[:-1],
        "nothing": b"",
    }.items():
        yield Case("payload-mismatch", name, sign_header(good, bad, "bob"))
    yield Case("payload-too-large", "65,537 bytes", sign_fields(changed(ordinary(), size=PAYLOAD_BYTES_MAX + 1)))


def _link_cases() -> Iterator[Case]:
    story = Story()
    issue = story.issue("bob")
    other = Story(nonce=b"another" + bytes(9))
    there = other.issue("bob")
    log = (*story.events, *other.events)
    comment = {"body": "Hello."}

    def case(code: str, name: str, who: str = "bob", **header: Any) -> Case:
        event = story.draft(who, "comment.added.v1", comment, on=issue, **header)
        return Case(code, name, event.raw, log)

    unpaid = story.draft("bob", "comment.added.v1", comment, on=issue)
    yield Case("payload-missing", "kept back", RawEvent(unpaid.header, unpaid.signature, None), log)
    for name, lamport in {"one more": 4, "one less": 2, "far ahead": 2**53, "one": 1}.items():
        yield case("lamport-wrong", name, lamport=lamport)
    yield case("enrolment-shape", "after a feed's first event", enrolment=[[b"", bytes(64)]])
    chains: dict[str, Any] = {
        "none": [],
        "three": [[b"", bytes(64)]] * 3,
        "text": "certificate",
        "without its signature": [[b""]],
        "a short signature": [[b"", bytes(63)]],
        "a long certificate": [[bytes(513), bytes(64)]],
    }
    for name, chain in chains.items():
        first = changed(ordinary(), seq=1, prev=LEFT_OUT, enrolment=chain)
        yield Case("enrolment-shape", name, sign_fields(first))
    yield case("stream-mismatch", "a parent", after=[issue, there])
    yield case("stream-mismatch", "prev", prev=there)
    yield case("prev-mismatch", "another device's", prev=story.genesis)
    yield case("prev-mismatch", "a seq left out", seq=3)
    yield case("prev-mismatch", "an older one", who="root", prev=story.genesis, seq=3)
