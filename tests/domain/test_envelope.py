"""The envelope: bytes kept as they came, ids and signatures over them, what later versions may say."""

from __future__ import annotations

import hashlib

from domain.canonical import decode, encode
from domain.chain import check_held
from domain.envelope import ID_TAG, SIGNATURE_TAG, RawEvent, event_id, open_event, seal
from domain.header import CORE, GENESIS_FIELDS, KNOWN_FIELDS
from domain.keys import verify
from domain.limits import HEADER_BYTES_MAX, PARENTS_MAX, PAYLOAD_BYTES_MAX, ROOTS_MAX
from tests.cases.judged import carries
from tests.making import Story, begin, key, pack, sign_fields, write


def test_id_and_signature_cover_the_tagged_header() -> None:
    event = begin()
    assert event.id == hashlib.sha256(b"gitant/event/v1/id\0" + event.header).digest() == event_id(event.header)
    assert verify(event.device, event.signature, b"gitant/event/v1/signature\0" + event.header)
    assert (ID_TAG, SIGNATURE_TAG) == (b"gitant/event/v1/id\0", b"gitant/event/v1/signature\0")


def test_a_signed_event_is_canonical_and_opens_as_itself() -> None:
    for event in Story().events:
        assert encode(decode(event.header)) == event.header
        assert open_event(event.raw) == event


def test_a_genesis_is_its_own_stream() -> None:
    event = begin()
    assert event.genesis
    assert bytes(event.stream) == event.id
    assert event.roots == (key("root").did,)
    assert event.threshold == 1
    story = Story()
    issue = story.issue("bob")
    assert not issue.genesis
    assert issue.stream == story.genesis.stream
    assert (issue.roots, issue.threshold) == ((), 0)


def test_header_and_payload_are_kept_as_they_came() -> None:
    for case in carries():
        event = open_event(case.raw)
        assert event.raw == case.raw
        assert event.header is case.raw.header


def test_only_the_core_of_a_later_version_is_read() -> None:
    later = next(case for case in carries() if case.code == "version-unknown")
    event = open_event(later.raw)
    assert event.v == 2
    assert decode(event.header)["author"] == 7
    assert (event.author, event.entity, event.time, event.roots) == ("", None, 0, ())
    assert (event.seq, event.lamport) == (2, 4)


def test_the_core_is_frozen() -> None:
    """A change here is another protocol: nodes of any version must be able to pass events on."""
    assert frozenset({"v", "kind", "device", "seq", "parents", "lamport", "payload", "size"}) == CORE
    assert {"stream", "prev", "entity", "author", "time", "enrolment"} == KNOWN_FIELDS - CORE
    assert {"author", "time", "enrolment", "roots", "threshold", "nonce"} == GENESIS_FIELDS - CORE
    assert (HEADER_BYTES_MAX, PAYLOAD_BYTES_MAX, PARENTS_MAX, ROOTS_MAX) == (4096, 65536, 20, 16)


def test_the_largest_header_fits() -> None:
    """Every list as long as it may be: an honest writer never meets the limit on the whole."""
    roots = sorted(key(str(number)).did for number in range(ROOTS_MAX))
    assert len(begin("0", roots=roots, threshold=ROOTS_MAX).header) < HEADER_BYTES_MAX
    genesis = begin()
    firsts = [write(str(number), "x" * 64, genesis=genesis) for number in range(PARENTS_MAX)]
    last = write("0", "x" * 64, genesis=genesis, after=firsts, prev=firsts[0], time=2**53)
    assert len(last.header) < HEADER_BYTES_MAX
    assert open_event(last.raw).parents == tuple(sorted(event.id for event in firsts))


def test_the_largest_payload_fits() -> None:
    event = write("bob", "x", b"\0" * PAYLOAD_BYTES_MAX, genesis=begin())
    assert open_event(event.raw).payload_size == PAYLOAD_BYTES_MAX


def test_an_event_without_its_payload_is_opened_and_held_only_under_a_redaction() -> None:
    event = open_event(RawEvent(begin().header, begin().signature, None))
    assert event.payload is None
    check_held(event, redacted=True)


def test_the_salt_hides_what_a_redacted_payload_said() -> None:
    """The hash stays in the header for ever; without the salt, a short text could be confirmed by guessing."""
    genesis = begin()
    one = write("bob", "comment.added.v1", pack({"body": "yes"}, salt=b"1" * 16), genesis=genesis)
    two = write("bob", "comment.added.v1", pack({"body": "yes"}, salt=b"2" * 16), genesis=genesis)
    assert one.payload_hash != two.payload_hash


def test_sealing_says_who_signs_unless_told_otherwise() -> None:
    event = begin("alice")
    assert event.device == key("alice").device
    assert event.author == key("alice").did
    assert event.v == 1


def test_the_order_of_contents_is_lamport_then_id() -> None:
    genesis = begin()
    twins = [write(name, "x", genesis=genesis) for name in ("a", "b")]
    assert [event.order for event in twins] == [(2, event.id) for event in twins]
    assert sorted(twins, key=lambda event: event.order) == sorted(twins, key=lambda event: event.id)


def test_fields_may_come_in_any_order_to_the_writer() -> None:
    fields = decode(begin().header)
    shuffled = dict(sorted(fields.items()))
    assert sign_fields(shuffled).header == begin().header
    for name in ("v", "device", "payload", "size"):
        del shuffled[name]
    again = seal(shuffled, pack({"name": "project"}), key("root"))
    assert again.header == begin().header
