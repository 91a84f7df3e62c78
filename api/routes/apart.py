"""A repository that this node shares with no other and takes nothing more of, or has no copy of any more.

Nobody else is told, and nothing is taken from anybody else.
"""

from __future__ import annotations

import time
from typing import Final

from litestar import delete, put

from api import shapes, shapes_network
from api.asking import Asking
from api.gate import operators, readable
from api.params import Repo
from api.reply import Reply, encode_json
from api.routes.network import peering_of
from api.writing import refuse_condition, write
from domain.errors import NotFound

_APART: Final = "/api/v1/network/apart/{id:str}"
_COPY: Final = "/api/v1/network/copies/{id:str}"


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


@delete(_COPY, status_code=200, guards=[operators], responses=shapes.shows(shapes_network.Removed))
async def remove_copy(request: Asking, repo: Repo) -> Reply:
    """Remove this node's copy of a repository: events, objects and attachments. It comes back when it is followed."""
    refuse_condition(request)
    row, peering = readable(request, repo), peering_of(request)
    peering.book.unfollow("repo", row.id.hex())
    peering.book.shun("repo", row.id.hex(), time.time_ns() // 1_000_000)
    await peering.changed()  # before it goes: it must not come back by what is on its way
    answer = await write(request, "replica.remove", {"repo": row.id})
    gone = shapes_network.Removed(events=answer.extra["events"], attachments=answer.extra["attachments"])
    return Reply(encode_json(gone))
