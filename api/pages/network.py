"""This node among others: who it talks with, how far behind it is, and what its operator may do about that."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Annotated, Any, Final

from litestar import get, post
from litestar.params import QueryParameter

from api.asking import Asking
from api.pages.apart import coming_of, diverged_of, forks_of
from api.pages.forms import check_person, form_of
from api.pages.page import Shown, fresh, see
from api.pages.signing import status_of
from api.pages.templating import avatar
from api.reply import Reply
from api.routes.network import peering_of, peers_shown
from domain.errors import Forbidden, InvalidInput, LocalFault, NotFound
from domain.ids import is_hex_id
from domain.keys import is_did, key_of
from domain.ports_peers import ALL_PEERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from litestar.types import ControllerRouterHandler

    from api import shapes_network
    from domain.ports_peers import PeerBook

PATH: Final = "/-/network"
DRAWN_MAX: Final = 24
LOOKS_MAX: Final = 300
"""How often a page that is left open looks again by itself."""
_MOVING_S, _RESTING_S = 2, 10
_CENTRE, _RADIUS = 150, 110


@get(PATH)
async def show_network(
    request: Asking,
    look: Annotated[int, QueryParameter(description="How often a page looked again.", ge=0, le=LOOKS_MAX)] = 0,
) -> Reply:
    """What anybody may know of it; for the operator its peers, what comes from them, and what is followed."""
    return fresh(request, await _page(request, look=look))


@post(PATH, status_code=303)
async def change(request: Asking) -> Reply:
    """Add, forget, block or pause a peer, or all of them, or take that back; follow or unfollow. The operator's."""
    form = await form_of(request)
    try:
        check_person(request)
        if not request.actor.operator:
            raise Forbidden("only the operator of this node may do this")
        act, _, named = form.text("act").partition(":")
        if act not in _ACTS:
            raise InvalidInput("choose what to do", field="act")
        peering = peering_of(request)
        if act == "add":
            address, did = peering.parse(form.line("address"))
            if did == request.ports.node.did:
                raise InvalidInput("that is this node itself", field="address")
            peering.book.add_peer(address, did, "added", _now_ms())
        else:
            _ACTS[act](peering.book, named or form.line("what"))
        await peering.changed()
    except LocalFault as fault:
        return fresh(request, await _page(request, fault, form.line("address"), form.line("what")))
    return see(PATH, "followed" if act == "follow" else "done")


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (show_network, change)


def _remove(book: PeerBook, did: str) -> None:
    if not book.remove_peer(did):
        raise NotFound(f"{did} was not added here")


def _block(book: PeerBook, did: str) -> None:
    key_of(did)
    book.shun("peer", did, _now_ms())


def _follow(book: PeerBook, what: str) -> None:
    if what == "all":
        book.follow("all", "", _now_ms())
    elif is_did(what):
        book.follow("principal", what, _now_ms())
    else:
        repo = what.lower().removeprefix("gitant://").rstrip("/")
        if not is_hex_id(repo):
            raise InvalidInput(
                "that is no repository's id, no did:key and not all",
                hint="an id is 64 hexadecimal digits; it is on the repository's page",
                field="what",
            )
        book.follow("repo", repo, _now_ms())
        book.unshun("repo", repo)


def _pause(book: PeerBook, who: str) -> None:
    if who != ALL_PEERS:
        key_of(who)
    book.shun("pause", who, _now_ms())


def _unfollow(book: PeerBook, what: str) -> None:
    sort = "all" if what == "all" else "principal" if is_did(what) else "repo"
    book.unfollow(sort, "" if sort == "all" else what)  # type: ignore[arg-type]  # one of the three


_ACTS: Final[Mapping[str, Callable[[PeerBook, str], Any]]] = {
    "add": _block,  # by its address, above
    "remove": _remove,
    "block": _block,
    "unblock": lambda book, did: book.unshun("peer", did),
    "pause": _pause,
    "resume": lambda book, who: book.unshun("pause", who),
    "follow": _follow,
    "unfollow": _unfollow,
}


async def _page(
    request: Asking, fault: LocalFault | None = None, address: str = "", what: str = "", look: int = 0
) -> Shown:
    ports, operator = request.ports, request.actor.operator
    peering = ports.peering
    peers = await peers_shown(request) if peering is not None else []
    coming = await coming_of(request)
    forks, forks_total = forks_of(request)
    diverged, diverged_total = diverged_of(request)
    values: dict[str, Any] = {
        "did": ports.node.did,
        "address": peering.address if peering is not None else None,
        "networked": peering is not None,
        "connected": sum(peer.connected for peer in peers),
        "known": len(peers),
        "peers": peers if operator else [],
        "paused": set(peering.book.shunned("pause")) if operator and peering is not None else (),
        "everybody": ALL_PEERS,
        "faring": peering.faring() if operator and peering is not None else (0, ""),
        "coming": coming,
        "forks": forks,
        "forks_total": forks_total,
        "diverged": diverged,
        "diverged_total": diverged_total,
        "next_look": look + 1 if operator and look < LOOKS_MAX else 0,
        "every_s": _MOVING_S if coming["moving"] else _RESTING_S,
        "follows": list(peering.book.follows()) if operator and peering is not None else [],
        "stats": ports.views.stats(request.actor),
        "picture": drawn(ports.node.did, peers) if operator and peers else "",
        "fault": fault,
        "typed": {"address": address, "what": what},
    }
    return Shown("network.html", "Network", values, status_of(fault))


def drawn(own: str, peers: Sequence[shapes_network.Peer]) -> list[dict[str, Any]]:
    """Where each peer stands in the picture: on a circle around this node, those that are connected first."""
    shown = peers[:DRAWN_MAX]
    spots: list[dict[str, Any]] = [{"x": _CENTRE, "y": _CENTRE, "did": own, "face": avatar(own), "state": "own"}]
    for at, peer in enumerate(shown):
        angle = 2 * math.pi * at / len(shown) - math.pi / 2
        x, y = _CENTRE + _RADIUS * math.cos(angle), _CENTRE + _RADIUS * math.sin(angle)
        state = _state_of(peer)
        spots.append({"x": round(x, 1), "y": round(y, 1), "did": peer.did, "face": avatar(peer.did), "state": state})
    return spots


def _state_of(peer: shapes_network.Peer) -> str:
    if peer.blocked:
        return "blocked"
    if peer.connected:
        return "coming" if peer.behind else "connected"
    return "away"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
