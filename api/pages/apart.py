"""What of the network a person has to look at: what comes, what grew apart, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from api.pages.front import settled_at
from api.pages.place import url_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.asking import Asking
    from domain.ids import Did
    from domain.ports_apart import ForkProof

PROOFS_SHOWN: Final = 20
DIVERGED_SHOWN: Final = 20


def forks_of(request: Asking) -> tuple[list[dict[str, Any]], int]:
    """Proofs that one key signed two pasts, the last one first, each with whose key it is; and how many there are."""
    proofs, total = request.ports.views.fork_proofs(request.actor, limit=PROOFS_SHOWN)
    return [_fork(request, proof) for proof in proofs], total


def diverged_of(request: Asking) -> tuple[list[tuple[str, str, str]], int]:
    """Branches and tags in several places: whose, which, and where they are settled; and how many there are."""
    found, total = request.ports.views.diverged(request.actor, limit=DIVERGED_SHOWN)
    return [place for each in found if (place := settled_at(request, each)) is not None], total


async def coming_of(request: Asking) -> dict[str, Any]:
    """For the operator, what is not alike here and at some peer, by stream; whether anything of it is `moving` now."""
    peering = request.ports.peering
    said: Mapping[str, Any] = {}
    if peering is not None and request.actor.operator:
        said = await peering.ask("coming")
    objects: dict[str, int] = said.get("objects", {})
    states: list[dict[str, Any]] = said.get("streams", [])
    told = {state["stream"] for state in states}
    nobody = {"did": "", "state": "objects", "behind": 0, "received": 0, "declined": 0}
    states += [{**nobody, "stream": stream} for stream in objects if stream not in told]
    rows = [
        {**state, **_named(request, state["stream"]), "objects": objects.get(state["stream"], 0)} for state in states
    ]
    return {"rows": rows, "total": max(len(rows), said.get("total", 0)), "moving": said.get("moving", False)}


def _fork(request: Asking, proof: ForkProof) -> dict[str, Any]:
    author = proof.twins[0].author
    return {
        **_named(request, proof.stream.hex()),
        "author": author,
        "whose": _whose(request, {twin.author for twin in proof.twins}),
        "device": proof.device.hex(),
        "seq": proof.seq,
        "twins": [{"id": twin.id.hex(), "kind": twin.kind, "time": twin.time_ms} for twin in proof.twins],
        "position": proof.position,
    }


def _whose(request: Asking, authors: set[Did]) -> str:
    """Whether the key is this node's, of whoever looks, or somebody else's."""
    if request.ports.node.did in authors:
        return "node"
    return "mine" if request.actor.did in authors else "other"


def _named(request: Asking, stream: str) -> dict[str, str]:
    """A stream as people call it: its repository's address, if whoever looks may see that."""
    row = request.ports.views.visible(request.actor, stream)
    return {"stream": stream, "repo": "" if row is None else url_of(row)}
