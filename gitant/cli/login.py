"""`gitant register`, `login`, `logout` and `whoami`: an account on a node, and being known there."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import typer

from domain.errors import InvalidInput, Unavailable
from gitant import keyfile
from gitant.cli.api import Api, ApiProblem
from gitant.cli.logins import StoredLogin, forget, logins, remember
from gitant.cli.node import find_node, origin_of
from gitant.cli.options import DataDir, Json, Url
from gitant.cli.output import print_fields, print_json, tell

app = typer.Typer()

PASSWORD_BYTES_MAX: Final = 4_096
User: TypeAlias = Annotated[str, typer.Argument(metavar="USER", help="The user name.", show_default=False)]
PasswordFd: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--password-fd",
        metavar="N",
        help="Read the password from this open file descriptor [GITANT_PASSWORD, else asked for].",
        show_default=False,
    ),
]
RecoveryFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--recovery", metavar="FILE", help="Put the recovery key there instead of printing it.", show_default=False
    ),
]
Email: TypeAlias = Annotated[
    str, typer.Option("--email", "-e", help="Shown to nobody but yourself and the operator.", show_default=False)
]
DisplayName: TypeAlias = Annotated[
    str, typer.Option("--display-name", "-d", metavar="NAME", help="What others read.", show_default=False)
]


@app.command()
def register(
    user: User,
    email: Email = "",
    display_name: DisplayName = "",
    recovery: RecoveryFile = None,
    password_fd: PasswordFd = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Make an account on a node, and log in to it. Its recovery key is handed out once.

    The node keeps no copy of that key: with it you are the same person on any node, whatever becomes of this one.
    """
    refuse_existing(recovery)
    secret = password(password_fd, twice=True)
    with Api.nobody(data_dir, url) as api:
        made = make_account(api, user, email, display_name, secret)
        if not made["waiting"]:
            _log_in(api, user, secret)
    hand_out(made, recovery, json=json)
    if not json:
        tell("it waits for the operator's approval" if made["waiting"] else f"you are logged in to {api.url} as {user}")


@app.command()
def login(
    user: User,
    reset: Annotated[
        bool, typer.Option("--reset", help="Choose a password first, with the operator's code [GITANT_RESET_CODE].")
    ] = False,
    password_fd: PasswordFd = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Log in to an account on a node. Commands with --url, and git, then act as that account there.

    The session is kept in ~/.config/gitant/logins.json, which nobody else may read, until it ends or you log out.
    """
    code = _asked_for("Code", "GITANT_RESET_CODE", twice=False) if reset else ""
    secret = password(password_fd, twice=reset)
    with Api.nobody(data_dir, url) as api:
        if reset:
            api.send("POST", "/api/v1/auth/reset", {"username": user, "code": code, "password": secret})
        begun = _log_in(api, user, secret)
    if json:
        print_json({"user": begun["user"], "expires_at": begun["expires_at"], "url": api.url})
        return
    tell(f"you are logged in to {api.url} as {begun['user']['username']}")


@app.command()
def logout(data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """End the session that this user has on a node, and forget it."""
    target = find_node(data_dir, url)
    origin = origin_of(target.url)
    there = logins().get(origin)
    if there is not None:
        with Api(replace(target, token=there.token)) as api, suppress(ApiProblem):
            api.send("POST", "/api/v1/auth/logout")
        forget(origin)
    if json:
        print_json({"url": target.url, "user": there.user if there else None})
    else:
        tell(f"you are no longer logged in to {target.url}" if there else f"you were not logged in to {target.url}")


@app.command()
def whoami(data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Print as whom commands act on a node."""
    with Api.open(data_dir, url) as api:
        found = api.get("/api/v1/auth/profile")
    if json:
        print_json(found)
        return
    fields = ("username", "did", "display_name", "email", "standing", "created_at")
    print_fields([(name.replace("_", " "), found[name]) for name in fields if found.get(name)])


def make_account(api: Api, user: str, email: str, display_name: str, secret: str) -> dict[str, Any]:
    """Register; what the node answers."""
    words = {"username": user, "email": email, "display_name": display_name, "password": secret}
    made: dict[str, Any] = api.send("POST", "/api/v1/auth/register", words)
    return made


def hand_out(made: dict[str, Any], recovery: Path | None, *, json: bool) -> None:
    """Print what was made, and its recovery key unless that goes into a file."""
    line = str(made["recovery"])
    if recovery is not None:
        keyfile.write_secret(recovery, f"{line}\n".encode())
        made = {**made, "recovery": None, "recovery_file": str(recovery)}
    if json:
        print_json(made)
        return
    print_fields([("user", made["user"]["username"]), ("did", made["user"]["did"])])
    if recovery is None:
        tell("the recovery key, which is shown this once: write it down and keep it apart")
        print(line)


def refuse_existing(recovery: Path | None) -> None:
    """Raise `InvalidInput` for a file that is there, before there is a key that would have nowhere to go."""
    if recovery is not None and recovery.exists():
        raise InvalidInput(f"{recovery} is there already", hint="name another file with --recovery")


def password(descriptor: int | None, *, twice: bool = False) -> str:
    """The password; a prompt asks for it where a person is there, `twice` for a new one."""
    if descriptor is None:
        return _asked_for("Password", "GITANT_PASSWORD", twice=twice)
    try:
        with os.fdopen(os.dup(descriptor), "rb") as file:
            data = file.read(PASSWORD_BYTES_MAX + 1).removesuffix(b"\n")
        return data.decode()
    except (OSError, UnicodeDecodeError) as fault:
        raise InvalidInput(f"file descriptor {descriptor} holds no password: {fault}") from fault


def _asked_for(what: str, variable: str, *, twice: bool) -> str:
    if given := os.environ.get(variable, ""):
        return given
    if not sys.stdin.isatty():
        raise Unavailable(f"there is nobody to type the {what.lower()}", hint=f"set {variable}")
    return str(typer.prompt(what, hide_input=True, confirmation_prompt=twice, err=True))


def _log_in(api: Api, user: str, secret: str) -> dict[str, Any]:
    name = "email" if "@" in user else "username"
    begun: dict[str, Any] = api.send("POST", "/api/v1/auth/login", {name: user, "password": secret})
    remember(origin_of(api.url), StoredLogin(begun["user"]["username"], begun["token"], begun["expires_at"]))
    return begun
