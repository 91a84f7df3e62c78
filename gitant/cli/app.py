"""Every command, and where it is. Only the one that is asked for is imported, so that a small one starts fast."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gitant.cli.examples import put_examples

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: Final = {
    "serve": "serve",
    "stop": "stop",
    "reload": "reload",
    "config": "config",
    "init": "init",
    "status": "status",
    "token": "token",
    "register": "login",
    "login": "login",
    "logout": "login",
    "whoami": "login",
    "account": "account",
    "repo": "repo",
    "branch": "branch",
    "ref": "ref",
    "file": "file",
    "issue": "issue",
    "label": "label",
    "member": "member",
    "protect": "protect",
    "audit": "audit",
    "identity": "identity",
    "agent": "agent",
    "ucan": "ucan",
    "api": "ask",
    "peer": "peer",
    "sync": "sync",
    "log": "log",
    "event": "event",
    "query": "query",
    "verify": "verify",
    "digest": "digest",
    "rebuild": "rebuild",
    "gc": "gc",
    "backup": "backup",
    "restore": "restore",
    "bundle": "bundle",
    "doctor": "doctor",
    "completion": "completion",
    "version": "version",
    "credential": "credential",
}
"""By name, the module in this package that holds it; help lists them in this order."""

GROUPS: Final = {
    "config": "What a node's settings are, and whether they will do.",
    "account": "The accounts of a node, for its operator.",
    "repo": "Create, list, show, edit, move, star and delete repositories.",
    "branch": "The branches of a repository.",
    "ref": "Branches and tags that nodes moved apart.",
    "file": "The files of a repository: what changed them, who wrote their lines.",
    "issue": "Open issues and work on them.",
    "label": "The labels of a repository.",
    "member": "Who may do what in a repository.",
    "protect": "Protect the branches of a repository.",
    "peer": "Other nodes: which ones to talk with, and what to replicate.",
    "bundle": "What a node holds in a file, for nodes that cannot reach each other.",
    "agent": "Agents on a node: what they say of themselves, and what others say of them.",
    "ucan": "Lend part of what you may, look at what was lent, take it back.",
    "identity": "Keys of people, agents and their devices, outside of any node.",
}


DOING_GROUPS: Final = frozenset({"token", "audit", "sync"})
"""Commands that do something by themselves, and have others below."""


def app_for(words: Sequence[str]) -> typer.Typer:
    """The app with the command that `words` begin with; with all of them, if they begin with none."""
    wanted = [words[0]] if words and words[0] in COMMANDS else [] if words == ["--version"] else list(COMMANDS)
    app = typer.Typer(
        name="gitant",
        help="A git forge without a centre: everything anyone does is a signed event in an append-only log.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_top)
    for name in {COMMANDS[name]: name for name in wanted}.values():  # several commands may be of one module
        module = import_module(f"gitant.cli.{COMMANDS[name]}")
        if name in GROUPS:
            app.add_typer(module.app, name=name, help=GROUPS[name], no_args_is_help=True)
        elif name in DOING_GROUPS:
            app.add_typer(module.app, name=name)
        else:
            app.add_typer(module.app)
    put_examples(app)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        from gitant.cli.version import version_line

        print(version_line())
        raise typer.Exit


def _top(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """A git forge without a centre: everything anyone does is a signed event in an append-only log."""
