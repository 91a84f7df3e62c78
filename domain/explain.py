"""One event of the log, looked at again from its bytes up: every check as a row that a person can read.

Nothing here is taken on trust from the node that shows it: whoever has the bytes can compute the same rows.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from domain.envelope import SIGNATURE_TAG, VERSION, Event, RawEvent, event_id, open_event, read_own
from domain.errors import Rejected
from domain.keys import did_of, verify
from domain.verdict import REJECTIONS, Verdict, explain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from domain.chain import Link
    from domain.ids import EventId


_UNENROLLED: Final = frozenset({
    *("not-enrolled", "enrolment-invalid", "enrolment-forged", "enrolment-elsewhere", "device-revoked"),
})  # fmt: skip
"""The reasons for which a device may not act for the author of its event."""


class Check(NamedTuple):
    """One thing that was looked at: its name, whether it is as it must be, and that in words."""

    check: str
    ok: bool
    words: str


def checks_of(
    raw: RawEvent,
    name: EventId,
    known: Callable[[EventId], Link | None],
    verdict: Verdict,
    *,
    redacted: bool,
    effect: str,
) -> list[Check]:
    """Everything there is to say of the event that the log holds under `name`.

    `raw` is as the log has it, `known` finds what a check needs of its past, `effect` is what it did, in words.
    """
    found = event_id(raw.header)
    rows = [_check("hash", found == name, f"the header's hash is {found.hex()}", f"not {name.hex()}, its id here")]
    try:
        event = read_own(raw.header, raw.signature, raw.payload)
    except Exception as fault:  # noqa: BLE001 - bytes that rotted may decode to anything
        return [*rows, Check("bytes", ok=False, words=f"the header cannot be read: {type(fault).__name__}")]
    rows += [_bytes(raw), *_signed(event, verdict), _payload(event, redacted=redacted), _time(event)]
    rows += _past(event, known)
    rows.append(Check("verdict", verdict.accepted, explain(verdict)))
    done = effect if verdict.accepted else "nothing: it is kept and passed on, and has no effect here"
    return [*rows, Check("effect", verdict.accepted, done)]


def _check(check: str, ok: bool, words: str, otherwise: str) -> Check:
    return Check(check, ok, words if ok else f"{words}, {otherwise}")


def _bytes(raw: RawEvent) -> Check:
    """What a peer would say of these bytes; a payload that is not here is looked at elsewhere."""
    try:
        open_event(raw)
    except Rejected as fault:
        return Check("bytes", ok=False, words=f"{REJECTIONS[fault.reason]} ({fault.reason})")
    return Check("bytes", ok=True, words=f"header ({len(raw.header)} bytes) and payload are well formed and canonical")


def _signed(event: Event, verdict: Verdict) -> Iterator[Check]:
    device = event.device.hex()
    ok = verify(event.device, event.signature, SIGNATURE_TAG + event.header)
    yield Check("signature", ok, f"the Ed25519 signature is {'' if ok else 'not '}that of the device {device}")
    own = event.v == VERSION and did_of(event.device) == event.author
    if own:
        yield Check("device", ok=True, words="the device is the author's own key")
        return
    # Whether it was enrolled is part of the verdict, which is worked out from the same events everywhere.
    enrolled = event.v == VERSION and verdict.reason not in _UNENROLLED
    whose = "was enrolled to act for the author" if enrolled else "is neither the author's own key nor enrolled by it"
    yield Check("device", enrolled, f"the device {whose}, {event.author or 'who is not known to this version'}")


def _payload(event: Event, *, redacted: bool) -> Check:
    if redacted or event.payload is None:
        why = "redacted: it is shown to nobody" if redacted else "not here"
        return Check("payload", redacted, f"the payload is {why}; its hash is {event.payload_hash.hex()}")
    digest = hashlib.sha256(event.payload).digest()
    ok = digest == event.payload_hash and len(event.payload) == event.payload_size
    words = f"the payload's {len(event.payload)} bytes have the hash {digest.hex()}"
    return _check("payload", ok, words, f"the header names {event.payload_hash.hex()}")


def _time(event: Event) -> Check:
    try:
        claimed = datetime.fromtimestamp(event.time / 1000, UTC).isoformat(timespec="milliseconds")
    except (OverflowError, ValueError, OSError):
        claimed = f"{event.time} milliseconds since 1970"
    return Check("time", ok=True, words=f"its author's clock said {claimed}; nothing depends on it")


def _past(event: Event, known: Callable[[EventId], Link | None]) -> Iterator[Check]:
    """Parents, the place in its feed, and the Lamport time that follows from both."""
    if event.genesis:
        yield Check("parents", ok=True, words="it begins its stream, so it has none")
        yield Check("feed", event.seq == 1, f"it is number {event.seq} of its feed")
        yield Check("lamport", event.lamport == 1, f"lamport is {event.lamport}; a genesis has 1")
        return
    named = event.parents if event.prev is None else (*event.parents, event.prev)
    links: dict[EventId, Link | None] = {name: known(name) for name in named}
    missing = [name.hex()[:16] for name, link in links.items() if link is None]
    strange = [name.hex()[:16] for name, link in links.items() if link is not None and link.stream != event.stream]
    words = f"{len(event.parents)} of {len(event.parents)} are here and of the same stream"
    if missing or strange:
        words = "; ".join(
            part
            for part in (
                f"not here: {', '.join(missing)}" if missing else "",
                f"of another stream: {', '.join(strange)}" if strange else "",
            )
            if part
        )
    yield Check("parents", not missing and not strange, words)
    yield _feed(event, links)
    times = sorted(link.lamport for link in links.values() if link is not None)
    expected = 1 + max(times, default=0)
    listed = ", ".join(map(str, times))
    yield _check("lamport", event.lamport == expected, f"1 + max({listed}) = {expected}", f"not {event.lamport}")


def _feed(event: Event, links: dict[EventId, Link | None]) -> Check:
    if event.prev is None:
        return Check("feed", event.seq == 1, f"it is number {event.seq} of its device's feed in this stream")
    prev = links[event.prev]
    words = f"it is number {event.seq} of its device's feed in this stream, behind {event.prev.hex()[:16]}"
    ok = prev is not None and prev.device == event.device and prev.seq == event.seq - 1
    return _check("feed", ok, words, "which is not that device's event before it")
