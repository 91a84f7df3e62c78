"""Clients under load: people who write issues and comments over HTTP, people who push with stock git."""

from __future__ import annotations

import http.client
import json
import os
import random
import subprocess
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.soak.ledger import Ledger

_PATIENCE_S = 30
GIT = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.invalid",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.invalid",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
}


class Gone(Exception):
    """The node did not answer: it was killed, or is about to be."""


@final
class Caller:
    """One keep-alive connection to the API with the operator's token."""

    def __init__(self, address: tuple[str, int], token: str) -> None:
        self._connection = http.client.HTTPConnection(*address, timeout=_PATIENCE_S)
        self._token = token

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def ask(self, method: str, path: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer's JSON; raises `Gone` for anything but an acknowledgement."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            self._connection.request(method, path, None if fields is None else json.dumps(fields), headers)
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as fault:
            raise Gone(str(fault)) from fault
        if answer.status in (503, 500):
            raise Gone(body.decode())
        assert answer.status in (200, 201), f"{method} {path}: {answer.status} {body[:300]!r}"
        found: dict[str, Any] = json.loads(body)
        return found


def write_issues(caller: Caller, repo: str, ledger: Ledger, seed: int, stop: threading.Event) -> None:
    """Open issues, comment on them and retitle them until the node is gone."""
    dice = random.Random(seed)
    mine: list[str] = []
    serial = 0
    with closing(caller), suppress(Gone):
        while not stop.is_set():
            serial += 1
            act = dice.random()
            if not mine or act < 0.4:
                issue = caller.ask(
                    "POST", f"{repo}/issues", {"title": f"t{serial}", "body": "b" * dice.randint(0, 400)}
                )
                ledger.note("issue", issue["id"])
                ledger.attempt(issue["id"], f"t{serial}")
                ledger.note("title", issue["id"], f"t{serial}")
                mine.append(issue["id"])
            elif act < 0.7:
                comment = caller.ask("POST", f"{repo}/issues/{dice.choice(mine)}/comment", {"body": f"c{serial}"})
                ledger.note("comment", comment["id"])
            else:
                issue_id, title = dice.choice(mine), f"t{seed}.{serial}"
                ledger.attempt(issue_id, title)
                caller.ask("PATCH", f"{repo}/issues/{issue_id}", {"title": title})
                ledger.note("title", issue_id, title)


def push_commits(tree: Path, remote: str, branch: str, ledger: Ledger, stop: threading.Event) -> None:
    """Commit and push to a branch of one's own until the node is gone."""
    if not (tree / ".git").exists():
        tree.mkdir(parents=True)
        _git(tree, "init", "-q", "-b", branch)
    while not stop.is_set():
        _git(tree, "commit", "-q", "--allow-empty", "-m", "step")
        (tree / "file").write_text(os.urandom(400).hex())
        _git(tree, "add", "file")
        _git(tree, "commit", "-q", "-m", "content")
        oid = _git(tree, "rev-parse", "HEAD").strip()
        ledger.attempt(branch, oid)
        pushed = subprocess.run(
            ["git", "push", "-q", "-f", remote, f"HEAD:refs/heads/{branch}"],
            cwd=tree,
            env={**os.environ, **GIT},
            capture_output=True,
            check=False,
            timeout=60,
        )
        if pushed.returncode != 0:
            return
        ledger.note("ref", branch, oid)


def at_once(jobs: list[Callable[[], None]]) -> list[threading.Thread]:
    """Start the jobs, each in a thread of its own."""
    threads = [threading.Thread(target=job, daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    return threads


def _git(tree: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=tree, env={**os.environ, **GIT}, capture_output=True, check=True, text=True
    )
    return done.stdout
