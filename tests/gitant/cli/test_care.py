"""`gitant gc` and `gitant repo check`, on the folder of a node that is stopped and of one that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from storage.git.care.merging import replaced
from storage.git.care.packs import packs_of
from storage.git.engine.keeping import KeptTables
from tests.gitant.backup.room import node_at, push

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.gitant.cli.conftest import Command, Ran
    from tests.gitant.writer.world import World


@pytest.fixture
def running(tmp_path: Path) -> Generator[World]:
    """A node that holds its folder, with two repositories of four packs and of none."""
    with node_at(tmp_path / "node") as world:
        repo = world.repo()
        for number in range(4):
            push(world, repo, f"b{number}", f"text {number}\n")
        world.repo("loft")
        yield world


@pytest.fixture
def stopped(tmp_path: Path) -> World:
    with node_at(tmp_path / "node") as world:
        repo = world.repo()
        for number in range(4):
            push(world, repo, f"b{number}", f"text {number}\n")
        world.repo("loft")
    return world


def attic(world: World) -> Path:
    return next(path for path in world.folder.repos.glob("*.git") if packs_of(path))


def told(ran: Ran) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", ran.json())


def flip(path: Path, at: int) -> None:
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)


def test_packs_of_a_stopped_node_are_merged_and_gone_at_once(gitant: Command, stopped: World) -> None:
    where = ("--data-dir", stopped.folder.path, "--json")
    (plan, empty) = told(gitant("gc", "--all", "--dry-run", *where))
    assert (plan["name"], plan["packs_before"], plan["packs_after"], plan["merged"]) == ("attic", 4, 1, 4)
    assert (empty["name"], empty["packs_before"]) == ("loft", 0)
    assert len(packs_of(attic(stopped))) == 4
    (done,) = told(gitant("gc", "attic", *where))
    assert (done["packs_after"], done["fault"]) == (1, "")
    assert done["freed_bytes"] > done["saved_bytes"] > 0
    assert len(packs_of(attic(stopped))) == 1
    assert gitant("repo", "check", "--all", *where).code == 0
    assert "saved 0 bytes" in gitant("gc", "attic", "--full", "--data-dir", stopped.folder.path).err


def test_a_running_node_keeps_what_was_replaced_for_a_while(gitant: Command, running: World) -> None:
    ran = gitant("gc", "attic", "--data-dir", running.folder.path)
    assert ran.code == 0
    assert ran.out.split("\t")[:3] == ["attic", "4", "1"]
    assert "within two minutes" in ran.err
    assert len(replaced(attic(running))) == 4
    assert gitant("repo", "check", "attic", "--data-dir", running.folder.path).code == 0


def test_what_cannot_be_merged_is_said(gitant: Command, stopped: World) -> None:
    KeptTables().tables(attic(stopped))
    flip(attic(stopped) / f"objects/pack/{packs_of(attic(stopped))[0].name}.pack", 20)
    ran = gitant("gc", "--all", "--data-dir", stopped.folder.path)
    assert ran.code == 1
    assert "git could not merge the packs" in ran.out
    assert "gitant repo check" in ran.err
    assert len(packs_of(attic(stopped))) == 4


def test_a_damaged_object_is_found_and_not_hidden_by_repairing(gitant: Command, stopped: World) -> None:
    flip(attic(stopped) / f"objects/pack/{packs_of(attic(stopped))[0].name}.pack", 20)
    for flags in ((), ("--repair",)):
        ran = gitant("repo", "check", "attic", *flags, "--data-dir", stopped.folder.path, "--json")
        assert ran.code == 1
        (report,) = told(ran)
        assert {fault["part"] for fault in report["faults"]} == {"objects"}
    words = gitant("repo", "check", "attic", "--data-dir", stopped.folder.path).err
    assert "restore the repository's folder from a backup" in words


def test_tables_that_rotted_are_made_again(gitant: Command, stopped: World) -> None:
    KeptTables().tables(attic(stopped))
    tables = next((attic(stopped) / "objects/pack").glob("*.gt"))
    whole = tables.read_bytes()
    flip(tables, 960)  # the first column begins there
    (report,) = told(gitant("repo", "check", "attic", "--data-dir", stopped.folder.path, "--json"))
    assert [fault["part"] for fault in report["faults"]] == ["tables"]
    ran = gitant("repo", "check", "attic", "--repair", "--data-dir", stopped.folder.path)
    assert ran.code == 0
    assert "made the tables of 1 packs" in ran.out
    assert tables.read_bytes() == whole


@pytest.mark.parametrize("harm", ["moved", "torn", "gone"])
def test_refs_that_left_the_log_are_set_again(gitant: Command, stopped: World, harm: str) -> None:
    refs = attic(stopped) / "packed-refs"
    whole = refs.read_bytes()
    lines = whole.splitlines(keepends=True)
    harmed = {"moved": [lines[0], lines[2][:40] + lines[1][40:], *lines[2:]], "torn": [whole[:-50]], "gone": lines[:-1]}
    refs.write_bytes(b"".join(harmed[harm]))
    ran = gitant("repo", "check", "attic", "--data-dir", stopped.folder.path)
    assert ran.code == 1
    assert "attic: refs:" in ran.out
    assert "gitant repo check --repair" in ran.err
    assert gitant("repo", "check", "attic", "--repair", "--data-dir", stopped.folder.path).code == 0
    assert refs.read_bytes() == whole


def test_refs_of_a_running_node_are_its_own_to_set(gitant: Command, running: World) -> None:
    (attic(running) / "packed-refs").write_bytes(b"torn")
    ran = gitant("repo", "check", "attic", "--repair", "--data-dir", running.folder.path)
    assert ran.code == 1
    assert "already served" in ran.err


def test_a_repository_whose_folder_is_gone(gitant: Command, stopped: World) -> None:
    attic(stopped).rename(stopped.folder.path / "elsewhere")
    ran = gitant("repo", "check", "--all", "--data-dir", stopped.folder.path)
    assert ran.code == 1
    assert "attic: objects: its folder is missing" in ran.out
    assert gitant("gc", "--all", "--data-dir", stopped.folder.path).code == 1


def test_what_to_tend_must_be_said(gitant: Command, stopped: World) -> None:
    assert gitant("gc", "attic", "--all", "--data-dir", stopped.folder.path).code == 2
    ran = gitant("gc", "cellar", "--data-dir", stopped.folder.path)
    assert ran.code == 1
    assert "there is no repository cellar here" in ran.err


def test_the_doctor_tells_what_repositories_take(gitant: Command, stopped: World) -> None:
    def found(*flags: str) -> dict[str, Any]:
        ran = gitant("doctor", *flags, "--data-dir", stopped.folder.path, "--json")
        return next(row for row in cast("dict[str, Any]", ran.json())["checks"] if row["check"] == "disk use")

    assert found()["state"] == "ok"
    assert found()["seen"].startswith("2 repositories take ")
    stopped.folder.config.write_text("gc_packs_max = 0\n")
    assert found()["state"] == "ok", "nobody wants them merged"
    for number in range(5):
        copy_pack(attic(stopped), number)
    stopped.folder.config.write_text("gc_packs_max = 2\n")
    assert found()["state"] == "warning"
    assert "have more than 8 packs" in found()["seen"]


def copy_pack(repo: Path, number: int) -> None:
    """Another pack with what one of them has."""
    pack = repo / f"objects/pack/{packs_of(repo)[0].name}.pack"
    for suffix in (".pack", ".idx"):
        copied = pack.with_name(f"pack-{number:040x}{suffix}")
        copied.write_bytes(pack.with_suffix(suffix).read_bytes())
