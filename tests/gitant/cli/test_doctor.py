"""The doctor finds what is wrong, says how to mend it, and changes nothing unless told to."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from domain.authority.enrolment_text import last_of
from domain.envelope import RawEvent
from domain.ids import DeviceKey, Did, EventId, StreamId
from domain.ports_held import HeldEvent
from gitant.recovery import recovery_of
from storage.held import SqliteHeld
from tests.gitant.certificates import make_certificate
from tests.gitant.writer.world import make_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.gitant.cli.conftest import Command, Node

CHECKS_LEAST = 30


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
    assert (found["recovery key"]["state"], "only root of 1 repositories" in found["recovery key"]["seen"]) == (
        "warning",
        True,
    )


def test_a_folder_that_is_not_there_yet(gitant: Command, tmp_path: Path) -> None:
    ran = gitant("doctor", "--data-dir", tmp_path / "none")
    assert "gitant serve" in ran.out
    assert not (tmp_path / "none").exists()


def test_a_node_that_runs(gitant: Command, node: Node) -> None:
    found = findings(gitant, node.folder)
    assert found["node"]["seen"] == f"{node.url} is ready"
    assert found["port"]["state"] == "ok"
    printed = gitant("identity", "recovery", "--data-dir", node.folder)
    key, chain = recovery_of(printed.out)
    assert findings(gitant, node.folder)["recovery key"]["state"] == "ok"
    told = httpx.get(f"{node.url}/api/v1/agents/operator").json()
    assert {"did": key.did, "powers": ["enrol"]} in told["devices"]
    assert last_of(chain).principal == told["did"]
    kept = node.folder / "paper"
    assert gitant("identity", "recovery", "--output", kept, "--data-dir", node.folder).code == 0
    assert (kept.stat().st_mode & 0o777, recovery_of(kept.read_text())[0].did != key.did) == (0o600, True)
    assert "is there already" in gitant("identity", "recovery", "-o", kept, "--data-dir", node.folder).err


def test_a_proxy_that_the_node_was_not_told_of(gitant: Command, node: Node) -> None:
    """The node is on loopback and knows no other name; the proxy passes on the one that clients use."""
    answer = httpx.get(f"{node.url}/api/v1/version", headers={"host": "forge.example"}, trust_env=False)
    assert answer.status_code == 421
    found = findings(gitant, node.folder)["public_url"]
    assert found["state"] == "warning"
    assert "allowed_hosts" in found["fix"]


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


def _lose_repository(folder: Path) -> None:
    (repository,) = (folder / "repos").iterdir()
    shutil.rmtree(repository)


ILLS: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "an open folder": ("data folder", _set("", 0o755), "chmod 700"),
    "an open key": ("identity key", _set("identity.key", 0o644), "chmod 600"),
    "a short key": ("identity key", _write("identity.key", b"short"), "backup"),
    "an open token": ("operator token", _set("operator.token", 0o640), "chmod 600"),
    "a log that is none": ("log", _write("log.sqlite", b"x" * 9_000), "gitant verify"),
    "views that are none": ("views", _write("views.sqlite", b"x" * 9_000), "gitant rebuild"),
    "views beyond the log": ("views", _run("views.sqlite", "UPDATE meta SET value=9 WHERE name='position'"), "rebuild"),
    "a setting that is none": ("settings", _write("config.toml", b"prot = 1"), "there are"),
    "a key of somebody else": ("owner", _write("identity.key", b"\x07" * 32), "from a backup"),
    "a gap in what it signed": (
        "own feeds",
        _run("log.sqlite", "UPDATE stored_events SET originator_version=9 WHERE rowid=2"),
        "gitant verify",
    ),
    "a log open to others": ("file modes", _set("log.sqlite", 0o664), "chmod go-w"),
    "views of another log": (
        "views and log",
        _run("views.sqlite", "UPDATE events SET id=x'00' WHERE pos=2"),
        "rebuild",
    ),
    "a lost repository": ("repository folders", _lose_repository, "backup"),
    "a path in the address": (
        "public_url",
        _write("config.toml", b"public_url = 'https://forge.example/git'"),
        "host name",
    ),
    "half a certificate": ("certificate", _write("config.toml", b"tls_cert = '/nowhere.pem'"), "both"),
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


def _age(path: Path) -> None:
    path.touch()
    os.utime(path, (0, 0))


MENDED: dict[str, Callable[[Path], None]] = {
    "data folder": _set("", 0o755),
    "identity key": _set("identity.key", 0o644),
    "operator token": _set("operator.token", 0o640),
    "file modes": _set("views.sqlite", 0o666),
    "leftovers": lambda folder: _age(folder / ".node.json.0123456789abcdef"),
    "views": lambda folder: (folder / "views.sqlite").unlink(),
    "views and log": _run("views.sqlite", "UPDATE events SET id=x'00' WHERE pos=2"),
    "quarantines": lambda folder: next((folder / "repos").iterdir()).joinpath("quarantine", "a" * 32).mkdir(),
}


@pytest.mark.parametrize("check", MENDED)
def test_what_can_be_put_right_is(gitant: Command, folder: Path, check: str) -> None:
    set_port(folder, 0)
    MENDED[check](folder)
    assert findings(gitant, folder)[check]["state"] != "ok"
    found = findings(gitant, folder, "--fix")
    assert found[check]["state"] == "ok"
    assert found[check]["mended"]
    assert findings(gitant, folder)[check]["state"] == "ok"


def test_packs_and_objects_that_are_lost(gitant: Command, folder: Path) -> None:
    packs = next((folder / "repos").iterdir()) / "objects" / "pack"
    (packs / f"pack-{'0' * 40}.pack").write_bytes(b"PACK" + b"\0" * 28)
    assert findings(gitant, folder)["packs"]["state"] == "failed"
    with closing(sqlite3.connect(folder / "views.sqlite")) as views, views:
        (stream,) = views.execute("SELECT stream FROM repos").fetchone()
        views.execute("INSERT INTO refs VALUES (?, 'refs/heads/main', ?, '', '')", (stream, b"\x01" * 20))
    found = findings(gitant, folder)
    assert found["objects of refs"]["state"] == "failed"
    assert found["refs"]["state"] == "warning"


def test_a_certificate_that_ends_soon(gitant: Command, folder: Path) -> None:
    cert, key = make_certificate(folder.parent / "tls", days=3)
    (folder / "config.toml").write_text(f"host = '0.0.0.0'\ntls_cert = '{cert}'\ntls_key = '{key}'\n")
    found = findings(gitant, folder)
    assert (found["certificate"]["state"], found["exposure"]["state"]) == ("warning", "ok")
    make_certificate(folder.parent / "tls", days=-3)
    assert findings(gitant, folder)["certificate"]["seen"].startswith("expired")
    (folder / "config.toml").write_text("host = '0.0.0.0'\n")
    assert findings(gitant, folder)["exposure"]["state"] == "warning"


def test_views_that_are_behind_or_gone_are_a_warning(gitant: Command, folder: Path) -> None:
    (folder / "views.sqlite").unlink()
    assert findings(gitant, folder)["views"]["state"] == "warning"


def test_a_port_that_is_taken(gitant: Command, folder: Path, node: Node) -> None:
    set_port(folder, int(node.url.rpartition(":")[2]))
    found = findings(gitant, folder)["port"]
    assert found["state"] == "failed"
    assert "--port" in found["fix"]
    assert "(pid " in found["seen"]


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


def test_strangers_whom_nobody_looks_at(gitant: Command, folder: Path) -> None:
    assert findings(gitant, folder)["strangers"]["state"] == "ok"
    held = SqliteHeld(folder / "local.sqlite")
    place = (StreamId(b"s" * 32), Did("did:key:who"), DeviceKey(b"d" * 32), 1, 2)
    held.put(HeldEvent(EventId(b"e" * 32), *place, "", 0, RawEvent(b"h", b"s", b"p")))
    held.settle()
    held.close()
    found = findings(gitant, folder)["strangers"]
    assert found["state"] == "warning"
    assert found["seen"].startswith("1 events wait")
    assert "gitant member held" in found["fix"]
