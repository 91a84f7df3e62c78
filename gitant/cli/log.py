"""`gitant log`."""

from __future__ import annotations

import json as encoding
import os
import signal
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from domain.errors import InvalidInput
from domain.verdict import VOIDS
from gitant.cli.api import Api, segment
from gitant.cli.checkout import repository
from gitant.cli.follow import followed
from gitant.cli.names import names_of
from gitant.cli.options import DataDir, Json, Limit, Repo, Url
from gitant.cli.output import clean, print_json, print_table

if TYPE_CHECKING:
    from types import FrameType

app = typer.Typer()


@app.command()
def log(
    kind: Annotated[
        str, typer.Option("--kind", "-k", help="Only events of this kind, like issue.opened.v1.", show_default=False)
    ] = "",
    author: Annotated[
        str, typer.Option("--author", help="Only events by this user name or did:key.", show_default=False)
    ] = "",
    void: Annotated[bool, typer.Option("--void", help="Only events of no effect, and why they have none.")] = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Then print events as they happen.")] = False,
    every: Annotated[bool, typer.Option("--all", help="With --follow: of every repository.")] = False,
    after: Annotated[
        int | None,
        typer.Option(
            "--after",
            min=0,
            metavar="POSITION",
            help="With --follow: begin behind this position of the log; 0 is the beginning.",
            show_default=False,
        ),
    ] = None,
    limit: Limit = 30,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """List a repository's signed events, newest first."""
    if (every or after is not None) and not follow:
        raise InvalidInput("--all and --after are for following", hint="add --follow")
    if void:
        if follow:
            raise InvalidInput("--void and --follow exclude each other")
        _list_void(data_dir, url, repo, {"kind": kind, "author": author}, limit, json=json)
        return
    wanted = {name: value for name, value in (("kind", kind), ("author", author)) if value}
    if every:
        if repo is not None:
            raise InvalidInput("--all and --repo exclude each other")
        _follow(data_dir, url, wanted, after, json=json)
        return
    with Api.open(data_dir, url) as api:
        name = repository(repo, api.addresses)
        listed = after is None or not follow
        position = api.get("/api/v1/status")["position"] if follow and listed else after
        events = api.listed(f"/api/v1/repos/{segment(name)}/events", "events", limit, wanted) if listed else []
        names = {} if json else names_of(api, [event["author"] for event in events])
    if follow:
        for event in reversed(events):
            _print(event if json else {**event, "author": names[event["author"]]}, json=json)
        _follow(data_dir, url, {**wanted, "repo": name}, position, json=json, known={each["id"] for each in events})
    elif json:
        print_json(events)
    else:
        named = [{**event, "author": names[event["author"]]} for event in events]
        print_table(_HEADINGS, [_row(event) for event in named], empty="there are none")


_HEADINGS = ("Event", "Lamport", "Kind", "Author", "Claimed time", "Verdict")


def _list_void(
    data_dir: str | None, url: str | None, repo: str | None, wanted: dict[str, str], limit: int, *, json: bool
) -> None:
    """Events of no effect, with the reason in words."""
    narrow = {"verdict": "void", **{name: value for name, value in wanted.items() if value}}
    with Api.open(data_dir, url) as api:
        path = f"/api/v1/repos/{segment(repository(repo, api.addresses))}/events"
        events = api.listed(path, "events", limit, narrow)
        names = {} if json else names_of(api, [event["author"] for event in events])
    told: list[dict[str, Any]] = [{**event, "words": VOIDS.get(event["reason"], event["reason"])} for event in events]
    if json:
        print_json(told)
        return
    rows: list[tuple[object, ...]] = [
        (each["id"][:16], each["kind"], names[each["author"]], f"{each['reason']}: {each['words']}") for each in told
    ]
    print_table(("Event", "Kind", "Author", "Why"), rows, empty="every event has its effect")


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    os._exit(0)


def _follow(
    data_dir: str | None,
    url: str | None,
    wanted: dict[str, Any],
    after: int | None,
    *,
    json: bool,
    known: set[str] | frozenset[str] = frozenset(),
) -> None:
    """Print what happens until somebody presses Ctrl-C. What was listed before is `known`."""
    names: dict[str, str] = {}
    # Unwinding an HTTP client at any point it may be at can wait for a lock for ever; there is nothing to tidy up.
    signal.signal(signal.SIGINT, _leave)
    for event in followed(data_dir, url, wanted, after):
        if event["id"] in known:
            continue
        if not json and event["author"] not in names:
            with Api.open(data_dir, url) as api:
                names |= names_of(api, [event["author"]])
        _print({**event, "author": names.get(event["author"], event["author"])}, json=json)


def _print(event: dict[str, Any], *, json: bool) -> None:
    """One event as a line, at once, though standard output may be a pipe."""
    words = encoding.dumps(event) if json else "\t".join(clean(cell) for cell in _row(event))
    print(words, flush=True)


def _row(event: dict[str, Any]) -> tuple[object, ...]:
    return event["id"][:16], event["lamport"], event["kind"], event["author"], event["time"], _verdict(event)


def _verdict(event: dict[str, Any]) -> str:
    return f"{event['verdict']}: {event['reason']}" if event.get("reason") else event["verdict"]
