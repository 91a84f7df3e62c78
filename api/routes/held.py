"""What strangers sent, and what is decided about it. It is the writer's to read: none of it is in the views."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

from litestar import delete, get, post, put
from litestar.params import JSONBody, PathParameter, QueryParameter

from api import shapes, shapes_held
from api.asking import Asking
from api.forms_authority import StrangersRule
from api.gate import readable, writers
from api.paging import listed, page_size
from api.params import After, Limit, PerPage, Repo
from api.reply import Reply, encode_json, read_value
from api.writing import done_with, write
from domain.errors import InvalidInput
from domain.ids import is_hex_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.ports_views import RepoRow

_PATH: Final = "/api/v1/repos/{id:str}/held"
Stranger = Annotated[str, PathParameter(name="author", description="The did:key of who signed the events.")]
Origin = Annotated[
    str, QueryParameter(description="Only what came from this network, like 203.0.113.0/24.", max_length=64)
]


@get(_PATH, responses=shapes.shows(shapes_held.HeldEvents))
async def list_held(
    request: Asking, repo: Repo, after: After = None, per_page: PerPage = None, limit: Limit = None
) -> Reply:
    """What strangers sent and waits, the oldest first: for a repository's maintainers, and whoever runs the node."""
    row = readable(request, repo)
    rows, following, total = await held_in(request, row, after, page_size(request, per_page, limit))
    return listed(request, b"held", [encode_json(each) for each in rows], following, total)


@post(f"{_PATH}/{{author:str}}/admit", status_code=200, guards=[writers], responses=shapes.shows(shapes_held.Admitted))
async def admit_held(request: Asking, repo: Repo, author: Stranger) -> Reply:
    """Let somebody in: take all that is held of them into the log; from then on, what they send does not wait."""
    row = readable(request, repo)
    answer = await write(request, "held.admit", {"repo": row.id, "author": author})
    told = answer.extra["held"]
    refused = [{"event": each["event"], "why": each["why"]} for each in told["refused"]]
    return done_with(answer, {"author": told["author"], "admitted": told["admitted"], "refused": refused})


@post(f"{_PATH}/{{author:str}}/block", status_code=200, guards=[writers], responses=shapes.shows(shapes_held.Blocked))
async def block_held(request: Asking, repo: Repo, author: Stranger) -> Reply:
    """Forget what is held of somebody, and block them in the repository's log."""
    row = readable(request, repo)
    answer = await write(request, "held.block", {"repo": row.id, "author": author})
    told = {"did": answer.extra["did"], "role": answer.extra["role"], **answer.extra["held"]}
    return done_with(answer, told)


@delete(f"{_PATH}/{{author:str}}", status_code=200, guards=[writers], responses=shapes.shows(shapes_held.Dropped))
async def drop_held(request: Asking, repo: Repo, author: Stranger) -> Reply:
    """Forget what is held of somebody; none of it is held again."""
    row = readable(request, repo)
    answer = await write(request, "held.drop", {"repo": row.id, "author": author})
    return done_with(answer, answer.extra["held"])


@delete(_PATH, status_code=200, guards=[writers], responses=shapes.shows(shapes_held.Dropped))
async def drop_all_held(request: Asking, repo: Repo, origin: Origin = "") -> Reply:
    """Forget all that is held in a repository, or what of it came from one network."""
    row = readable(request, repo)
    answer = await write(request, "held.drop", {"repo": row.id, "origin": origin or None})
    return done_with(answer, answer.extra["held"])


_RULE: Final = "/api/v1/repos/{id:str}/strangers"


@get(_RULE, responses=shapes.shows(shapes_held.Rule))
async def show_rule(request: Asking, repo: Repo) -> Reply:
    """What becomes of events that strangers send about a repository."""
    return read_value(request, await rule_of(request, readable(request, repo)))


@put(_RULE, guards=[writers], responses=shapes.shows(shapes_held.Rule))
async def choose_rule(request: Asking, repo: Repo, data: JSONBody[StrangersRule]) -> Reply:
    """Choose that for one repository, on this node; its owners may."""
    row = readable(request, repo)
    answer = await write(request, "held.choose", {"repo": row.id, "rule": data.rule})
    return done_with(answer, _ruled(answer.extra["held"]))


async def held_in(
    request: Asking, row: RepoRow, after: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None, int]:
    """A page of what waits in a repository, the next cursor, and how much there is; for those who may decide on it."""
    args: dict[str, Any] = {"repo": row.id, "limit": limit}
    if after is not None:
        args["held_ms"], args["event"] = _read_cursor(after)
    answer = await request.ports.writer.send("held.list", request.actor, args)
    rows: list[dict[str, Any]] = answer.extra["page"]
    following = f"{rows[-1]['held_ms']}.{rows[-1]['event']}" if answer.extra["more"] else None
    return [_shown(each) for each in rows], following, answer.extra["total"]


async def held_everywhere(request: Asking) -> dict[str, Any]:
    """How much waits on this node, and where: `events`, `bytes`, and rows with `repo` and `oldest` besides.

    For its operator.
    """
    extra = (await request.ports.writer.send("held.sum", request.actor, {})).extra
    views = request.ports.views
    rows = [
        {"repo": views.repo(each["stream"]), "oldest": _iso(each["oldest_ms"]), **each} for each in extra["streams"]
    ]
    return {"rows": rows, "events": extra["events"], "bytes": extra["bytes"]}


async def rule_of(request: Asking, row: RepoRow) -> dict[str, Any]:
    """What becomes of strangers' events in a repository."""
    return _ruled((await request.ports.writer.send("held.rule", request.actor, {"repo": row.id})).extra)


def _ruled(extra: Mapping[str, Any]) -> dict[str, Any]:
    return {"rule": extra["rule"], "chosen": extra["chosen"]}


def waiting(held: dict[str, Any]) -> bytes:
    """What is answered to a stranger whose event waits."""
    body = {
        "held": {**{name: held[name] for name in ("event", "stream", "author")}, "until": _iso(held["until_ms"])},
        "explanation": "you are not known in this repository yet: the event waits, outside its log, until those who "
        "look after it admit what you sent; if nobody does before the time in `until`, it is forgotten",
    }
    return encode_json(body)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    times = {"held_at": _iso(row["held_ms"]), "until": _iso(row["until_ms"])}
    return {**{name: value for name, value in row.items() if not name.endswith("_ms")}, **times}


def _iso(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read_cursor(cursor: str) -> tuple[int, bytes]:
    time, _, event = cursor.partition(".")
    if not time.isdecimal() or not time.isascii() or len(time) > 15 or not is_hex_id(event):
        raise InvalidInput(
            "the page cursor is malformed",
            hint="follow the Link header of the page before, or leave the cursor out",
            field="after",
        )
    return int(time), bytes.fromhex(event)
