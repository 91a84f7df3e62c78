"""`gitant ucan …`: lend part of what you may, look at what was lent, take it back."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.authority.enrolment_text import chain_text
from domain.capability.commands import COMMANDS, ENROLMENT
from domain.capability.container import write_word
from domain.capability.token import DELEGATION, covers, is_command, read_token, sign_token
from domain.errors import InvalidInput
from domain.ids import is_hex_id
from domain.keys import is_did
from gitant.cli.api import Api, segment
from gitant.cli.keys import key_path, signer
from gitant.cli.options import DataDir, Json, PassphraseFd, Url
from gitant.cli.output import print_json, print_table, tell
from gitant.cli.signed import SignedAuth, now_s
from gitant.keyfile import read

if TYPE_CHECKING:
    from gitant.signing import Signer

app = typer.Typer()

Token = Annotated[str, typer.Argument(metavar="TOKEN", help="A delegation, as it was printed.", show_default=False)]
Sign = Annotated[
    str | None,
    typer.Option("--sign", metavar="KEY", help="Ask by this key file, instead of a token.", show_default=False),
]


@app.command()
def delegate(
    agent: Annotated[
        str, typer.Argument(metavar="AGENT", help="Who is to have it: a did:key, or a user name.", show_default=False)
    ],
    command: Annotated[
        str, typer.Option("--command", "-c", metavar="COMMAND", help="What they may do.")
    ] = "/gitant/repo/read",
    repo: Annotated[
        str | None,
        typer.Option("--repo", "-R", metavar="REPO", help="In this repository alone.", show_default=False),
    ] = None,
    hours: Annotated[int, typer.Option("--hours", min=1, max=8784, help="In how many hours it ends.")] = 24,
    sign: Annotated[
        str | None,
        typer.Option(
            "--sign", metavar="KEY", help="Lend what this key may: it signs, and no node is asked.", show_default=False
        ),
    ] = None,
    passphrase_fd: PassphraseFd = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Lend somebody part of what you may, for a while, and print the token that says so."""
    if not is_command(command) or not any(covers(command, each) for each in COMMANDS):
        raise InvalidInput(f"there is no command {command}", hint=f"one of {', '.join(COMMANDS)}")
    if sign is not None:
        made = _signed(signer(read(key_path(sign)), passphrase_fd), agent, command, repo, hours)
    else:
        body = {"command": command, "repo": repo or "", "expires_in_s": 3600 * hours}
        with Api.open(data_dir, url) as api:
            made = api.send("POST", f"/api/v1/agents/{segment(agent)}/delegate", body)
    if json:
        print_json(made)
        return
    print(made["token"])
    tell(f"{made['audience']} may do {command} in the name of {made['subject']} for {hours} hours")


@app.command()
def verify(token: Token, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Explain a capability link by link; ends with 1 if the node would not take it."""
    with Api.nobody(data_dir, url) as api:
        told = api.send("POST", "/api/v1/agents/verify", {"token": token})
    if json:
        print_json(told)
    else:
        rows = [(each["issuer"], each["audience"] or "", each["command"], _problems(each)) for each in told["links"]]
        print_table(("From", "To", "Command", "What is wrong"), rows, empty="there is nothing in it")
        for each in told["problems"]:
            tell(each["words"])
    if not told["good"]:
        raise typer.Exit(1)


@app.command()
def revoke(
    token: Token,
    sign: Sign = None,
    passphrase_fd: PassphraseFd = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """End a delegation on a node, and all that was lent on from it: for who lent it, and for the operator."""
    auth = None if sign is None else SignedAuth(signer(read(key_path(sign)), passphrase_fd))
    with Api.open(data_dir, url) as api:
        gone = api.ask("POST", "/api/v1/ucan/revoke", {"token": token}, auth)
    if json:
        print_json(gone)
    else:
        print(gone["cid"])


def _signed(who: Signer, agent: str, command: str, repo: str | None, hours: int) -> dict[str, Any]:
    if not is_did(agent):
        raise InvalidInput("without a node, name the agent by its did:key")
    if repo is not None and not is_hex_id(repo):
        raise InvalidInput(
            "without a node, name the repository by its id", hint="gitant repo view REPO --json shows it"
        )
    payload: dict[str, Any] = {
        "iss": who.key.did,
        "sub": who.author,
        "aud": agent,
        "cmd": command,
        "pol": [] if repo is None else [["==", ".repo", repo]],
        "nonce": secrets.token_bytes(12),
        "exp": now_s() + 3600 * hours,
    }
    if who.chains:
        payload["meta"] = {ENROLMENT: chain_text(who.chains[-1])}
    signed = sign_token(DELEGATION, payload, who.key)
    named = {"issuer": who.key.did, "audience": agent, "subject": who.author, "command": command}
    return {"token": write_word(signed), "cid": str(read_token(signed).link), **named, "expires_at": payload["exp"]}


def _problems(link: dict[str, Any]) -> str:
    return "; ".join(each["words"] for each in link.get("problems", []))
