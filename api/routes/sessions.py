"""Where somebody is logged in."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

from litestar import delete, get
from litestar.params import PathParameter

from api import shapes
from api.accounts import session_of
from api.asking import Asking
from api.gate import writers
from api.noting import note
from api.people import account_of, accounts_of, check_own, rfc3339
from api.reply import Reply, read_value
from api.routes.users import UserId
from api.shapes_accounts import UserSession, UserSessions
from api.threads import in_thread
from api.writing import refuse_condition
from domain.errors import NotFound

if TYPE_CHECKING:
    from domain.ports_accounts import Session

SessionId = Annotated[str, PathParameter(name="sessionId", description="A session's id, as the list has it.")]


@get("/api/v1/users/{id:str}/sessions", guards=[writers], responses=shapes.shows(UserSessions))
async def list_sessions(request: Asking, user: UserId) -> Reply:
    """An account's sessions; there are at most 50."""
    account = await account_of(request, user)
    check_own(request, account)
    now_ms = time.time_ns() // 1_000_000
    found = await in_thread(accounts_of(request).sessions.of, account.did, now_ms)
    own = session_of(request.actor)
    return read_value(request, UserSessions([_shown(session, own) for session in found]))


@delete(
    "/api/v1/users/{id:str}/sessions/{sessionId:str}",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(None, status=204),
)
async def end_session(request: Asking, user: UserId, session: SessionId) -> Reply:
    """End one session at once, wherever it is."""
    refuse_condition(request)
    account = await account_of(request, user)
    check_own(request, account)
    if not await in_thread(accounts_of(request).sessions.end, account.did, session):
        raise NotFound("there is no such session", hint=f"GET /api/v1/users/{account.name}/sessions lists them")
    await note(request, "session.ended", f"{session} of {account.name}")
    return Reply(b"", status=204)


@delete("/api/v1/users/{id:str}/sessions", status_code=200, guards=[writers], responses=shapes.shows(None, status=204))
async def end_sessions(request: Asking, user: UserId) -> Reply:
    """End every session of an account, the one that asks too."""
    refuse_condition(request)
    account = await account_of(request, user)
    check_own(request, account)
    await in_thread(accounts_of(request).sessions.end, account.did)
    await note(request, "session.ended", f"all of {account.name}")
    return Reply(b"", status=204)


def _shown(session: Session, own: str) -> UserSession:
    return UserSession(
        id=session.id,
        client=session.label,
        address=session.address,
        created_at=rfc3339(session.made_ms),
        last_used_at=rfc3339(session.seen_ms),
        expires_at=rfc3339(session.ends_ms),
        current=session.id == own,
    )
