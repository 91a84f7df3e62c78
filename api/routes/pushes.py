"""Pushes by API, for clients that do not speak git: loose objects or a pack, and the refs that move."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from litestar import post
from litestar.params import JSONBody

from api import shapes, shapes_git
from api.asking import Asking
from api.binary import from_base64
from api.faults import PackNotTaken, RefsNotMoved
from api.forms import LoosePush, PackPush
from api.gate import check_role, readable, writers
from api.params import Repo
from api.reply import Reply
from api.threads import in_thread
from api.writing import done_with, write
from domain.errors import InvalidInput
from domain.ports_git import ZERO_OID, PackRefused
from domain.refs.names import BRANCH_PREFIX, ref_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from api.forms import LooseObject, RefUpdate
    from domain.ports_git import Quarantine
    from domain.ports_views import RepoRow

_FEED_BYTES: Final = 1 << 20


@post("/api/v1/repos/{id:str}/push", status_code=200, guards=[writers], responses=shapes.shows(shapes_git.Pushed))
async def push_objects(request: Asking, repo: Repo, data: JSONBody[LoosePush]) -> Reply:
    """Store loose objects and move refs to them. All refs move, or none."""
    row = readable(request, repo)

    def pack() -> bytes:
        return request.ports.packs.build([_checked(index, each) for index, each in enumerate(data.objects)])

    return await _push(request, row, data.ref_updates, pack)


@post(
    "/api/v1/repos/{id:str}/push-packfile", status_code=200, guards=[writers], responses=shapes.shows(shapes_git.Pushed)
)
async def push_packfile(request: Asking, repo: Repo, data: JSONBody[PackPush]) -> Reply:
    """Store a pack and move refs into it. All refs move, or none."""
    row = readable(request, repo)

    def pack() -> bytes:
        return from_base64(data.packfile, "packfile") if data.packfile else request.ports.packs.build([])

    return await _push(request, row, data.ref_updates, pack)


async def _push(request: Asking, row: RepoRow, updates: Sequence[RefUpdate], pack: Callable[[], bytes]) -> Reply:
    """Quarantine, check, append, publish: the way a git push goes, too."""
    check_role(request, row, "refs.move")
    commands = [_command(request, row, index, update) for index, update in enumerate(updates)]
    if len({ref for ref, _, _ in commands}) < len(commands):
        raise InvalidInput("a ref is named twice", field="ref_updates")
    content = await in_thread(pack)
    quarantine = await in_thread(request.ports.quarantine.quarantine, row.id)
    try:
        await in_thread(_check, quarantine, content, commands)
        await request.check_known()
        args = {"repo": row.id, "commands": commands, "quarantine": quarantine.token, "atomic": True}
        answer = await write(request, "refs.move", args)
    finally:
        await in_thread(quarantine.discard)
    outcomes: list[list[str]] = answer.extra.get("outcomes", [])
    refused = [(index, reason) for index, (_, reason) in enumerate(outcomes) if reason]
    if refused:
        raise RefsNotMoved("; ".join(f"{updates[index].name}: {reason}" for index, reason in refused), refused)
    moved = [{"name": ref, "hash": None if new == ZERO_OID else new} for ref, _, new in commands]
    value: dict[str, Any] = {
        "success": True,
        "repo": row.id.hex(),
        "errors": [],
        "refs": moved,
        "events": answer.events,
    }
    return done_with(answer, value)


def _command(request: Asking, row: RepoRow, index: int, update: RefUpdate) -> list[str]:
    """A move as the writer takes it. Without `old_hash` it is from wherever the ref is now."""
    if problem := ref_problem(update.name):
        raise InvalidInput(f"{update.name}: {problem}", field=f"ref_updates[{index}].name")
    old = update.old_hash
    if old is None:
        old = request.ports.quarantine.refs(row.id).get(update.name, ZERO_OID)
    return [update.name, (old or ZERO_OID).lower(), (update.new_hash or ZERO_OID).lower()]


def _checked(index: int, given: LooseObject) -> tuple[str, bytes]:
    content = from_base64(given.content, f"objects[{index}].content")
    # Git names objects by SHA-1; what is stored is named by what it is, so a wrong name is refused early.
    real = hashlib.sha1(b"%b %d\0" % (given.type.encode(), len(content)) + content, usedforsecurity=False).hexdigest()
    if real != given.hash.lower():
        raise InvalidInput(f"this content is {real}, not {given.hash}", field=f"objects[{index}].hash")
    return given.type, content


def _check(quarantine: Quarantine, pack: bytes, commands: Sequence[Sequence[str]]) -> None:
    tips = sorted({new for _, _, new in commands if new != ZERO_OID})
    try:
        for start in range(0, len(pack), _FEED_BYTES):
            quarantine.feed(pack[start : start + _FEED_BYTES])
        kinds = quarantine.finish(tips)
    except PackRefused as fault:
        raise PackNotTaken(str(fault)) from fault
    for index, (ref, _, new) in enumerate(commands):
        if ref.startswith(BRANCH_PREFIX) and kinds.get(new, "commit") != "commit":
            raise InvalidInput(
                f"{new} is a {kinds[new]}; a branch holds commits", field=f"ref_updates[{index}].new_hash"
            )
