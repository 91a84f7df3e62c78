"""Imports: repositories with a history from elsewhere, as jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from litestar import delete, get, post
from litestar.params import JSONBody, PathParameter

from api import shapes
from api.asking import Asking
from api.forms import ImportForm
from api.gate import writers
from api.reply import Reply, encode_json, read
from api.writing import refuse_condition, repeat_key
from domain.errors import NotFound, Unavailable
from domain.ports_imports import ImportJob, ImportOrder
from domain.sight import sees_all

if TYPE_CHECKING:
    from domain.ports_imports import Imports

Job = Annotated[str, PathParameter(name="job", description="A job's id, as starting it was answered.")]


@post("/api/v1/import", guards=[writers], responses=shapes.shows(ImportJob, status=202))
async def start_import(request: Asking, data: JSONBody[ImportForm]) -> Reply:
    """Begin to import a repository from a git URL; the job says how far it is."""
    job, is_repeat = await begun(request, data)
    headers = [(b"location", f"/api/v1/import/{job.id}".encode())]
    if is_repeat:
        headers.append((b"idempotent-replayed", b"true"))
    return Reply(encode_json(job), status=202, headers=headers)


async def begun(request: Asking, data: ImportForm) -> tuple[ImportJob, bool]:
    """Begin an import; whether this was asked for before."""
    order = ImportOrder(
        url=data.url,
        ticket=data.ticket,
        name=data.name,
        owner=data.owner,
        description=data.description,
        private=data.private,
        username=data.username,
        password=data.password,
    )
    return await imports_of(request).start(request.actor, order, repeat=await repeat_key(request))


@get("/api/v1/import/{job:str}", guards=[writers], sync_to_thread=False, responses=shapes.shows(ImportJob))
def show_import(request: Asking, job: Job) -> Reply:
    """How far an import is; ended jobs are remembered for a week."""
    return read(request, encode_json(job_of(request, job)))


@delete("/api/v1/import/{job:str}", status_code=200, guards=[writers], responses=shapes.shows(ImportJob, status=202))
async def cancel_import(request: Asking, job: Job) -> Reply:
    """Have an import end soon, leaving nothing; one that has ended stays as it is."""
    refuse_condition(request)
    imports_of(request).cancel(job_of(request, job).id)
    return Reply(encode_json(job_of(request, job)), status=202)


def imports_of(request: Asking) -> Imports:
    """What carries imports out."""
    found = request.ports.imports
    if found is None:
        raise Unavailable("this node takes no imports")
    return found


def job_of(request: Asking, job: str) -> ImportJob:
    """An import, for who began it and the operator; raises `NotFound`."""
    found = imports_of(request).show(job)
    if found is None or not (sees_all(request.actor) or found.by == request.actor.did):
        raise NotFound(f"there is no import {job!r}", hint="jobs are remembered for a week")
    return found
