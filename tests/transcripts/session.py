"""A shell in a throw-away home, with everything pinned that would make it print something else tomorrow."""

from __future__ import annotations

import os
import select
import shlex
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, final

from tests.house.tree import BIN
from tests.ports import free_port
from tests.transcripts.normal import PAGE_PORT, Normal

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

PATIENCE_S: Final = 120
"""For one command, on a machine that does much else."""
_GIT_SETTINGS: Final = {
    "advice.detachedHead": "false",
    "advice.pushUpdateRejected": "false",  # these words change from git to git
    "core.pager": "cat",
    "gc.auto": "0",
    "init.defaultBranch": "main",
}


@final
class Session:
    """One bash that runs command after command; variables, folders and background jobs last."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home" / "ada"
        self.home.mkdir(parents=True)
        self.port = free_port()
        self.normal = Normal(self.home, self.port)
        script, self._script = os.pipe()
        self._ended, ended = os.pipe()
        self._printed = folder / "printed"
        with self._printed.open("ab") as printed:
            self._bash = subprocess.Popen(
                ["bash", "--noprofile", "--norc", f"/dev/fd/{script}"],
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                cwd=self.home,
                env=_environment(self.home, self.port),
                pass_fds=(script, ended),
                start_new_session=True,
            )
        os.close(script)
        os.close(ended)
        self._ended_there = ended
        self._read = 0

    def run(self, command: str) -> str:
        """What a command prints, as a page shows it."""
        words = command.replace(f"127.0.0.1:{PAGE_PORT}", f"127.0.0.1:{self.port}")
        # eval, so that a command which is no shell syntax ends itself and not the session
        script = f"eval {shlex.quote(words)}\necho $? >&{self._ended_there}\n"
        os.write(self._script, script.encode())
        code = self._wait(command)
        printed = self._printed.read_bytes()[self._read :]
        self._read += len(printed)
        return self.normal(printed.decode()) + (f"[{code}]\n" if code else "")

    def close(self) -> None:
        """End the shell and whatever it left running."""
        with suppress(ProcessLookupError):
            os.killpg(self._bash.pid, signal.SIGKILL)
        self._bash.wait(PATIENCE_S)
        os.close(self._script)
        os.close(self._ended)

    def _wait(self, command: str) -> int:
        deadline = time.monotonic() + PATIENCE_S
        told = b""
        while not told.endswith(b"\n"):
            ready, _, _ = select.select([self._ended], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{command!r} does not end; it printed: {self._printed.read_bytes()[self._read :]!r}"
            read = os.read(self._ended, 100)
            assert read, f"the shell ended in {command!r}"
            told += read
        return int(told)


@contextmanager
def session(folder: Path) -> Generator[Session]:
    """A shell for the time being."""
    shell = Session(folder)
    try:
        yield shell
    finally:
        shell.close()


def _environment(home: Path, port: int) -> dict[str, str]:
    settings = enumerate(_GIT_SETTINGS.items())
    pairs = [((f"GIT_CONFIG_KEY_{at}", name), (f"GIT_CONFIG_VALUE_{at}", value)) for at, (name, value) in settings]
    return {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": str(len(pairs)),
        **dict(pair for both in pairs for pair in both),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.invalid",
        "GIT_AUTHOR_DATE": "1790000000 +0000",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.invalid",
        "GIT_COMMITTER_DATE": "1790000000 +0000",
        "GITANT_PORT": str(port),
        "GITANT_WORKERS": "1",
    }
