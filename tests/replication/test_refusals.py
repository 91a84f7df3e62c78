"""Whatever a peer should not say is refused in a sentence and charged for, and the link goes on if it can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.envelope import SIGNATURE_TAG
from domain.keys import verify
from replication.compare import Record, pack_records
from replication.effects import Close, LinkId
from replication.frames import frame
from replication.limits import HELLO_BYTES_MAX, Limits
from replication.messages import (
    BY_NAME,
    Ask,
    Events,
    Feeds,
    Found,
    Goodbye,
    Hello,
    More,
    Offers,
    Ranges,
    Refused,
    Same,
    Want,
    encoded,
)
from replication.prints import feed_tag
from replication.score import COSTS
from replication.table import LINK_RULES, STREAM_RULES
from tests.making import Story, key
from tests.replication.fake import NONCE, Fake

if TYPE_CHECKING:
    from domain.envelope import Event

SALT = b"s" * 16


def story(events: int = 6) -> Story:
    made = Story()
    for _ in range(events):
        made.issue("root")
    return made


def row(event: Event, signature: bytes | None = None) -> tuple[bytes, bytes, bytes | None]:
    return (event.header, signature or event.signature, event.payload)


def open_fake(made: Story, held: int, limits: Limits | None = None) -> Fake:
    fake = Fake(made.events[:held], made.genesis.stream, limits)
    fake.hello()
    return fake


def wanted(fake: Fake) -> int:
    """Have the core ask for all of the stream; the number of its want."""
    tips = [Record(feed_tag(SALT, key("root").device), 1 << 40, bytes(8))]
    fake.say(Feeds(stream=fake.tag, salt=SALT, whole=True, records=pack_records(tips)))
    return fake.last(Want).number


def refusal(fake: Fake) -> tuple[str, bool]:
    said = fake.last(Refused)
    assert len(said.words) > 10, "in a sentence"
    return said.code, said.final


def test_the_tables_know_every_message_and_every_code_has_its_cost() -> None:
    assert {*LINK_RULES, *STREAM_RULES} == set(BY_NAME)
    assert all(0 <= cost <= Limits().score_max for cost in COSTS.values())


def test_anything_before_hello_and_a_second_hello_are_out_of_state() -> None:
    made = story()
    fake = Fake(made.events, made.genesis.stream)
    fake.say(Offers(whole=True, streams=b""))
    assert refusal(fake) == ("out-of-state", False)
    fake.hello()
    fake.say(Hello(versions=[1], features=[], nonce=NONCE, digest=bytes(32)))
    assert [message.code for message in fake.heard if isinstance(message, Refused)] == ["out-of-state"] * 2


def test_another_version_is_told_ours_and_not_blamed() -> None:
    made = story()
    fake = Fake(made.events, made.genesis.stream)
    fake.say(Hello(versions=[7, 9], features=[], nonce=NONCE, digest=bytes(32)))
    assert refusal(fake) == ("version-unknown", True)
    assert "version 1" in fake.last(Refused).words
    assert fake.core.connected(LinkId(2), key("mallory").did, 0)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ((HELLO_BYTES_MAX + 1).to_bytes(4, "big") + bytes(4), "frame-too-large"),
        (frame(0, b"\xa0")[:-1] + b"!", "frame-damaged"),
        (frame(1, b"\xa0"), "frame-gap"),
        (frame(0, b"\xa1at\x01")[:-5] + frame(0, b"\xa0"), "frame-damaged"),
    ],
)
def test_bad_frames_end_the_link(data: bytes, code: str) -> None:
    made = story()
    fake = Fake(made.events, made.genesis.stream)
    fake.raw(data)
    assert refusal(fake) == (code, True)
    assert fake.closed


def test_a_frame_that_comes_twice_is_taken_once() -> None:
    made = story()
    fake = Fake(made.events, made.genesis.stream)
    data = frame(0, encoded(Hello(versions=[1], features=[], nonce=NONCE, digest=bytes(32))))
    fake.raw(data + data)
    assert not [message for message in fake.heard if isinstance(message, Refused)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"\xa0", "message-unknown"),
        (b"\xa1at\x60", "message-unknown"),
        (b"\x01", "message-unknown"),
        (b"\xa1atfsnooze", "message-unknown"),
        (b"\xa1atdsame", "message-malformed"),
        (b"\xa1atdsame\x00", "message-not-canonical"),
        (b"", "message-not-canonical"),
        (b"\xbfatdsame\xff", "message-not-canonical"),
    ],
)
def test_bodies_that_are_no_messages(body: bytes, code: str) -> None:
    fake = open_fake(story(), 7)
    fake.body(body)
    assert refusal(fake)[0] == code


def test_answers_to_what_was_never_asked() -> None:
    fake = open_fake(story(), 7)
    fake.say(Events(stream=fake.tag, number=99, rows=[], end=True))
    assert refusal(fake) == ("not-asked", False)
    fake.say(Found(streams=[bytes(32)]))
    assert refusal(fake) == ("not-asked", False)
    heard = len(fake.heard)
    # Answers that may be late are nothing.
    fake.say(Same(salt=SALT), More(stream=fake.tag, number=4, bytes=1))
    assert len(fake.heard) == heard


def test_a_stream_that_is_not_shared_is_spoken_of_as_one_that_does_not_exist() -> None:
    fake = open_fake(story(), 7)
    fake.say(Want(stream=bytes(16), salt=SALT, number=1, records=b""))
    assert refusal(fake) == ("stream-unknown", False)


def test_packed_fields_of_odd_lengths() -> None:
    fake = open_fake(story(), 7)
    for message in (
        Offers(whole=False, streams=b"x"),
        Feeds(stream=fake.tag, salt=SALT, whole=False, records=b"x"),
        Feeds(stream=fake.tag, salt=SALT, whole=False, records=b"", unknown=b"\xff\xff"),
    ):
        fake.say(message)
        assert refusal(fake)[0] == "message-malformed"
    assert fake.closed, "three of them are too much"


def test_ranges_that_do_not_match_their_bitmap() -> None:
    fake = Fake([*story().events], story().genesis.stream)
    fake.hello()
    fake.say(Feeds(stream=fake.tag, salt=SALT, whole=True, records=b""))
    fake.say(Ranges(stream=fake.tag, salt=SALT, bits=4, buckets=b"\x80\x00", prints=b""))
    assert refusal(fake)[0] == "message-malformed"


def test_an_event_of_another_stream_or_with_a_wrong_signature_is_charged_for() -> None:
    made, other = story(), Story("bob", nonce=b"another stream!!")
    fake = open_fake(made, 1)
    number = wanted(fake)
    fake.say(Events(stream=fake.tag, number=number, rows=[row(other.genesis)], end=False))
    assert refusal(fake) == ("event-rejected", False)
    fake.say(Events(stream=fake.tag, number=0, rows=[row(made.events[1], bytes(31) + b"\1" + bytes(32))], end=True))
    assert refusal(fake)[0] == "event-rejected"
    assert len(fake.shelf.by_id) == 1


def test_an_event_that_waits_and_is_said_again_and_again_has_its_past_asked_for_three_times_a_minute() -> None:
    made = story()
    fake = open_fake(made, 1)
    for _ in range(1_200):
        fake.later(250)
        fake.say(Events(stream=fake.tag, number=0, rows=[row(made.events[3])], end=True))
    asked = [message for message in fake.heard if isinstance(message, Ask)]
    assert {name for ask in asked for name in ask.ids} == {made.events[2].id}
    assert 3 < len(asked) <= 3 * 10, "five minutes, and some more often at first"


def test_a_run_is_taken_by_the_signature_at_its_end_and_not_without_it() -> None:
    made = story()
    spoiled = made.events[1].signature
    fake = open_fake(made, 1)
    rows = [row(event, spoiled) for event in made.events[1:-1]]
    fake.say(Events(stream=fake.tag, number=wanted(fake), rows=[*rows, row(made.events[-1])], end=True))
    assert len(fake.shelf.by_id) == len(made.events)
    assert fake.shelf.vouched == {event.id for event in made.events[1:-1]}
    again = open_fake(made, 1)
    again.say(Events(stream=again.tag, number=wanted(again), rows=rows[1:], end=True))
    assert refusal(again)[0] == "event-rejected"
    assert len(again.shelf.by_id) == 1


def test_a_spoiled_signature_is_not_passed_on_alone() -> None:
    made = story()
    fake = open_fake(made, 1)
    rows = [row(event, made.events[1].signature) for event in made.events[1:-1]]
    fake.say(Events(stream=fake.tag, number=wanted(fake), rows=[*rows, row(made.events[-1])], end=True))
    fake.say(Want(stream=fake.tag, salt=SALT, number=1, records=pack_records([_none()])))
    served = fake.last(Events)
    assert served.rows, "a run that ends in a good signature"
    header, signature, _ = served.rows[-1]
    assert verify(key("root").device, signature, SIGNATURE_TAG + header)


def _none() -> Record:
    return Record(feed_tag(SALT, key("root").device), 0, bytes(8))


def test_more_than_the_window_is_refused() -> None:
    made = Story()
    for _ in range(110):
        made.issue("root", body="x" * 40_000)
    fake = open_fake(made, 1, Limits(window_bytes=1))
    number, fake.slow = wanted(fake), True
    for part in (made.events[1:56], made.events[56:]):
        assert not [message for message in fake.heard if isinstance(message, Refused)]
        fake.say(Events(stream=fake.tag, number=number, rows=[row(event) for event in part], end=False))
    assert refusal(fake) == ("over-window", False)


def test_too_many_wants_at_once() -> None:
    fake = open_fake(story(), 7, Limits(window_bytes=1, batch_bytes=1, wants_served=2))
    for number in (1, 2, 3):
        fake.say(Want(stream=fake.tag, salt=SALT, number=number, records=pack_records([_none()])))
    assert refusal(fake) == ("too-many-wants", False)
    assert fake.core.sizes().serving == 2


def test_enough_of_it_bans_for_a_while() -> None:
    fake = open_fake(story(), 7)
    while not fake.closed:
        fake.say(Events(stream=fake.tag, number=99, rows=[], end=True))
    assert refusal(fake) == ("not-asked", True)
    mallory = key("mallory").did
    (closing,) = fake.core.connected(LinkId(2), mallory, 2_000)
    assert isinstance(closing, Close)
    later = Limits().banned_ms + 2_000
    assert not isinstance(fake.core.connected(LinkId(3), mallory, later)[0], Close)


def test_goodbye_ends_the_link_in_good_order() -> None:
    fake = open_fake(story(), 7)
    fake.say(Goodbye(words="closing down"))
    assert fake.closed == "goodbye: closing down"
    fake.say(Events(stream=fake.tag, number=99, rows=[], end=True))
    assert not [message for message in fake.heard if isinstance(message, Refused)]
