"""Keeping a repository apart: this node shares it with no other and takes nothing more of it, and tells nobody why."""

from __future__ import annotations

import time

from litestar import delete, put

from api import shapes
from api.asking import Asking
from api.gate import operators, readable
from api.params import Repo
from api.reply import Reply
from api.routes.network import peering_of
from api.writing import refuse_condition
from domain.errors import NotFound

_APART = "/api/v1/network/apart/{id:str}"


@put(_APART, status_code=200, guards=[operators], responses=shapes.shows(None, status=204))
async def keep_apart(request: Asking, repo: Repo) -> Reply:
    """Share a repository with no other node and take nothing more of it; what is here and elsewhere stays."""
    refuse_condition(request)
    name, peering = readable(request, repo).id.hex(), peering_of(request)
    peering.book.unfollow("repo", name)
    peering.book.shun("repo", name, time.time_ns() // 1_000_000)
    await peering.changed()
    return Reply(b"", status=204)


@delete(_APART, status_code=200, guards=[operators], responses=shapes.shows(None, status=204))
async def end_apart(request: Asking, repo: Repo) -> Reply:
    """Share a repository with other nodes again, and get what was missed. Following it does the same."""
    refuse_condition(request)
    row, peering = readable(request, repo), peering_of(request)
    if not peering.book.unshun("repo", row.id.hex()):
        raise NotFound(f"{row.name} is not kept apart here")
    await peering.changed()
    return Reply(b"", status=204)
