"""`gitant audit`, `gitant audit verify`."""

from __future__ import annotations

import json as encoding
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.audit import AuditHead
from domain.errors import Damaged, InvalidInput, Unavailable
from gitant.cli.api import Api
from gitant.cli.checkout import selector
from gitant.cli.names import names_of
from gitant.cli.node import folder_of
from gitant.cli.options import DataDir, Json, Limit, Url
from gitant.cli.output import print_fields, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer()


@app.callback(invoke_without_command=True)
def audit(
    context: typer.Context,
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
    source: Annotated[
        str,
        typer.Option(
            "--source",
            metavar="WORD",
            help="Only the log's acts (log), or only this node's own (node).",
            show_default=False,
        ),
    ] = "",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Print all there are, one JSON document a line.")] = False,
    limit: Limit = 30,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """List who did what, newest here first: who changed who may do what, and what this node noted of its own.

    What it noted (logins, tokens, who wrote which event by which door) is for the operator, and for whom it is about.
    """
    if context.invoked_subcommand is not None:
        return
    given = {"actor": actor, "action": action, "since": since, "until": until, "verdict": verdict}
    given |= {"source": source, "repo": selector(repo) if repo else ""}
    wanted = {name: value for name, value in given.items() if value}
    with Api.open(data_dir, url) as api:
        if jsonl:
            _export(api, wanted)
            return
        found = api.listed("/api/v1/audit", "audit", limit, wanted)
        names = {} if json else names_of(api, [act["author"] for act in found if act["author"]])
    if json:
        print_json(found)
        return
    headings = ("Event", "Time", "Repository", "Author", "What", "Verdict or door")
    print_table(headings, [_row(act, names) for act in found], empty="there are no such acts")


@app.command()
def verify(
    head: Annotated[
        str,
        typer.Option(
            "--head", metavar="HEAD", help="A head that was noted before: it has to be there still.", show_default=False
        ),
    ] = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Check the local audit log: every row follows from the one before, and none was changed or is missing.

    Whoever can write the file can write all of it anew. So note its head, which this prints, somewhere else.
    """
    from storage.audit.journal import SqliteJournal

    with closing(SqliteJournal(folder_of(data_dir).audit)) as journal:
        found = journal.verify(_head(head) if head else None)
    told = f"{found.head.seq}:{found.head.hash.hex()}"
    if json:
        print_json({"rows": found.rows, "first": found.first, "head": told, "broken": found.broken})
    else:
        print_fields([("rows", found.rows), ("first", found.first), ("head", told), ("broken", found.broken or "no")])
    if found.broken:
        raise Damaged(
            f"the audit log is broken: {found.broken}", hint="compare it with the one in a backup: gitant restore"
        )


def _head(text: str) -> AuditHead:
    seq, _, digest = text.partition(":")
    try:
        return AuditHead(int(seq), bytes.fromhex(digest))
    except ValueError:
        raise InvalidInput(
            f"{text!r} is no head", hint="as gitant audit verify prints it: a number, a colon, a hash"
        ) from None


def _export(api: Api, wanted: Mapping[str, Any]) -> None:
    """Print what comes as it comes; each line is read again, so that a broken answer is no half record."""
    with api.stream("/api/v1/audit", wanted, {"accept": "application/x-ndjson"}) as lines:
        for line in lines:
            try:
                print(encoding.dumps(encoding.loads(line)))
            except ValueError as fault:
                raise Unavailable(f"{api.url} answered what is no JSON: {fault}") from fault


def _row(act: Mapping[str, Any], names: Mapping[str, str]) -> tuple[object, ...]:
    author = names[act["author"]] if act["author"] else ""
    if act.get("source") == "node":
        came = " ".join(filter(None, [act["door"], act["credential"], act["address"]]))
        return (act["event"] or act["id"])[:16], act["time"], "", author, act["words"], came
    return act["id"][:16], act["time"], act["repo_name"], author, act["words"], act["explanation"]
