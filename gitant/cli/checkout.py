"""The git repository somebody stands in, and which of a node's its remotes point to."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from domain.errors import InvalidInput, Unavailable
from domain.ids import is_hex_id, is_segment
from gitant.cli.node import same_node

if TYPE_CHECKING:
    from collections.abc import Sequence

REMOTE: Final = "gitant"
_NEXT_BEST: Final = ("upstream", "origin")
_SAY_WHICH: Final = "name one with --repo (gitant repo list shows them), or its node with --url, or run: gitant init"


def git(*words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run git and hand back how it went."""
    try:
        return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Unavailable("git is not installed, or not on PATH", hint="install git 2.38 or newer") from None


def git_done(*words: str, folder: Path | None = None) -> str:
    """Run git, which must succeed; what it printed."""
    run = git(*words, folder=folder)
    if run.returncode:
        raise Unavailable(f"git {words[0]} failed: {run.stderr.strip()}")
    return run.stdout.strip()


def work_tree() -> Path:
    """The top of the work tree that the current folder is in."""
    run = git("rev-parse", "--show-toplevel")
    if run.returncode or not run.stdout.strip():
        raise InvalidInput("this folder is not in a git repository's work tree", hint="make it one with: git init")
    return Path(run.stdout.rstrip("\n"))


def remote_url(name: str = REMOTE) -> str:
    """Where a remote of the current repository points; empty if there is none."""
    run = git("config", "--get", f"remote.{name}.url")
    return run.stdout.strip()


def selector(text: str) -> str:
    """What the API takes for a repository that a person names as `name`, `owner/name`, `owner~name`, an id or a URL."""
    if "://" in text:
        return _selector_of_url(text)
    owner, slash, name = text.removesuffix(".git").partition("/")
    if not slash:
        return owner
    if not is_segment(owner) or not is_segment(name):
        raise InvalidInput(f"{text!r} names no repository", hint="give a name, owner/name, or an id")
    return f"{owner}~{name}"


def repository(named: str | None, node: Sequence[str]) -> str:
    """The repository a command is about, as the API takes it; `node` are the addresses of the node that is asked.

    Without a name it is what the remote `gitant` points to, else `upstream`, else `origin`, else the only other one:
    of these, such as point to that node.
    """
    if named:
        return selector(named)
    remotes = _remotes()
    if REMOTE in remotes:
        return _selector_of_url(remotes[REMOTE])
    there = {name: url for name, url in remotes.items() if any(same_node(url, each) for each in node)}
    for name in _NEXT_BEST:
        if name in there:
            return _selector_of_url(there[name])
    if len(there) == 1:
        return _selector_of_url(*there.values())
    if there:
        raise InvalidInput(f"which repository? The remotes {', '.join(there)} all point to {node[0]}", hint=_SAY_WHICH)
    where = f"no remote of the current folder points to {node[0]}" if node else "no node runs on that data folder"
    raise InvalidInput(f"which repository? {where[0].upper()}{where[1:]}", hint=_SAY_WHICH)


def _remotes() -> dict[str, str]:
    """By name, where the remotes of the current repository point."""
    lines = git("config", "-z", "--get-regexp", r"^remote\..*\.url$").stdout.split("\0")
    found = [line.partition("\n") for line in lines if line]
    return {key.removeprefix("remote.").removesuffix(".url"): url for key, _, url in found}


def _selector_of_url(url: str) -> str:
    parts = [unquote(part) for part in urlsplit(url).path.strip("/").removesuffix(".git").split("/")]
    if parts and is_hex_id(parts[-1]):
        return parts[-1]
    if len(parts) >= 2 and is_segment(parts[-1]) and is_segment(parts[-2]):
        return f"{parts[-2]}~{parts[-1]}"
    raise InvalidInput(
        f"the remote URL {url} names no repository of a node", hint="name one with --repo, or run: gitant init"
    )
