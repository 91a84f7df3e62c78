"""`gitant bundle`: what a node holds in a file, and what somebody else's node holds out of one."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import InvalidInput
from gitant.bundles.apply import apply as take_in
from gitant.bundles.apply import look
from gitant.bundles.files import STANDARD
from gitant.bundles.making import Order, make
from gitant.bundles.show import show as read
from gitant.cli.node import folder_of, settings_of
from gitant.cli.options import DataDir, Json
from gitant.cli.output import Ticker, print_fields, print_json, print_table, tell

if TYPE_CHECKING:
    from gitant.bundles.apply import Outcome
    from gitant.bundles.making import Told
    from gitant.bundles.show import Part

app = typer.Typer()

Out = Annotated[str, typer.Argument(metavar="FILE", help="The file to write; - is standard output.")]
File = Annotated[str, typer.Argument(metavar="FILE", help="The bundle; - is standard input.")]
Repos = Annotated[
    list[str] | None,
    typer.Argument(metavar="[REPO]...", help="Repositories by name, owner/name or id.", show_default=False),
]
All = Annotated[bool, typer.Option("--all", help="All that is here, private repositories aside.")]
Private = Annotated[
    bool, typer.Option("--private", help="Private repositories, too: whoever holds the file can read them.")
]


@app.command()
def create(
    file: Out,
    repos: Repos = None,
    everything: All = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="BUNDLE",
            help="Only what is not in this bundle, or what a node with this frontier lacks.",
            show_default=False,
        ),
    ] = None,
    private: Private = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Write repositories to a file: their events, git objects and attachments, and the identities of who acts in them.

    Works while the node runs, and while it is stopped.
    """
    _refuse_terminal(file)
    named = _named(repos, everything=everything)
    told = make(folder_of(data_dir), file, Order(named, since or "", private=private), Ticker)
    _tell(file, told, json=json)


@app.command()
def frontier(
    file: Out,
    repos: Repos = None,
    everything: All = False,
    private: Private = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Write to a file how far the copies here go, for whoever is to make a bundle of what is missing.

    It has ids of events and of git objects in it, and nothing that they name.
    """
    _refuse_terminal(file)
    order = Order(_named(repos, everything=everything), private=private, frontier=True)
    told = make(folder_of(data_dir), file, order, Ticker)
    _tell(file, told, json=json)


@app.command()
def apply(file: File, data_dir: DataDir = None, json: Json = False) -> None:
    """Take in what a bundle holds, checked like what a peer sends. What is here already changes nothing.

    Works while the node runs, and while it is stopped. A file with a fault in it is not taken at all.
    """
    _say(take_in(folder_of(data_dir), settings_of(data_dir), file, Ticker), json=json)


@app.command()
def verify(file: File, data_dir: DataDir = None, json: Json = False) -> None:
    """Check all of a bundle as `apply` does, against what is here, and take nothing."""
    _say(look(folder_of(data_dir), settings_of(data_dir), file, Ticker), json=json)


@app.command()
def show(file: File, json: Json = False) -> None:
    """Say what is in a bundle. Needs no node; whether it is true is for `verify`."""
    with Ticker("bytes read") as ticker:
        shown = read(file, ticker)
    if json:
        print_json(asdict(shown))
        return
    columns = ("Stream", "What", "Events", "From", "Refs", "Pack", "Blobs")
    print_table(columns, [_row(part) for part in shown.streams], empty="there is nothing in it")
    tell(f"{'frontier' if shown.frontier else 'bundle'} {shown.digest}")


def _row(part: Part) -> tuple[object, ...]:
    what = f"{part.sort} {part.name}".strip() + (" (private)" if part.private else "")
    begin = f"{part.base} heads" if part.base else "the beginning"
    return part.stream, what, part.events, begin, part.refs, part.pack_bytes, part.blobs


def _named(repos: list[str] | None, *, everything: bool) -> list[str]:
    if everything == bool(repos):
        raise InvalidInput("a bundle is of some repositories, or of all", hint="name them, or say --all")
    return repos or []


def _refuse_terminal(file: str) -> None:
    if file == STANDARD and sys.stdout.isatty():
        raise InvalidInput("a bundle is not for a terminal", hint="name a file, or pipe it somewhere")


def _tell(file: str, told: Told, *, json: bool) -> None:
    made = told.made
    for name in made.lacking:
        tell(f"warning: not on this node, and so not in the file: {name}")
    if told.private:
        tell(f"warning: private, and readable for whoever holds the file: {', '.join(told.private)}")
    if told.left_out:
        tell(f"left out: {told.left_out} private (--private takes them along)")
    fields = {"bundle": file, **asdict(made), "private": [*told.private], "left_out": told.left_out}
    if file == STANDARD:
        return
    if json:
        print_json(fields)
        return
    shown = ("bundle", "digest", "streams", "events", "objects", "blobs", "bytes")
    print_fields([(name, fields[name]) for name in shown])


def _say(outcome: Outcome, *, json: bool) -> None:
    found, taken = outcome.found, outcome.taken
    for name in found.hidden:
        tell(f"left out: {name} was removed from this node; to have it back: gitant peer follow {name}")
    fields: dict[str, object] = {
        "digest": outcome.digest,
        "streams": found.streams,
        "events": found.events,
        "new_events": taken.events if taken is not None else found.new,
        "held_events": taken.held if taken is not None else 0,
        "left_out_events": found.declined,
        "new_packs": len(found.objects),
        "new_blobs": taken.blobs if taken is not None else 0,
        "blobs": found.blobs,
        "taken": taken is not None,
    }
    if json:
        print_json(fields | {"hidden": found.hidden})
        return
    if taken is not None and taken.held:
        tell(f"{taken.held} events of strangers wait for a decision: gitant member held")
    if found.declined:
        tell(f"left out: {found.declined} events of who is blocked here, or of further branches of a feed")
    names = ("digest", "streams", "events", "new_events", "new_packs", "blobs")
    print_fields([(name.replace("_", " "), fields[name]) for name in names])
