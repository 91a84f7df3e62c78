"""`gitant repo archive` and `gitant repo languages`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

import typer

from domain.errors import Conflict, InvalidInput
from gitant.cli.api import Api, segment
from gitant.cli.checkout import repository
from gitant.cli.options import DataDir, Json, Ref, RepoName, Url
from gitant.cli.output import Ticker, print_json, print_table, tell

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import httpx

app = typer.Typer()

FORMATS: Final = ("tar.gz", "zip", "tar")
_STDOUT: Final = "-"
_PART: Final = ".part"


@app.command()
def archive(
    repo: RepoName = None,
    ref: Ref = "HEAD",
    form: Annotated[
        str | None,
        typer.Option(
            "--format", "-f", help="tar.gz, zip or tar [else as the file is called, else tar.gz].", show_default=False
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to; - is standard output [else named for the ref].",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Download everything in a commit as one file, byte for byte what `git archive` makes of it."""
    wanted = form or _format_of(output)
    if wanted not in FORMATS:
        raise InvalidInput(f"there is no archive format {wanted!r}", hint=f"one of {', '.join(FORMATS)}")
    with Api.open(data_dir, url) as api:
        path = f"/api/v1/repos/{segment(repository(repo, api.addresses))}/archive/{segment(ref)}"
        with api.download(path, {"format": wanted}) as answer:
            if output == _STDOUT:
                _copy(answer, sys.stdout.buffer)
                return
            name = output or _name_of(answer.headers.get("content-disposition", ""), wanted)
            size = _save(answer, Path(name))
            commit = answer.headers.get("gitant-commit", "")
    if json:
        print_json({"file": name, "size": size, "commit": commit})
    else:
        print(name)
        tell(f"{size:,} bytes of commit {commit}")


@app.command()
def languages(repo: RepoName = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Show in which languages the default branch is, by bytes."""
    with Api.open(data_dir, url) as api:
        found = api.get(f"/api/v1/repos/{segment(repository(repo, api.addresses))}/languages")
    if json:
        print_json(found)
        return
    rows = [(name, f"{100 * size / found['total']:.1f} %", f"{size:,}") for name, size in found["languages"].items()]
    print_table(("Language", "Share", "Bytes"), rows, empty="no source is counted yet")
    if not found["complete"]:
        tell("the last push is not counted yet")


def _format_of(output: str | None) -> str:
    if output is None or output == _STDOUT:
        return FORMATS[0]
    return next((form for form in FORMATS if output.endswith(f".{form}")), FORMATS[0])


def _name_of(disposition: str, form: str) -> str:
    """The file name that the node proposes, which must be one and nothing more."""
    name = disposition.partition('filename="')[2].partition('"')[0]
    return name if name and Path(name).name == name and not name.startswith(".") else f"archive.{form}"


def _save(answer: httpx.Response, path: Path) -> int:
    """Write beside and rename, so that a file of that name is a whole one; how many bytes it has."""
    if path.exists():
        raise Conflict(f"{path} is there already", hint="choose another name with --output, or move it away")
    part = path.with_name(path.name + _PART)
    try:
        with part.open("wb") as file:
            size = _copy(answer, file)
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return size


def _copy(answer: httpx.Response, file: BinaryIO) -> int:
    done, total = 0, int(answer.headers.get("content-length", 0))
    progress: AbstractContextManager[Ticker] = Ticker("bytes downloaded")
    with progress as ticker:
        for piece in answer.iter_raw():
            file.write(piece)
            done += len(piece)
            ticker(done, total)
    return done
