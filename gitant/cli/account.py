"""`gitant account …`: the accounts of a node, for its operator."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from domain.errors import InvalidInput
from gitant import keyfile
from gitant.cli.api import Api, segment
from gitant.cli.confirm import Yes, confirm_by_name
from gitant.cli.login import (
    DisplayName,
    Email,
    PasswordFd,
    RecoveryFile,
    User,
    hand_out,
    make_account,
    password,
    refuse_existing,
)
from gitant.cli.options import DataDir, Json, Limit, Url
from gitant.cli.output import clean, print_fields, print_json, print_table, tell

app = typer.Typer()

Output: TypeAlias = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where to put it [else it is printed].", show_default=False),
]


@app.command()
def create(
    user: User,
    email: Email = "",
    display_name: DisplayName = "",
    recovery: RecoveryFile = None,
    password_fd: PasswordFd = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Make an account for somebody, whatever the setting registration says."""
    refuse_existing(recovery)
    secret = password(password_fd, twice=True)
    with Api.open(data_dir, url) as api:
        made = make_account(api, user, email, display_name, secret)
    hand_out(made, recovery, json=json)


@app.command("list")
def list_accounts(
    standing: Annotated[
        str, typer.Option("--standing", "-s", metavar="STANDING", help="waiting, active, suspended or deleted.")
    ] = "",
    limit: Limit = 100,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """List accounts, by user name."""
    with Api.open(data_dir, url) as api:
        found = api.listed("/api/v1/users", "users", limit, {"standing": standing} if standing else None)
    if json:
        print_json(found)
        return
    rows = [(each["username"], each.get("standing"), each.get("email"), each["did"]) for each in found]
    print_table(("Name", "Standing", "Email", "Did"), rows, empty="there are no accounts")


@app.command()
def show(user: User, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Show an account, and where it is logged in."""
    with Api.open(data_dir, url) as api:
        found = api.get(_path(user))
        sessions = api.get(f"{_path(user)}/sessions")["sessions"]
    if json:
        print_json({**found, "sessions": sessions})
        return
    fields = ("username", "did", "display_name", "email", "standing", "created_at")
    print_fields([(name.replace("_", " "), found.get(name)) for name in fields])
    for each in sessions:
        print(clean(f"session {each['id']}: {each['client']} from {each['address']}, used {each['last_used_at']}"))


@app.command()
def approve(user: User, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Let in an account that waits."""
    _stand(user, "active", data_dir, url, json=json)


@app.command()
def suspend(user: User, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Keep an account out until it is resumed; its sessions and tokens end at once."""
    _stand(user, "suspended", data_dir, url, json=json)


@app.command()
def resume(user: User, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Let a suspended account in again."""
    _stand(user, "active", data_dir, url, json=json)


@app.command()
def rename(
    user: User,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is to be called.", show_default=False)],
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Give an account another user name. The old one leads to it, and nobody else gets it."""
    _change(user, {"username": name}, data_dir, url, json=json)


@app.command("reset-password")
def reset_password(user: User, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Print a code with which somebody chooses another password, once and within a day.

    The password before and all sessions end now. The code goes to its owner, who runs: gitant login --reset.
    """
    with Api.open(data_dir, url) as api:
        made = api.send("POST", f"{_path(user)}/reset")
    if json:
        print_json(made)
        return
    print(made["code"])
    tell(f"it works once, until {made['expires_at']}: gitant login --reset {made['username']}")


@app.command()
def export(user: User, output: Output = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Write down what an account has here, as JSON: itself, its repositories, its issues and comments."""
    with Api.open(data_dir, url) as api:
        found = _exported(api, user, output)
    if output is None:
        print_json(found)
    elif json:
        print_json({"file": str(output), **_counts(found)})
    else:
        tell(f"{output} has {', '.join(f'{count} {name}' for name, count in _counts(found).items())}")


@app.command()
def delete(
    user: User, output: Output = None, yes: Yes = False, data_dir: DataDir = None, url: Url = None, json: Json = False
) -> None:
    """End an account for good, after what it has here was written down with --output.

    What its owner wrote stays, and so does the name, which nobody else gets.
    """
    if output is None:
        raise InvalidInput("what the account has here goes to its owner first", hint="name a file for it with --output")
    confirm_by_name("deleting", user, yes=yes)
    with Api.open(data_dir, url) as api:
        _exported(api, user, output)
        api.send("DELETE", _path(user))
    if json:
        print_json({"deleted": user, "file": str(output)})
    else:
        tell(f"deleted the account {user}; what it had here is in {output}")


def _exported(api: Api, user: str, output: Path | None) -> dict[str, Any]:
    if output is not None and output.exists():
        raise InvalidInput(f"{output} is there already", hint="name another file with --output")
    found: dict[str, Any] = api.get(f"{_path(user)}/export")
    if output is not None:
        keyfile.write_secret(output, json_format.dumps(found, indent=2).encode() + b"\n")
    return found


def _counts(found: dict[str, Any]) -> dict[str, int]:
    return {name: len(found[name]) for name in ("repositories", "issues", "comments")}


def _stand(user: str, standing: str, data_dir: str | None, url: str | None, *, json: bool) -> None:
    _change(user, {"standing": standing}, data_dir, url, json=json)


def _change(user: str, words: dict[str, str], data_dir: str | None, url: str | None, *, json: bool) -> None:
    with Api.open(data_dir, url) as api:
        now = api.send("PATCH", _path(user), words)
    if json:
        print_json(now)
    else:
        tell(f"{now['username']} is {now['standing']}")


def _path(user: str) -> str:
    return f"/api/v1/users/{segment(user)}"
