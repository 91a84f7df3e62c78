"""What cannot simply be taken back is asked about, and the answer is the thing's name."""

from __future__ import annotations

import os
import pty
import subprocess
from typing import TYPE_CHECKING

from tests.house.tree import BIN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gitant.cli.conftest import Command, Node


def typed(node: Node, home: Path, answer: str, *words: str) -> tuple[int, str]:
    """How a command ends on a terminal where somebody types `answer`, and what was to be seen there."""
    mine, its = pty.openpty()
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "TERM": "dumb"}
    os.write(mine, f"{answer}\n".encode())
    command: list[str | Path] = [BIN / "gitant", *words, "--data-dir", str(node.folder)]
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=environment) as run:
        os.close(its)
        shown = b""
        try:
            while block := os.read(mine, 65_536):
                shown += block
        except OSError:  # the other end was closed
            pass
        code = run.wait()
    os.close(mine)
    return code, shown.decode()


def test_deleting_takes_the_name_of_what_goes(node: Node, here: Command, tmp_path: Path) -> None:
    assert here("repo", "create", "precious").code == 0
    for wrong in ("y", "precious"):
        code, shown = typed(node, tmp_path, wrong, "repo", "delete", "precious")
        assert code == 1
        assert "nothing was done" in shown
    assert here("repo", "view", "precious").code == 0
    code, shown = typed(node, tmp_path, "operator/precious", "repo", "delete", "precious")
    assert code == 0
    assert "Deleting operator/precious: type its name to go on" in shown
    assert here("repo", "view", "precious").code == 1


def test_removing_a_copy_takes_its_name_and_says_whether_it_is_the_only_one(
    node: Node, here: Command, tmp_path: Path
) -> None:
    assert here("repo", "create", "large").code == 0
    code, shown = typed(node, tmp_path, "large", "repo", "remove-here", "large")
    assert code == 1
    assert "may be the only copy" in shown
    assert here("repo", "view", "large").code == 0
    code, shown = typed(node, tmp_path, "operator/large", "repo", "remove-here", "large")
    assert code == 0
    assert "to have it back: gitant peer follow" in shown
    assert here("repo", "view", "large").code == 1
