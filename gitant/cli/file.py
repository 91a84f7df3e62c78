"""`gitant file …`."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from gitant.cli.api import Api, segment
from gitant.cli.checkout import repository
from gitant.cli.options import DataDir, Json, Ref, Repo, Url
from gitant.cli.output import clean, print_json, print_table, tell

app = typer.Typer()

_TRIES: Final = 20
_HASH_CHARS: Final = 8
_NAME_CHARS: Final = 20


@app.command("list")
def list_files(
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="A folder [else the root].", show_default=False)] = "",
    ref: Ref = "HEAD",
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """List a folder, with the commit that last changed each entry."""
    with Api.open(data_dir, url) as api:
        asked = {"path": path, "ref": ref, "last_commit": "1"}
        where = f"/api/v1/repos/{segment(repository(repo, api.addresses))}/files"
        found = api.get(where, asked)
        for _ in range(_TRIES):  # each goes on where the one before came to its bound
            if found["last_commits_complete"]:
                break
            found = api.get(where, asked)
    if json:
        print_json(found)
        return
    rows = [_row(entry) for entry in found["entries"]]
    print_table(("Name", "Size", "Commit", "When", "What"), rows, empty="the folder is empty")
    if not found["last_commits_complete"]:
        tell("the history is too long: some entries are shown without their commit")


@app.command()
def blame(
    path: Annotated[str, typer.Argument(metavar="PATH", help="A file in the repository.", show_default=False)],
    ref: Ref = "HEAD",
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Show who wrote each line of a file, renames of the whole file followed."""
    name = quote(path.strip("/"), safe="~/")
    with Api.open(data_dir, url) as api:
        where = f"/api/v1/repos/{segment(repository(repo, api.addresses))}"
        found = api.get(f"{where}/blame/{name}", {"ref": ref})
        if json:
            print_json(found)
            return
        with api.download(f"{where}/raw/{name}", {"ref": found["commit"]}) as answer:
            text = answer.read().decode("utf-8", "replace")
    _print_blame(found, text.split("\n"))
    if not found["complete"]:
        tell("the history is too long: lines of commits marked ^ are theirs or older")


def _row(entry: dict[str, Any]) -> tuple[object, ...]:
    last = entry["last_commit"]
    name = entry["name"] + ("/" if entry["type"] == "tree" else "")
    if last is None:
        return name, entry["size"], "", "", ""
    return name, entry["size"], last["hash"][:_HASH_CHARS], last["committer"]["date"], last["summary"]


def _print_blame(found: dict[str, Any], lines: list[str]) -> None:
    """Columns for people, fields parted by tabs for programs."""
    looked_at = sys.stdout.isatty()
    width = len(str(sum(each["count"] for each in found["ranges"])))
    for each in found["ranges"]:
        commit = found["commits"][each["commit"]]
        name = each["commit"][: _HASH_CHARS - each["boundary"]]
        fields = ("^" * each["boundary"] + name, clean(commit["author"]["name"]), commit["author"]["date"][:10])
        for number in range(each["start"], each["start"] + each["count"]):
            text = clean(lines[number - 1].removesuffix("\r"), lines=True)
            if looked_at:
                hash_, author, date = fields
                print(f"{hash_} {author[:_NAME_CHARS]:<{_NAME_CHARS}} {date} {number:>{width}}  {text}")
            else:
                print("\t".join((*fields, str(number), text)))
