"""The doctor finds what is wrong, says how to mend it, and changes nothing."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.gitant.writer.world import make_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.gitant.cli.conftest import Command, Node

CHECKS_LEAST = 12


@pytest.fixture
def folder(tmp_path: Path, gitant: Command) -> Path:
    """A stopped node's folder, with its key and token."""
    world = make_world(tmp_path / "node")
    world.repo()
    world.close()
    world.folder.identity_key.write_bytes(b"\x01" * 32)
    world.folder.identity_key.chmod(0o600)
    assert gitant("token", "--data-dir", world.folder.path).code == 0
    return world.folder.path


def findings(gitant: Command, folder: Path, *words: str) -> dict[str, Any]:
    told: Any = gitant("doctor", "--data-dir", folder, "--json", *words).json()
    return {finding["check"]: finding for finding in told["checks"]}


def set_port(folder: Path, port: int) -> None:
    (folder / "config.toml").write_text(f"port = {port}\n")


def test_all_is_well(gitant: Command, folder: Path) -> None:
    set_port(folder, 0)
    found = findings(gitant, folder)
    assert len(found) >= CHECKS_LEAST
    assert {name for name, finding in found.items() if finding["state"] == "failed"} == set()
    ran = gitant("doctor", "--data-dir", folder)
    assert ran.code == 0
    assert "ok    log: sound, 2 events\n" in ran.out


def test_a_folder_that_is_not_there_yet(gitant: Command, tmp_path: Path) -> None:
    ran = gitant("doctor", "--data-dir", tmp_path / "none")
    assert "gitant serve" in ran.out
    assert not (tmp_path / "none").exists()


def test_a_node_that_runs(gitant: Command, node: Node) -> None:
    found = findings(gitant, node.folder)
    assert found["node"]["seen"] == f"{node.url} is ready"
    assert found["port"]["state"] == "ok"


def _set(path: str, mode: int) -> Callable[[Path], None]:
    return lambda folder: (folder / path).chmod(mode)


def _write(path: str, data: bytes) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / path).write_bytes(data)

    return write


def _run(path: str, statement: str) -> Callable[[Path], None]:
    def run(folder: Path) -> None:
        with closing(sqlite3.connect(folder / path)) as connection, connection:
            connection.execute(statement)

    return run


ILLS: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "an open folder": ("data folder", _set("", 0o755), "chmod 700"),
    "an open key": ("identity key", _set("identity.key", 0o644), "chmod 600"),
    "a short key": ("identity key", _write("identity.key", b"short"), "backup"),
    "an open token": ("operator token", _set("operator.token", 0o640), "chmod 600"),
    "a log that is none": ("log", _write("log.sqlite", b"x" * 9_000), "gitant verify"),
    "views that are none": ("views", _write("views.sqlite", b"x" * 9_000), "gitant rebuild"),
    "views beyond the log": ("views", _run("views.sqlite", "UPDATE meta SET value=9 WHERE name='position'"), "rebuild"),
    "a setting that is none": ("settings", _write("config.toml", b"prot = 1"), "there are"),
    "too little space": ("free space", _write("config.toml", b"min_free = '1000T'"), "free some"),
}


@pytest.mark.parametrize("ill", ILLS)
def test_an_ill_is_found_with_its_cure(gitant: Command, folder: Path, ill: str) -> None:
    check, harm, cure = ILLS[ill]
    harm(folder)
    found = findings(gitant, folder)
    assert found[check]["state"] == "failed", found[check]
    assert cure in found[check]["fix"]
    ran = gitant("doctor", "--data-dir", folder)
    assert ran.code == 1
    assert f"FAIL  {check}: " in ran.out


def test_views_that_are_behind_or_gone_are_a_warning(gitant: Command, folder: Path) -> None:
    (folder / "views.sqlite").unlink()
    assert findings(gitant, folder)["views"]["state"] == "warning"


def test_a_port_that_is_taken(gitant: Command, folder: Path, node: Node) -> None:
    set_port(folder, int(node.url.rpartition(":")[2]))
    found = findings(gitant, folder)["port"]
    assert found["state"] == "failed"
    assert "--port" in found["fix"]


def test_no_git_or_an_old_one(gitant: Command, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    assert findings(gitant, folder)["git"]["state"] == "failed"
    (programs / "git").write_text("#!/bin/sh\necho git version 2.37.1\n")
    (programs / "git").chmod(0o755)
    assert findings(gitant, folder)["git"]["seen"] == "git version 2.37.1"
    assert findings(gitant, folder)["git"]["state"] == "failed"


def test_git_that_does_not_know_who_you_are(gitant: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in [name for name in os.environ if name.startswith("GIT_CONFIG_")]:
        if name != "GIT_CONFIG_NOSYSTEM":
            monkeypatch.delenv(name)
    found = findings(gitant, folder)["git identity"]
    assert found["state"] == "warning"
    assert "git config" in found["fix"]


def test_a_clock_that_went_back(gitant: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitant.cli.doctor.time.time_ns", lambda: 1_780_000_000_000 * 1_000_000)
    assert "later than that" in findings(gitant, folder)["clock"]["seen"]
    monkeypatch.setattr("gitant.cli.doctor.time.time_ns", lambda: 0)
    assert findings(gitant, folder)["clock"]["state"] == "failed"


def test_nothing_is_changed(gitant: Command, folder: Path) -> None:
    def look() -> dict[str, tuple[int, bytes]]:
        return {
            path.name: (path.stat().st_mode, path.read_bytes())
            for path in sorted(folder.iterdir())
            if path.is_file() and not path.name.endswith(("-shm", "-wal", ".lock"))
        }

    before = look()
    gitant("doctor", "--data-dir", folder)
    assert look() == before
