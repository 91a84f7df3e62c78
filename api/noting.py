"""What a request does that is no event of the log, noted in the local audit log."""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from api.entrance.entrance import ASKED
from api.faults import RateLimited
from api.origin import SAFE_METHODS
from api.threads import in_thread
from domain.audit import Entry, by
from domain.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Generator

    from api.asking import Asking, Facts
    from api.ports import Asked
    from domain.actor import Actor


async def note(asking: Asking, act: str, target: str = "", *, actor: Actor | None = None) -> None:
    """Note what whoever asks (or `actor`, whom a login has just found out) has done. On the disk when this returns."""
    await note_entry(asking, by(actor or asking.actor, act, address=address_of(asking), target=target))


async def note_entry(asking: Asking, entry: Entry) -> None:
    """Note an entry that is made already."""
    ports = asking.ports
    asking.facts.noted = True
    if ports.journal is not None:
        await in_thread(ports.journal.note, [entry], ports.views.position())


@contextmanager
def noting_refusals(asking: Asking, name: str) -> Generator[None]:
    """Have it counted when what somebody shows for a name does not get them in."""
    try:
        yield
    except (Unauthenticated, RateLimited):
        if asking.ports.refusals is not None:
            asking.ports.refusals.note("login.failed", name, address_of(asking))
        raise


async def note_rest(facts: Facts, scope: dict[str, Any], method: str, status: int) -> None:
    """Note a request that changed something of the node's own, where nobody did in words of its own.

    What became an event, the writer has noted.
    """
    journal, actor = facts.ports.journal, facts.actor
    if method in SAFE_METHODS or status >= HTTPStatus.BAD_REQUEST or facts.noted or journal is None or not actor.did:
        return
    asked: Asked | None = scope.get(ASKED)
    entry = by(actor, "request", address=asked.address if asked else "", target=f"{method} {scope['path']}")
    await in_thread(journal.note, [entry], facts.ports.views.position())


def address_of(asking: Asking) -> str:
    """Where a request came from, with credentials or without; empty where nobody looks."""
    asked: Asked | None = cast("dict[str, Any]", asking.scope).get(ASKED)
    return asked.address if asked is not None else asking.address
