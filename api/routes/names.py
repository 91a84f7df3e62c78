"""What people are called on this node, for many at once: lists and events name them by their dids."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import get
from litestar.params import QueryParameter

from api import shapes
from api.asking import Asking
from api.reply import Reply, read_value
from domain.errors import InvalidInput
from domain.ids import Did
from domain.keys import is_did

DIDS_MAX: Final = 100
Dids = Annotated[str, QueryParameter(description=f"Up to {DIDS_MAX} dids, with commas between.", max_length=8_000)]


@get("/api/v1/names", sync_to_thread=False, responses=shapes.shows(shapes.Names))
def list_names(request: Asking, dids: Dids) -> Reply:
    """The user names of these principals; those who have none here are left out."""
    asked = list(dict.fromkeys(dids.split(",")))
    if len(asked) > DIDS_MAX:
        raise InvalidInput(f"over {DIDS_MAX} dids at once", hint="ask for them in parts", field="dids")
    for did in asked:
        if not is_did(did):
            raise InvalidInput(f"{did[:100]!r} is no did:key", field="dids")
    found = {did: request.ports.views.name_of(Did(did)) for did in asked}
    return read_value(request, {"names": {did: name for did, name in found.items() if name}})
