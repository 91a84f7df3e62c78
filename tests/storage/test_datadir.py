"""A data folder is made once, served by one process, and never mistaken for another folder."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from domain.errors import Conflict, InvalidInput, Unavailable
from storage.datadir import DataDir, NodeInfo

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys
from pathlib import Path
from storage.datadir import DataDir
held = DataDir(Path(sys.argv[1]))
with held.lock():
    if len(sys.argv) > 2:
        held.write_node_info(sys.argv[2])
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(path: Path, *url: str) -> subprocess.Popen[str]:
    """Another process that serves the folder until its stdin ends."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), *url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    data = DataDir(tmp_path / "data")
    data.create()
    return data


def test_makes_the_folders(data: DataDir) -> None:
    assert stat.S_IMODE(data.path.stat().st_mode) == 0o700
    assert {entry.name for entry in data.path.iterdir()} == {"repos", "blobs", "cache"}
    data.create()
    assert data.free_bytes() > 0


def test_every_name_is_in_the_folder(data: DataDir) -> None:
    names = {path.name for path in vars(data).values() if path != data.path}
    assert names == {
        "log.sqlite", "views.sqlite", "analytics.duckdb", "local.sqlite", "accounts.sqlite", "audit.sqlite",
        "repos", "blobs", "cache",
        "identity.key", "operator.token", "config.toml", "node.json", "node.lock",
    }  # fmt: skip
    assert all(path.parent == data.path for path in vars(data).values() if path != data.path)


def test_a_folder_with_only_what_people_put_there_is_fine(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    (tmp_path / "identity.key").write_text("")
    (tmp_path / "lost+found").mkdir()
    (tmp_path / ".hidden").touch()
    DataDir(tmp_path).create()


def test_refuses_somebody_else_s_folder(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(InvalidInput, match=r"thesis\.tex") as raised:
        DataDir(tmp_path).create()
    assert "--data-dir" in raised.value.hint
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


def test_refuses_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(InvalidInput, match="is a file"):
        DataDir(tmp_path / "data").create()


def test_refuses_a_folder_that_lost_its_log(data: DataDir) -> None:
    data.views.touch()
    with pytest.raises(Unavailable, match=r"lost its log\.sqlite"):
        data.create()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="cannot be used as a data folder"):
        DataDir(tmp_path / "file" / "data").create()


def test_check_wants_a_log(data: DataDir) -> None:
    with pytest.raises(InvalidInput, match=r"no log\.sqlite"):
        data.check()
    data.log.touch()
    data.check()


def test_one_process_serves_a_folder(data: DataDir) -> None:
    child = hold(data.path, "http://localhost:7777")
    with pytest.raises(Conflict, match=rf"served by pid {child.pid} \(http://localhost:7777\)"):
        data.lock()
    assert data.running() == NodeInfo(child.pid, "http://localhost:7777")
    child.kill()
    child.communicate()
    assert data.running() is None
    with data.lock():
        assert data.running() == NodeInfo(os.getpid(), "")
    data.lock().release()


def test_a_node_that_does_not_listen_yet_is_named_by_its_pid(data: DataDir) -> None:
    child = hold(data.path)
    with pytest.raises(Conflict, match=rf"served by pid {child.pid}$"):
        data.lock()
    child.communicate("")
    assert child.returncode == 0


def test_what_a_dead_node_left_is_not_believed(data: DataDir) -> None:
    data.node_info.write_text('{"pid": 1, "url": "http://gone"}')
    with data.lock():
        assert data.running() == NodeInfo(os.getpid(), "")
        data.write_node_info("http://here")
        assert data.running() == NodeInfo(os.getpid(), "http://here")
        assert stat.S_IMODE(data.node_info.stat().st_mode) == 0o600
    assert data.running() is None


def test_a_child_does_not_keep_the_lock(data: DataDir) -> None:
    lock = data.lock()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    lock.release()
    data.lock().release()
    child.communicate(b"\n")
