"""One's devices: the keys that sign in one's name, since when, by whose word; ending those that this node keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import get, post

from api.asking import Asking
from api.pages.forms import Form, check_person, form_of, sure
from api.pages.page import Shown, fresh, see
from api.pages.signing import NO_STORE, status_of
from api.reply import Reply
from api.routes.devices import end_kept, known_devices, make_key, take_certificate
from api.whole import whole
from domain.authority.enrolment import read_certificate
from domain.errors import InvalidInput, LocalFault
from domain.fold.kind import read_payload
from domain.identity.device_enrolled import KIND, DeviceEnrolled
from domain.ids import parse_event_id
from domain.keys import did_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.shapes_agents import NewDevice
    from domain.ids import Did, StreamId

PATH: Final = "/settings/devices"
ENROLMENTS_READ_MAX: Final = 200


@get(PATH)
async def show_devices(request: Asking) -> Reply:
    """Which keys sign in one's name."""
    check_person(request)
    return fresh(request, _page(request, whole(request)))


@post(PATH, status_code=303)
async def change_devices(request: Asking) -> Reply:
    """Make a device known, have this node make a key for one, or end one whose key this node keeps."""
    form = await form_of(request)
    check_person(request)
    me = whole(request)
    act, _, device = form.text("act").partition(":")
    try:
        if act == "make":
            return fresh(request, _page(request, me, made=await make_key(request, me)), headers=[NO_STORE])
        if act == "enrol":
            await take_certificate(request, me, form.line("certificate"))
        elif act == "end":
            sure(form)
            await end_kept(request, me, device)
        else:
            raise InvalidInput("choose what to do", field="act")
    except LocalFault as fault:
        return fresh(request, _page(request, me, form, fault))
    return see(PATH, "saved" if act == "enrol" else "revoked")


def _page(
    request: Asking, me: Did, form: Form | None = None, fault: LocalFault | None = None, made: NewDevice | None = None
) -> Shown:
    found = request.ports.views.identity(me)
    doc: dict[str, Any] = msgspec.json.decode(found[1]) if found is not None else {}
    devices = known_devices(request, found[1]) if found is not None else []
    said = dict(_enrolments(request, found[0])) if found is not None else {}
    values = {
        "did": me,
        "known": found is not None,
        "devices": [{"device": each, "said": said.get(each.did)} for each in devices],
        "ended": doc.get("revoked", []),
        "node_did": request.ports.node.did,
        "made": made,
        "form": form or Form(),
        "fault": fault,
    }
    return Shown("settings_devices.html", "Devices", values, status_of(fault))


def _enrolments(request: Asking, stream: StreamId) -> Iterator[tuple[str, dict[str, Any]]]:
    """By device, the event that made it known: the latest first, so that of several the first one stays."""
    views = request.ports.views
    page = views.events(stream, kind=KIND.name, verdict="accepted", limit=ENROLMENTS_READ_MAX)
    docs: list[dict[str, Any]] = [msgspec.json.decode(doc) for doc in page.docs]
    rows = [row for doc in docs if (row := views.event(parse_event_id(doc["id"]))) is not None]
    payloads = request.ports.payloads([row.position for row in rows])
    for doc, row in zip(docs, rows, strict=True):
        told = _told(payloads.get(row.position))
        if told is not None:
            yield told[0], {"event": doc["id"], "time": doc["time"], "by": told[1]}


def _told(payload: bytes | None) -> tuple[str, str] | None:
    """A device and whose key certified it, as an enrolment that counts says; None of one that is not at hand."""
    if payload is None:
        return None
    told = read_payload(KIND, payload, own=True)
    assert isinstance(told, DeviceEnrolled)
    first, last = (read_certificate(told.certificates[at].certificate) for at in (0, -1))
    assert first is not None, "it was judged"
    assert last is not None, "it was judged"
    return did_of(last.device), first.principal if len(told.certificates) == 1 else did_of(first.device)
