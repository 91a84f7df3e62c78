"""What a node has a process do: how that ended, and whether somebody wanted it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
import trio

from gitant.chore import done

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("ending", "asked"),
    [("SIGTERM", True), ("SIGINT", True), ("SIGHUP", True), ("SIGKILL", False), ("SIGSEGV", False)],
)
def test_only_an_end_that_somebody_asked_for_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, asked: bool
) -> None:
    (tmp_path / "a_chore.py").write_text(
        "import os, signal, sys\n"
        "assert int(sys.argv[2]) == os.getppid()\n"
        "print('begun', flush=True)\n"
        "ending = signal.Signals[sys.argv[1]]\n"
        # Python handles some signals itself, and whoever runs the tests may have them ignored (`nohup`).
        "if ending != signal.SIGKILL: signal.signal(ending, signal.SIG_DFL)\n"
        "os.kill(os.getpid(), ending)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    ended = trio.run(done, "a_chore", ending)
    assert (ended.code, ended.told) == (-signal.Signals[ending], b"begun\n")
    assert ended.was_asked_to is asked
