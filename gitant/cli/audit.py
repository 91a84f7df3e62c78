"""`gitant audit`."""

from __future__ import annotations

import json as encoding
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.errors import Unavailable
from gitant.cli.api import Api
from gitant.cli.checkout import selector
from gitant.cli.names import names_of
from gitant.cli.options import DataDir, Json, Limit, Url
from gitant.cli.output import print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer()


@app.command()
def audit(
    actor: Annotated[
        str, typer.Option("--actor", help="Only acts of this user name or did:key.", show_default=False)
    ] = "",
    action: Annotated[
        str,
        typer.Option("--action", help="Only acts of this kind, like member.granted.v1 or member.*", show_default=False),
    ] = "",
    since: Annotated[
        str,
        typer.Option(
            "--since", metavar="TIME", help="Only acts that claim this day or time, or a later one.", show_default=False
        ),
    ] = "",
    until: Annotated[
        str,
        typer.Option(
            "--until",
            metavar="TIME",
            help="Only acts that claim this day, or an earlier day or time.",
            show_default=False,
        ),
    ] = "",
    verdict: Annotated[
        str, typer.Option("--verdict", metavar="WORD", help="Only acts that are accepted, or void.", show_default=False)
    ] = "",
    repo: Annotated[
        str | None,
        typer.Option(
            "--repo", "-R", metavar="REPO", help="Only acts in this repository [else in all].", show_default=False
        ),
    ] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Print all there are, one JSON document a line.")] = False,
    limit: Limit = 30,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """List who changed who may do what, in every repository, newest here first."""
    given = {"actor": actor, "action": action, "since": since, "until": until, "verdict": verdict}
    given["repo"] = selector(repo) if repo else ""
    wanted = {name: value for name, value in given.items() if value}
    with Api.open(data_dir, url) as api:
        if jsonl:
            _export(api, wanted)
            return
        found = api.listed("/api/v1/audit", "audit", limit, wanted)
        names = {} if json else names_of(api, [act["author"] for act in found])
    if json:
        print_json(found)
        return
    headings = ("Event", "Claimed time", "Repository", "Author", "What", "Verdict")
    print_table(headings, [_row(act, names) for act in found], empty="there are no such acts")


def _export(api: Api, wanted: Mapping[str, Any]) -> None:
    """Print what comes as it comes; each line is read again, so that a broken answer is no half record."""
    with api.stream("/api/v1/audit", wanted, {"accept": "application/x-ndjson"}) as lines:
        for line in lines:
            try:
                print(encoding.dumps(encoding.loads(line)))
            except ValueError as fault:
                raise Unavailable(f"{api.url} answered what is no JSON: {fault}") from fault


def _row(act: Mapping[str, Any], names: Mapping[str, str]) -> tuple[object, ...]:
    author = names[act["author"]]
    return act["id"][:16], act["time"], act["repo_name"], author, act["words"], act["explanation"]
