"""`gitant sync`, `gitant sync status`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from domain.errors import Unavailable
from gitant.cli.api import Api, segment
from gitant.cli.checkout import selector
from gitant.cli.options import DataDir, Json, Url
from gitant.cli.output import print_json, print_table, tell
from gitant.cli.peer import NETWORK, tell_how_it_fares

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer()

_PAUSE: Final = "/api/v1/network/pause"
_DONE: Final = frozenset({"equal", "partial"})
_LOOK_EVERY_S: Final = 0.2
_SAY_EVERY_S: Final = 1.0


@app.callback(invoke_without_command=True)
def sync(
    context: typer.Context,
    repo: Annotated[
        str | None,
        typer.Option(
            "--repo", "-R", metavar="REPO", help="Wait for this repository alone [else all].", show_default=False
        ),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare every feed, even where both sides look the same.")
    ] = False,
    seconds: Annotated[int, typer.Option("--seconds", min=1, help="Wait so long at most.")] = 60,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Compare with all connected peers now, get what is missing, and say how far that is while it goes on."""
    if context.invoked_subcommand is not None:
        return
    with Api.open(data_dir, url) as api:
        api.send("POST", "/api/v1/network/compare", {"thorough": verify})
        deadline, told = time.monotonic() + seconds, 0.0
        time.sleep(_LOOK_EVERY_S)
        while not _is_done(counts := _counts(api, repo)):
            if time.monotonic() >= deadline:
                raise Unavailable(f"after {seconds} s: {_words(counts)}", hint="it goes on; look: gitant sync status")
            if time.monotonic() - told >= _SAY_EVERY_S:
                told = time.monotonic()
                tell(_words(counts))
            time.sleep(_LOOK_EVERY_S)
    if json:
        print_json(counts)
    else:
        tell(_words(counts))


@app.command()
def status(
    repo: Annotated[
        str | None,
        typer.Option("--repo", "-R", metavar="REPO", help="This repository [else all streams].", show_default=False),
    ] = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Say how the copies here compare with those of connected peers."""
    with Api.open(data_dir, url) as api:
        if repo is None:
            found = api.get(NETWORK)
            if not json:
                tell_how_it_fares(found)
            rows = [(stream, _words(states)) for stream, states in sorted(found["streams"].items())]
            columns, empty = ("Stream", "With peers"), "nothing is shared with a connected peer"
        else:
            found = api.get(f"/api/v1/repos/{segment(selector(repo))}/sync")
            rows = [(each["did"], f"{each['state']}, {each['behind']} feeds behind") for each in found["peers"]]
            columns, empty = ("Peer", "State"), f"no connected peer shares it; objects: {found['objects']}"
    if json:
        print_json(found)
    else:
        print_table(columns, rows, empty=empty)


@app.command()
def pause(data_dir: DataDir = None, url: Url = None) -> None:
    """Hang up on all other nodes until `gitant sync resume`, through restarts of this one."""
    with Api.open(data_dir, url) as api:
        api.send("PUT", _PAUSE, {})
    tell("this node talks with no other for now")


@app.command()
def resume(data_dir: DataDir = None, url: Url = None) -> None:
    """Talk with other nodes again, and get what was missed."""
    with Api.open(data_dir, url) as api:
        api.send("DELETE", _PAUSE)
    tell("this node talks with others again")


def _counts(api: Api, repo: str | None) -> dict[str, int]:
    """How many pairs of stream and peer are in each state."""
    if repo is not None:
        found = api.get(f"/api/v1/repos/{segment(selector(repo))}/sync")
        each: list[Mapping[str, int]] = [{peer["state"]: 1} for peer in found["peers"]]
        if found["objects"] != "present":
            each.append({"objects": 1})
    else:
        streams: dict[str, Any] = api.get(NETWORK)["streams"]
        each = list(streams.values())
    counts: dict[str, int] = {}
    for states in each:
        for name, count in states.items():
            counts[name] = counts.get(name, 0) + count
    return counts


def _is_done(counts: Mapping[str, int]) -> bool:
    return counts.keys() <= _DONE


def _words(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "nothing is shared with a peer"
