"""A node where there is very much of everything, and the pages that show it: `make screenshots` looks at them.

Issues are written by the node's own writer before it starts, commits by `git fast-import`: that takes seconds where
requests would take hours.
"""

from __future__ import annotations

import hashlib
import subprocess
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from domain.actor import Actor
from domain.errors import LocalFault
from domain.keys import SigningKey
from gitant.writer.opening import open_core
from gitant.writer.request import Request
from storage import keys
from storage.datadir import DataDir
from tests.gitant.running import PATIENCE_S
from tests.interop.clients import asking, token_of, url_of
from tests.transport.git.raw import commands

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gitant.writer.core import WriterCore
    from tests.gitant.running import Node

COUNT: Final = 10_000
COMMENTS: Final = 250
LABELS: Final = 120
PAGES: Final = (
    "/operator/plenty",
    "/operator/plenty/src/branch/main/wide",
    "/operator/plenty/src/branch/main/long.txt",
    "/operator/plenty/blame/branch/main/long.txt",
    "/operator/plenty/commits/branch/main",
    "/operator/plenty/branches",
    "/operator/plenty/tags",
    "/operator/plenty/search?q=line",
    "/operator/plenty/issues",
    "/operator/plenty/issues?q=",
    "/operator/plenty/issues/1",
    "/operator/plenty/issues/new",
    "/operator/plenty/events",
    "/operator/plenty/insight",
    "/search?q=creaks",
)
"""What the operator sees of it."""
_BATCH: Final = 250
_KINDS: Final = ("heads/branch", "tags/v")
_REFS: Final = 1_000
_HEAD: Final = b"PACK" + (2).to_bytes(4) + (0).to_bytes(4)
_EMPTY_PACK: Final = _HEAD + hashlib.sha1(_HEAD, usedforsecurity=False).digest()


def write_plenty(folder: Path) -> None:
    """Issues, labels and comments, in the data folder of a node that has not started yet."""
    data = DataDir(folder)
    data.create()
    core = open_core(data)
    try:
        operator = Actor(SigningKey(keys.load_or_create(data.identity_key)).did, operator=True)
        (repo,) = _made(core, operator, "repository.create", [{"name": "plenty", "description": "Very much of it"}])
        labels = [{"repo": repo, "name": f"label {at}", "color": f"{at * 1_111:06x}"} for at in range(LABELS)]
        _made(core, operator, "label.create", labels)
        opened = [
            {"repo": repo, "title": f"The hinge of door {at} creaks", "body": "", "labels": [f"label {at % LABELS}"]}
            for at in range(COUNT)
        ]
        first = _made(core, operator, "issue.open", opened)[0]
        said = [{"repo": repo, "issue": first, "body": f"Door {at}, *too*."} for at in range(COMMENTS)]
        _made(core, operator, "comment.add", said)
    finally:
        core.close()


def push_plenty(node: Node, folder: Path) -> None:
    """Commits and files in one folder by git; branches and tags by hand, as git takes minutes for so many."""
    git = ["git", "-C", str(folder)]
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], check=True)
    subprocess.run([*git, "fast-import", "--quiet"], input="".join(_history()).encode(), check=True)
    subprocess.run([*git, "push", "--quiet", url_of(node, "plenty"), "main"], check=True, timeout=PATIENCE_S * 10)
    tip = subprocess.run([*git, "rev-parse", "main"], check=True, capture_output=True, text=True).stdout.strip()
    names = [f"refs/{kind}-{at:04}" for kind in _KINDS for at in range(COUNT)]
    with asking(node) as client:
        for start in range(0, len(names), _REFS):
            body = commands(*((name, tip) for name in names[start : start + _REFS])) + _EMPTY_PACK
            answer = client.post(
                "/operator/plenty.git/git-receive-pack",
                content=body,
                headers={"content-type": "application/x-git-receive-pack-request"},
                auth=("anyone", token_of(node)),
                timeout=PATIENCE_S * 10,
            )
            assert answer.status_code == HTTPStatus.OK, answer.text
            assert b"ng " not in answer.content, answer.content


def _made(core: WriterCore, operator: Actor, command: str, args: Sequence[dict[str, Any]]) -> list[bytes]:
    """The events that came of it."""
    found: list[bytes] = []
    for start in range(0, len(args), _BATCH):
        answers = core.execute([Request(command, operator, each) for each in args[start : start + _BATCH]])
        for answer in answers:
            assert not isinstance(answer, LocalFault), answer
            found.append(bytes.fromhex(answer.events[-1]))
    return found


def _history() -> Iterator[str]:
    """So many commits of one file; the last one brings the wide folder."""
    for at in range(COUNT):
        yield f"commit refs/heads/main\ncommitter A Person <p@example.org> {1_600_000_000 + at * 3_600} +0000\n"
        yield f"data 12\nChange {at:05}\nM 100644 inline long.txt\ndata {12 * (at % 40 + 1)}\n"
        yield f"line {at:05}\n\n" * (at % 40 + 1)
        if at == COUNT - 1:
            for file in range(COUNT):
                yield f"M 100644 inline wide/file-{file:05}.txt\ndata 11\nfile {file:05}\n"
        yield "\n"
