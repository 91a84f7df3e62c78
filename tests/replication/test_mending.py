"""What came without its payload or with a wrong signature holds nobody up, and is made whole by whoever can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from domain.envelope import SIGNATURE_TAG
from domain.keys import verify
from replication.compare import Record, pack_records
from replication.effects import Outcome
from replication.limits import Limits
from replication.messages import Events, Want
from replication.prints import feed_tag
from replication.records import Follows, Phase
from tests.making import Story, key
from tests.replication.fake import Fake
from tests.replication.pair import Net
from tests.replication.test_refusals import SALT, open_fake, row, wanted

if TYPE_CHECKING:
    from domain.envelope import Event

EVERYTHING = Follows(everything=True)
FEW = Limits(pending_events=20, pending_per_peer=20, pending_per_device=20, batch_events=7)


def story(events: int) -> Story:
    made = Story()
    for _ in range(events):
        made.issue("root")
    return made


def redact(made: Story, target: Event) -> Event:
    return made.write("root", "event.redacted.v1", {"events": [target.id], "reason": ""}, on=target)


def test_a_redaction_may_come_any_number_of_events_after_what_it_redacts() -> None:
    made = story(3)
    secrets = made.events[1:3]
    for _ in range(100):
        made.issue("root")
    for secret in secrets:
        redact(made, secret)
    net = Net()
    a = net.side("a", made.events)
    a.shelf.redactions.update(secret.id for secret in secrets)
    b = net.side("b", follows=EVERYTHING, limits=FEW)
    net.connect("a", "b")
    net.run()
    assert b.shelf.by_id.keys() == a.shelf.by_id.keys()
    assert [event.payload for event in b.shelf.events[made.genesis.stream][1:3]] == [None, None]
    assert b.core.sizes().pending_events == 0


def test_a_payload_that_nobody_has_keeps_nobody_from_what_follows_it_and_is_put_in_its_place_when_it_comes() -> None:
    made = story(6)
    stream, secret = made.genesis.stream, made.events[2]
    net = Net()
    a = net.side("a", made.events)
    a.shelf.redactions.add(secret.id)  # by a redaction that does not count any more, say
    b = net.side("b", follows=EVERYTHING)
    net.connect("a", "b")
    net.run()
    assert len(b.shelf.by_id) == 2
    net.later(60_000)
    assert b.shelf.by_id.keys() == a.shelf.by_id.keys()
    assert b.shelf.uncovered(stream, 9) == [secret.id]
    assert b.phase(stream) == {Phase.EQUAL}
    net.side("c", made.events)
    net.connect("c", "b")
    net.run()
    net.later(10_000)
    assert b.shelf.by_id[secret.id] == secret
    assert not b.shelf.uncovered(stream, 9)


def test_what_cannot_have_been_redacted_is_not_taken_without_its_payload() -> None:
    made = story(3)
    closed = made.write("root", "issue.closed.v1", {"reason": "", "replaces": []}, on=made.events[1])
    fake = open_fake(made, 4)
    fake.say(Events(stream=fake.tag, number=0, rows=[(closed.header, closed.signature, None)], end=True))
    assert any("payload-missing" in getattr(message, "words", "") for message in fake.heard)


def test_no_more_than_so_many_come_without_their_payloads() -> None:
    made = story(40)
    net = Net()
    a = net.side("a", made.events)
    a.shelf.redactions.update(event.id for event in made.events[1:30])
    b = net.side("b", follows=EVERYTHING, limits=Limits(uncovered=5))
    net.connect("a", "b")
    net.run()
    net.later(300_000)
    assert len(b.shelf.uncovered(made.genesis.stream, 99)) == 5


def test_a_vouched_signature_that_is_wrong_is_found_and_mended() -> None:
    made = story(6)
    spoiled = [structs.replace(event, signature=made.genesis.signature) for event in made.events[2:4]]
    net = Net()
    liar = net.side("liar", [*made.events[:2], *spoiled, *made.events[4:]])
    liar.shelf.vouched.update(event.id for event in spoiled)
    b = net.side("b", follows=EVERYTHING)
    net.connect("liar", "b")
    net.run()
    assert b.shelf.by_id[spoiled[0].id].signature == made.genesis.signature
    net.later(5_000)
    assert "signature-spoiled" in b.codes()
    assert b.shelf.vouched == {event.id for event in spoiled}
    net.side("c", made.events)
    net.connect("c", "b")
    net.run()
    net.later(10_000)
    assert b.shelf.by_id == {event.id: event for event in made.events}
    assert not b.shelf.vouched


def test_a_signature_vouches_for_its_own_branch_only() -> None:
    """Two branches of one feed, served in one message: the good end of one says nothing of the other."""
    made = story(1)
    root = made.events[1]
    left = [made.draft("root", "issue.opened.v1", _issue(2), after=[root], prev=root)]
    left.append(made.draft("root", "issue.opened.v1", _issue(3), after=left, prev=left[0]))
    right = [made.draft("root", "issue.opened.v1", _issue(4), after=[root], prev=root)]
    right.append(made.draft("root", "issue.opened.v1", _issue(5), after=right, prev=right[0]))
    spoiled = [structs.replace(event, signature=made.genesis.signature) for event in left]
    fake = Fake([*made.events, *spoiled, *right], made.genesis.stream)
    fake.shelf.vouched.update(event.id for event in left)
    fake.hello()
    nothing = pack_records([Record(feed_tag(SALT, key("root").device), 0, bytes(8))])
    fake.say(Want(stream=fake.tag, salt=SALT, number=1, records=nothing))
    served = [header for header, _, _ in fake.last(Events).rows]
    assert right[1].header in served
    assert not {event.header for event in left}.intersection(served)


def test_nobody_vouches_for_what_another_is_said_to_have_written() -> None:
    made = Story()
    draft = made.draft("root", "issue.opened.v1", _issue(1), prev=made.genesis)
    forged = structs.replace(draft, signature=made.genesis.signature)
    link = made.draft("mallory", "issue.opened.v1", _issue(2), after=[made.genesis], prev=forged)
    assert verify(link.device, link.signature, SIGNATURE_TAG + link.header)
    fake = open_fake(made, 1)
    fake.say(Events(stream=fake.tag, number=wanted(fake), rows=[row(forged), row(link)], end=True))
    assert fake.shelf.by_id.keys() == {made.genesis.id}


def test_a_strangers_events_that_are_held_are_left_out_until_they_are_let_in() -> None:
    made = story(2)
    stream = made.genesis.stream
    words = [made.draft("eve", "comment.added.v1", {"body": "?"}, on=made.events[1], after=[made.events[-1]])]
    words.append(made.draft("eve", "comment.added.v1", {"body": "!"}, on=made.events[1], after=words, prev=words[0]))
    net = Net()
    a = net.side("a", [*made.events, *words])
    b = net.side("b", follows=EVERYTHING)
    b.strangers.add(key("eve").did)
    net.connect("a", "b")
    net.run()
    net.later(120_000)
    assert b.shelf.by_id.keys() == {event.id for event in made.events}
    assert b.shelf.beside.keys() == {event.id for event in words}
    assert b.phase(stream) == a.phase(stream) == {Phase.PARTIAL}
    wants = sum(said == ("b", "want") for said in net.said)
    net.later(300_000)
    assert sum(said == ("b", "want") for said in net.said) == wants, "they are not asked for again and again"
    b.strangers.clear()
    net.appends("b", *words)
    net.run()
    net.later(60_000)
    assert b.phase(stream) == a.phase(stream) == {Phase.EQUAL}


def test_who_is_blocked_no_longer_is_taken_in_again() -> None:
    made = story(1)
    stream = made.genesis.stream
    word = made.draft("eve", "comment.added.v1", {"body": "?"}, on=made.events[1], after=[made.events[-1]])
    net = Net()
    a = net.side("a", [*made.events, word])
    b = net.side("b", follows=Follows(everything=True, blocked=frozenset({key("eve").did})))
    net.connect("a", "b")
    net.run()
    net.later(5_000)
    assert word.id not in b.shelf.by_id
    net.do("b", b.core.follow(EVERYTHING, net.now))
    net.run()
    net.later(5_000)
    assert word.id in b.shelf.by_id
    assert b.phase(stream) == a.phase(stream) == {Phase.EQUAL}


def test_one_peer_brings_so_much_of_a_stream_and_others_the_rest() -> None:
    made = story(60)
    stream = made.genesis.stream
    size = sum(len(event.header) + 64 + len(event.payload or b"") for event in made.events)
    net = Net()
    few = Limits(peer_stream_bytes=size * 2 // 3, peer_stream_bytes_per_s=1, batch_events=10)
    net.side("a", made.events, limits=few)
    b = net.side("b", follows=EVERYTHING, limits=few)
    net.connect("a", "b")
    net.run()
    net.later(60_000)
    assert 10 < len(b.shelf.by_id) < 60
    assert "sync-stalled" in b.codes()
    net.side("c", made.events, limits=few)
    net.connect("c", "b")
    net.run()
    net.later(60_000)
    assert len(b.shelf.by_id) == 61
    assert b.phase(stream) == {Phase.EQUAL}


def test_what_failed_is_tried_again_at_once_when_there_is_news() -> None:
    made = story(6)
    stream = made.genesis.stream
    net = Net()
    net.side("a", made.events[:-1])
    b = net.side("b", made.events[:2])
    b.storing = lambda _: Outcome.FAILED
    net.connect("a", "b")
    net.run()
    net.later(300_000)
    b.storing = lambda _: Outcome.STORED
    assert len(b.shelf.by_id) == 2
    net.appends("a", made.events[-1])
    net.run()
    net.later(4_000)
    assert len(b.shelf.by_id) == 7
    assert b.phase(stream) == {Phase.EQUAL}


def _issue(number: int) -> dict[str, object]:
    return {"title": f"Issue {number}", "body": "", "number": number}
