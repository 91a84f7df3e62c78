"""Who has which role in a repository, and who is blocked; devices that count no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import delete, get, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from api import shapes, shapes_authority
from api.asking import Asking
from api.forms_authority import Admission, CustodianEnd, CutOff, DeviceEnd, NewCollaborator, ids
from api.gate import readable, writers
from api.paging import listed, page_size
from api.params import After, Limit, PerPage, Repo
from api.reply import Reply, encode_json
from api.writing import done_with, gone, write
from domain.ids import Did, parse_event_id

if TYPE_CHECKING:
    from domain.ports_views import Answer, RepoRow

_REPO = "/api/v1/repos/{id:str}"
User = Annotated[str, PathParameter(name="user", description="A user name, a did:key, or `@me`.")]
Blocked = Annotated[bool, QueryParameter(description="Those who are blocked, instead.")]
Cuts = Annotated[
    str, QueryParameter(description="Events with commas between: what they did up to these counts.", max_length=6_500)
]


@get(f"{_REPO}/collaborators", sync_to_thread=False, responses=shapes.shows(shapes_authority.Collaborators))
def list_collaborators(
    request: Asking,
    repo: Repo,
    blocked: Blocked = False,
    after: After = None,
    per_page: PerPage = None,
    limit: Limit = None,
) -> Reply:
    """Who has a role in a repository, the highest first."""
    row = readable(request, repo)
    size = page_size(request, per_page, limit)
    found, following, total = request.ports.views.members(row.id, blocked=blocked, after=after, limit=size)
    docs = [encode_json(_named(request, doc)) for doc in found]
    return listed(request, b"collaborators", docs, following, total)


@post(
    f"{_REPO}/collaborators",
    guards=[writers],
    responses=shapes.shows(shapes_authority.Collaborator, status=201),
)
async def add_collaborator(request: Asking, repo: Repo, data: JSONBody[NewCollaborator]) -> Reply:
    """Give somebody a role, or another one than they have."""
    row = readable(request, repo)
    args = {"repo": row.id, "user": _user(request, data.user or data.did), "role": data.role, "cut": ids(data.cut)}
    return _shown(request, row, await write(request, "member.change", args), status=201)


@delete(
    f"{_REPO}/collaborators/{{user:str}}",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(None, status=204),
)
async def remove_collaborator(request: Asking, repo: Repo, user: User, cut: Cuts = "") -> Reply:
    """Take every role from somebody; for oneself, that is leaving.

    What they did counts as far as this node has it now, or up to the events that `cut` names.
    """
    row = readable(request, repo)
    args = {"repo": row.id, "user": _user(request, user), "cut": ids(cut.split(",") if cut else [])}
    return gone(await write(request, "member.remove", args))


@post(
    f"{_REPO}/collaborators/{{user:str}}/block",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(shapes_authority.Collaborator),
)
async def block_user(request: Asking, repo: Repo, user: User, data: JSONBody[CutOff | None] = None) -> Reply:
    """Keep somebody from doing anything in a repository, even what everybody may."""
    row = readable(request, repo)
    args = {"repo": row.id, "user": _user(request, user), "cut": ids(data.cut if data is not None else [])}
    return _shown(request, row, await write(request, "member.block", args))


@post(
    f"{_REPO}/collaborators/{{user:str}}/unblock",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(shapes_authority.Collaborator),
)
async def unblock_user(request: Asking, repo: Repo, user: User) -> Reply:
    """Let somebody do again what everybody may."""
    row = readable(request, repo)
    return _shown(request, row, await write(request, "member.unblock", {"repo": row.id, "user": _user(request, user)}))


@post(
    f"{_REPO}/admitted",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(shapes_authority.Admitted),
)
async def admit_events(request: Asking, repo: Repo, data: JSONBody[Admission]) -> Reply:
    """Have events count that a cut has voided: these, or all that an act has voided on this node."""
    row = readable(request, repo)
    names = ids(data.events)
    if data.act:
        names = [bytes(name) for name in request.ports.views.overturned(row.id, parse_event_id(data.act))]
    answer = await write(request, "member.admit", {"repo": row.id, "events": names})
    admitted: list[tuple[str, bool]] = answer.extra["admitted"]
    return done_with(answer, {"admitted": dict(admitted)})


@post(
    f"{_REPO}/devices/revoke",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(shapes_authority.Ended),
)
async def revoke_device(request: Asking, repo: Repo, data: JSONBody[DeviceEnd]) -> Reply:
    """End one device in a repository, for good."""
    row = readable(request, repo)
    args = {"repo": row.id, "device": data.device, "cut": ids(data.cut)}
    return _ended(await write(request, "device.revoke", args))


@post(
    f"{_REPO}/custodians/revoke",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(shapes_authority.Ended),
)
async def revoke_custodian(request: Asking, repo: Repo, data: JSONBody[CustodianEnd]) -> Reply:
    """End every device in a repository that one node keeps, for good."""
    row = readable(request, repo)
    args = {"repo": row.id, "node": data.node, "cut": ids(data.cut)}
    return _ended(await write(request, "custodian.revoke", args))


def _user(request: Asking, user: str) -> str:
    return request.actor.did or "" if user == "@me" else user


def _ended(answer: Answer) -> Reply:
    return done_with(answer, {"event": answer.events[0]})


def _shown(request: Asking, row: RepoRow, answer: Answer, *, status: int = 200) -> Reply:
    did: str = answer.extra["did"]
    # There is none of whom nobody ever gave anything, when this changed nothing.
    nothing: dict[str, Any] = {"did": did, "role": answer.extra["role"], "changes": []}
    doc = request.ports.views.member(row.id, Did(did)) or encode_json(nothing)
    return done_with(answer, _named(request, doc), status=status)


def _named(request: Asking, doc: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.json.decode(doc)
    return {**fields, "name": request.ports.views.name_of(fields["did"])}
