"""The log itself: events of a repository, single events whole, and events signed elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from litestar import get, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from api import gate, shapes, shapes_held
from api.acts import shown
from api.asking import Asking
from api.binary import from_base64, readable, to_base64
from api.faults import EventRejected, EventVoid
from api.forms import SignedEvent
from api.paging import page, page_size
from api.params import After, Author, Limit, PerPage, Repo, principal
from api.people import asked
from api.reply import Reply, encode_json, extended, read
from api.routes.held import waiting
from api.writing import done, write
from domain.canonical import NotCanonical, decode, decode_own
from domain.chain import Link
from domain.envelope import RawEvent, open_event
from domain.errors import LocalFault, NotFound, Rejected
from domain.explain import checks_of
from domain.ids import DeviceKey, StreamId, is_hex_id, parse_event_id
from domain.ports_views import LogFilter
from domain.verdict import REJECTIONS, VOIDS, Verdict, explain

if TYPE_CHECKING:
    from domain.ids import EventId
    from domain.ports_views import EventRow

EventName = Annotated[str, PathParameter(name="eventId", description="An event's id: 64 hexadecimal digits.")]
Verify = Annotated[bool, QueryParameter(description="Check hash, signature, past and verdict again, and say how.")]
VerdictWord = Annotated[
    Literal["", "accepted", "void", "carried"], QueryParameter(description="Only events of this verdict.")
]
Kind = Annotated[str, QueryParameter(description="Only events of this kind, like issue.opened.v1.", max_length=64)]


@get("/api/v1/repos/{id:str}/events", sync_to_thread=False, responses=shapes.shows(shapes.Events))
def list_events(
    request: Asking,
    repo: Repo,
    kind: Kind = "",
    author: Author = "",
    verdict: VerdictWord = "",
    after: After = None,
    per_page: PerPage = None,
    limit: Limit = None,
) -> Reply:
    """The events of a repository, newest first."""
    row = gate.readable(request, repo)
    size = page_size(request, per_page, limit)
    by = principal(request, author)
    views = request.ports.views
    return page(
        request,
        b"events",
        lambda: views.events(row.id, kind=kind, author=by, verdict=verdict, after=after, limit=size),
    )


@get("/api/v1/events/{eventId:str}", sync_to_thread=False, responses=shapes.shows(shapes.WholeEvent))
def show_event(request: Asking, event: EventName, verify: Verify = False) -> Reply:
    """One event whole: what its bytes say, the bytes themselves, and what became of it.

    With `verify`, it is looked at again from its bytes up, and `verification` says of each check how it went.
    """
    doc = whole_event(request, parse_event_id(event), verify=verify) if is_hex_id(event) else None
    if doc is None:
        raise NotFound(f"there is no event {event!r} here", hint="an event id is 64 lowercase hexadecimal digits")
    return read(request, doc)


@post(
    "/api/v1/events",
    security=[{}, {"operator": []}],
    responses=shapes.shows(shapes.WholeEvent, status=201) | shapes.shows(shapes_held.Waiting, status=202),
)
async def submit_event(request: Asking, data: JSONBody[SignedEvent]) -> Reply:
    """Take in an event that was signed elsewhere, from the operator or by somebody who is known here.

    One that would have no effect is refused with the reason, so that nobody fills the log with such. A stranger's may
    have to wait: that is a 202.
    """
    raw = RawEvent(
        header=from_base64(data.header, "header"),
        signature=from_base64(data.signature, "signature"),
        payload=from_base64(data.payload, "payload"),
    )
    try:
        # The writer checks it all again; here it costs a worker, and bytes that are no event never reach the writer.
        event = open_event(raw)
    except Rejected as fault:
        words = REJECTIONS[fault.reason]
        raise EventRejected(fault.reason, f"{words} ({fault.detail})" if fault.detail else words) from fault
    # Where from, whoever they are signed in as: with an account, too, one network waits with no more than another.
    origin = asked(request).address
    args = {"header": raw.header, "signature": raw.signature, "payload": raw.payload, "origin": origin}
    try:
        answer = await write(request, "event.submit", args, signer=event.author)
    except LocalFault as fault:
        raise _with_reason(fault) from fault
    if "held" in answer.extra:
        return done(answer, status=202, body=waiting(answer.extra["held"]))
    # To whoever hands an event in it is shown: they have its bytes, and may have signed in as nobody.
    body = whole_event(request, event.id, handed_in=True)
    assert body is not None, "the views show what the writer has answered"
    return done(answer, status=201, body=body, location=f"/api/v1/events/{event.id.hex()}")


def _with_reason(fault: LocalFault) -> LocalFault:
    """The writer puts the verdict's reason code where other faults name a field."""
    if fault.field in REJECTIONS:
        return EventRejected(fault.field, fault.message)
    if fault.field in VOIDS:
        return EventVoid(fault.field, fault.message)
    return fault


class _Judged(msgspec.Struct):
    verdict: str
    reason: str


class _Linked(msgspec.Struct):
    stream: str
    device: str
    seq: int
    lamport: int


class _Told(msgspec.Struct):
    summary: str


def _checks(request: Asking, row: EventRow, raw: RawEvent, verdict: Verdict) -> list[dict[str, Any]]:
    """How an event looks from its bytes up."""
    views = request.ports.views

    def known(name: EventId) -> Link | None:
        found = views.event(name)
        if found is None:
            return None
        link = msgspec.json.decode(found.doc, type=_Linked)
        return Link(StreamId(bytes.fromhex(link.stream)), DeviceKey(bytes.fromhex(link.device)), link.seq, link.lamport)

    lines, _ = views.since(row.position - 1, LogFilter(entity=row.id), limit=1)
    effect = msgspec.json.decode(lines[0].doc, type=_Told).summary if lines else ""
    rows = checks_of(raw, row.id, known, verdict, redacted=row.redacted, effect=effect)
    return [check._asdict() for check in rows]


def whole_event(request: Asking, event: EventId, *, verify: bool = False, handed_in: bool = False) -> bytes | None:
    """The document of an event with everything in it, if the asker may see it; see `show_event`."""
    row = request.ports.views.event(event)
    if row is None or not (handed_in or gate.visible_event(request, row)):
        return None
    header, signature, held = request.ports.event_bytes(row.position)
    # A redacted payload is withheld from the moment its redaction counts, whether or not its bytes are gone yet.
    payload = None if row.redacted else held
    judged = msgspec.json.decode(row.doc, type=_Judged)
    verdict = Verdict(judged.verdict, judged.reason)  # type: ignore[arg-type]  # the views wrote it
    checks = {"verification": _checks(request, row, RawEvent(header, signature, held), verdict)} if verify else {}
    behind = request.ports.views.act_behind(event) if verdict.standing == "void" else None
    rests_on = {"rests_on": shown(request, [behind])[0]} if behind is not None else {}
    by = request.ports.views.redactions(event) if row.redacted else ()
    redacted_by = {"redacted_by": [each.hex() for each in by]} if by else {}
    more: dict[str, Any] = {
        "explanation": explain(verdict),
        **rests_on,
        **redacted_by,
        **checks,
        "header": readable(decode_own(header)),
        "payload": _payload(payload),
        "raw": {
            "header": to_base64(header),
            "signature": to_base64(signature),
            "payload": None if payload is None else to_base64(payload),
        },
    }
    return extended(row.doc, encode_json(more)[1:-1])


def _payload(payload: bytes | None) -> Any:
    """What a payload says; nothing of one that is redacted or no canonical CBOR."""
    if payload is None:
        return None
    try:
        return readable(decode(payload))
    except NotCanonical:
        return None
