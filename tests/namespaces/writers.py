"""People who write on one node while it is cut off, killed or full, and what they were told."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import threading
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING, Any, Final, final

from tests.soak.clients import GIT, Gone

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.gitant.network.meeting import Member
    from tests.soak.ledger import Ledger

SHARED: Final = "shared"
"""A branch that everybody pushes to."""
_PATIENCE_S: Final = 30
_PAUSE_S: Final = 0.3
"""Between two writes of one person: what is looked at is their order, not their number."""


@final
class Writer:
    """One person at one node. `member` says where that is by now."""

    def __init__(self, name: str, member: Callable[[], Member], repo: str, tree: Path, ledger: Ledger) -> None:
        self.name = name
        self._member = member
        self._repo = f"/api/v1/repos/{repo}"
        self._id = repo
        self._tree = tree
        self._ledger = ledger
        self.done = 0
        """Writes that were answered with success."""
        self.last = ""
        """Why the last write was not answered with success."""
        self._tried = 0

    def run(self, stop: threading.Event, seed: int) -> None:
        """Write until told to stop; what is not answered with success is let be."""
        dice = Random(seed)
        acts = (self._open, self._comment, self._label, self._retitle, self._push, self._push_shared)
        while not stop.is_set():
            self._tried += 1
            try:
                dice.choice(acts)(f"{self.name}-{self._tried}")
                self.done += 1
            except Gone as fault:
                self.last = str(fault)
            stop.wait(_PAUSE_S)

    def _open(self, word: str) -> None:
        made = self._ask("POST", "/issues", {"title": word})
        self._ledger.note("issue", made["id"])

    def _comment(self, word: str) -> None:
        made = self._ask("POST", "/issues/1/comment", {"body": word})
        self._ledger.note("comment", made["id"])

    def _label(self, word: str) -> None:
        self._ask("PATCH", "/issues", {"issues": [1], "add_labels": [word]})
        self._ledger.note("label", word)

    def _retitle(self, word: str) -> None:
        self._ask("PATCH", "/issues/1", {"title": word})
        self._ledger.note("title", word)

    def _push(self, word: str) -> None:
        self._commit(word, self.name)

    def _push_shared(self, word: str) -> None:
        self._commit(word, SHARED)

    def _commit(self, word: str, branch: str) -> None:
        """Push a new commit, whatever is there."""
        if not (self._tree / ".git").exists():
            self._tree.mkdir(parents=True)
            self._git("init", "-q", "-b", "main")
        (self._tree / "file").write_text(word)
        self._git("add", "file")
        self._git("commit", "-q", "-m", word)
        oid = self._git("rev-parse", "HEAD")
        self._ledger.attempt(branch, oid)
        remote = self._member().git_url(self._id)
        try:
            self._git("push", "-q", "-f", remote, f"HEAD:refs/heads/{branch}")
        except subprocess.CalledProcessError as fault:
            raise Gone(str(fault.stderr)) from fault
        self._ledger.note("ref", branch, oid)

    def _ask(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer; raises `Gone` unless it is one of success."""
        member = self._member()
        headers = {"Authorization": f"Bearer {member.token}", "Content-Type": "application/json"}
        try:
            with closing(http.client.HTTPConnection(member.host, member.port, timeout=_PATIENCE_S)) as connection:
                connection.request(method, self._repo + path, json.dumps(body), headers)
                answer = connection.getresponse()
                text = answer.read()
        except (OSError, http.client.HTTPException) as fault:
            raise Gone(str(fault)) from fault
        if answer.status == 503:
            raise Gone(text.decode())
        assert answer.status in (200, 201), f"{self.name}: {method} {path}: {answer.status} {text[:300]!r}"
        found: dict[str, Any] = json.loads(text)
        return found

    def _git(self, *words: str) -> str:
        environ = {**os.environ, **GIT}
        done = subprocess.run(
            ["git", *words], cwd=self._tree, env=environ, capture_output=True, check=True, text=True, timeout=60
        )
        return done.stdout.strip()


@final
class Writers:
    """All of them at once, each in a thread of its own; what went wrong in one is raised by `end`."""

    def __init__(self, writers: list[Writer], seed: int) -> None:
        self._stop = threading.Event()
        self._faults: list[BaseException] = []
        self.writers = {writer.name: writer for writer in writers}
        self._threads = [
            threading.Thread(target=self._one, args=(writer, seed + number), daemon=True)
            for number, writer in enumerate(writers)
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> int:
        """Have them stop; how many writes were answered with success."""
        self._stop.set()
        for thread in self._threads:
            thread.join(2 * _PATIENCE_S)
            assert not thread.is_alive(), "a writer hangs"
        self.check()
        return sum(writer.done for writer in self.writers.values())

    def check(self) -> None:
        """Raise what a writer found."""
        for fault in self._faults:
            raise fault

    def _one(self, writer: Writer, seed: int) -> None:
        try:
            writer.run(self._stop, seed)
        except BaseException as fault:  # noqa: BLE001  # it is raised by the thread that waits
            self._faults.append(fault)
