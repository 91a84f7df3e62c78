"""`gitant peer …`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from domain.errors import InvalidInput
from domain.ids import is_hex_id
from gitant.cli.api import Api, segment
from gitant.cli.checkout import selector
from gitant.cli.options import DataDir, Json, Url
from gitant.cli.output import clean, print_json, print_table, tell

app = typer.Typer()

_PEERS = "/api/v1/peers"
_FOLLOWS = "/api/v1/follows"
NETWORK = "/api/v1/network/status"

Did = Annotated[str, typer.Argument(metavar="DID", help="The node's did:key.", show_default=False)]
What = Annotated[
    str,
    typer.Argument(metavar="WHAT", help="A repository's id, a principal's did:key, or all.", show_default=False),
]


@app.command()
def add(
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS",
            help="did:key:…@host:port, as `gitant status` says there; or did:key:…@wss://host/path.",
            show_default=False,
        ),
    ],
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Connect with another node, now and whenever the connection is lost."""
    with Api.open(data_dir, url) as api:
        _say(api.send("POST", _PEERS, {"address": address}), json=json)


@app.command("list")
def list_peers(data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """List the nodes that this one knows or is connected with."""
    with Api.open(data_dir, url) as api:
        found = api.get(_PEERS)["peers"]
        if not json:
            tell_how_it_fares(api.get(NETWORK))
    if json:
        print_json(found)
        return
    rows = [(_state(each), each["did"], _place(each), each["streams"], each["fault"]) for each in found]
    print_table(("State", "Node", "Address", "Streams", "Fault"), rows, empty="no peers; add one: gitant peer add …")


@app.command()
def remove(did: Did, data_dir: DataDir = None, url: Url = None) -> None:
    """Forget where a node is. It may still connect to this one; a block keeps it from that."""
    with Api.open(data_dir, url) as api:
        api.send("DELETE", f"{_PEERS}/{segment(did)}")
    tell(f"{did} is dialled no more")


@app.command()
def block(did: Did, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Talk with a node no more, whoever connects. What it gave stays."""
    with Api.open(data_dir, url) as api:
        _say(api.send("PUT", f"{_PEERS}/{segment(did)}/block", {}), json=json)


@app.command()
def unblock(did: Did, data_dir: DataDir = None, url: Url = None) -> None:
    """Talk with a node again."""
    with Api.open(data_dir, url) as api:
        api.send("DELETE", f"{_PEERS}/{segment(did)}/block")
    tell(f"{did} is blocked no more")


@app.command()
def pause(did: Did, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Hang up on a node until it is resumed. Both keep what they have."""
    with Api.open(data_dir, url) as api:
        _say(api.send("PUT", f"{_PEERS}/{segment(did)}/pause", {}), json=json)


@app.command()
def resume(did: Did, data_dir: DataDir = None, url: Url = None) -> None:
    """Talk with a paused node again, and get what was missed."""
    with Api.open(data_dir, url) as api:
        api.send("DELETE", f"{_PEERS}/{segment(did)}/pause")
    tell(f"{did} is talked with again")


@app.command()
def leave(
    repo: Annotated[str, typer.Argument(metavar="REPO", help="A name, owner/name or id.", show_default=False)],
    undo: Annotated[bool, typer.Option("--undo", help="Share it again, and get what was missed.")] = False,
    data_dir: DataDir = None,
    url: Url = None,
) -> None:
    """Share a repository with no other node, and take nothing more of it from any."""
    with Api.open(data_dir, url) as api:
        path = f"/api/v1/network/apart/{segment(selector(repo))}"
        api.send("DELETE", path) if undo else api.send("PUT", path, {})
    tell(f"{repo} is shared with other nodes again" if undo else f"{repo} is kept apart from other nodes")


@app.command()
def follow(what: What, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Replicate a repository, everything of a principal, or all that peers offer; now, or once somebody has it."""
    if what == "all":
        body: dict[str, Any] = {"all": True}
    elif what.startswith("did:"):
        body = {"principal": what}
    elif is_hex_id(what.lower()):
        body = {"repo": what}
    else:
        raise InvalidInput(
            f"{what!r} is no repository's id, no did:key and not all",
            hint="`gitant repo view NAME`, asked of a node that has it, says its id",
        )
    with Api.open(data_dir, url) as api:
        made = api.send("POST", _FOLLOWS, body)
    if json:
        print_json(made)
    else:
        tell(f"{made['id']} is replicated from now on")


@app.command()
def unfollow(what: What, data_dir: DataDir = None, url: Url = None) -> None:
    """Replicate something no more. What is here of it stays."""
    with Api.open(data_dir, url) as api:
        api.send("DELETE", f"{_FOLLOWS}/{segment(what)}")
    tell(f"{what} is followed no more")


@app.command("follows")
def list_follows(data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """List what this node replicates beside what is on it."""
    with Api.open(data_dir, url) as api:
        found = api.get(_FOLLOWS)["follows"]
    if json:
        print_json(found)
        return
    rows = [(each["kind"], each["id"], each["added_at"]) for each in found]
    print_table(("Kind", "Id", "Since"), rows, empty="nothing is followed")


def tell_how_it_fares(network: dict[str, Any]) -> None:
    """Say what else there is to know of the network: that it pauses, or dies again and again."""
    if network["paused"]:
        tell("this node pauses with all others; go on with: gitant sync resume")
    if network["restarts"]:
        died = f"the process that talks with peers died {network['restarts']} times since the node started"
        tell(f"{died}, the last time of this: {network['fault']}")


def _say(peer: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(peer)
        return
    print("\t".join(clean(cell) for cell in (_state(peer), peer["did"], _place(peer))))
    if peer["fault"]:
        tell(f"it cannot be reached now: {peer['fault']}; it is tried again")


def _state(peer: dict[str, Any]) -> str:
    for state in ("blocked", "paused", "connected"):
        if peer[state]:
            return state
    return "away"


def _place(peer: dict[str, Any]) -> str:
    return str(peer["address"] or next(iter(peer["addresses"]), ""))
