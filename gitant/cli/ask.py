"""`gitant api`: any request, with whatever says who asks."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from domain.errors import InvalidInput
from domain.ids import is_hex_id
from gitant.cli.api import Api
from gitant.cli.keys import key_path, signer
from gitant.cli.options import DataDir, PassphraseFd, Url
from gitant.cli.output import print_json
from gitant.cli.signed import LentAuth, SignedAuth
from gitant.keyfile import read

if TYPE_CHECKING:
    import httpx

app = typer.Typer()


@app.command("api")
def ask(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="GET, POST, PUT, PATCH or DELETE.")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="What to ask for, like /api/v1/repos.")],
    body: Annotated[
        str | None, typer.Option("--body", "-b", help="JSON to send; - is standard input.", show_default=False)
    ] = None,
    sign: Annotated[
        str | None,
        typer.Option(
            "--sign",
            metavar="KEY",
            help="Sign the request with this key file, instead of showing a token.",
            show_default=False,
        ),
    ] = None,
    lent: Annotated[
        list[str] | None,
        typer.Option(
            "--lent",
            metavar="TOKEN",
            help="With --sign: ask in the name of who lent this; repeat for more, the first lender's first.",
            show_default=False,
        ),
    ] = None,
    command: Annotated[
        str, typer.Option("--command", metavar="COMMAND", help="With --lent: what it is for.")
    ] = "/gitant/repo/read",
    repo: Annotated[
        str | None,
        typer.Option("--repo", "-R", metavar="ID", help="With --lent: the one repository it is about, by its id."),
    ] = None,
    passphrase_fd: PassphraseFd = None,
    data_dir: DataDir = None,
    url: Url = None,
) -> None:
    """Send any request to the node's HTTP API and print what it answers: JSON, whatever is asked for."""
    if not path.startswith("/"):
        raise InvalidInput("the path begins with a slash, like /api/v1/repos")
    if repo is not None and not is_hex_id(repo):
        raise InvalidInput("--repo takes a repository's id", hint="gitant repo view REPO --json shows it")
    with Api.open(data_dir, url) as api:
        auth: httpx.Auth | None = None
        if sign is not None:
            who = signer(read(key_path(sign)), passphrase_fd)
            auth = SignedAuth(who)
            if lent:
                auth = LentAuth(who, api.get("/api/v1/status")["did"], command, lent, repo or "")
        elif lent:
            raise InvalidInput("--lent takes --sign: whoever was lent something says so with a key")
        answer = api.ask(method.upper(), path, _content(body), auth)
    if answer is not None:
        print_json(answer)


def _content(body: str | None) -> Any:
    if body is None:
        return None
    text = sys.stdin.read() if body == "-" else body
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as fault:
        raise InvalidInput(f"the body is not JSON: {fault}") from fault
