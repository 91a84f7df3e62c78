"""`gitant backup` and `gitant restore` as a person runs them, and stock git on what came back."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.gitant.running import Node, running
from tests.house.tree import BIN
from tests.interop.clients import StockGit, asking, make_repo, url_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.gitant.cli.conftest import Command

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backup")


@pytest.fixture(scope="module")
def work(scratch: Path) -> StockGit:
    return StockGit(scratch).work_tree("attic")


@pytest.fixture(scope="module")
def restored(scratch: Path, work: StockGit) -> Generator[Node]:
    """The node that was restored from a backup of a running one, which ended in between."""
    with running(scratch / "node") as node:
        make_repo(node, "attic")
        work("push", "--quiet", url_of(node, "attic"), "main")
        with asking(node) as client:
            attached = client.post(
                "/api/v1/repos/attic/attachments", content=b"\x89PNG\r\n\x1a\n", headers={"content-type": "image/png"}
            )
        assert run("backup", scratch / "out", "--data-dir", node.folder).returncode == 0
        said = run("digest", "--data-dir", node.folder).stdout
        if attached.is_success:
            assert any((scratch / "out" / "blobs").rglob("*"))
        assert node.end() == 0
    done = run("restore", scratch / "out", "--data-dir", scratch / "new")
    assert done.returncode == 0, done.stderr
    assert f"gitant restore --alone --data-dir {scratch}/new" in done.stderr
    assert run("digest", "--data-dir", scratch / "new").stdout == said
    with running(scratch / "new") as node:
        yield node


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BIN / "gitant", *words], capture_output=True, text=True, check=False)


def test_the_restored_node_is_read_from_and_refuses_writes_with_the_way_out(restored: Node, work: StockGit) -> None:
    clone = StockGit(work.folder.parent).work_tree("clone", url_of(restored, "attic"))
    assert clone("rev-parse", "main") == work("rev-parse", "main")
    work.commit("late.txt", "late\n")
    refused = work.run("push", url_of(restored, "attic"), "main")
    assert refused.returncode != 0
    assert "was restored from a backup" in refused.stderr
    with asking(restored) as client:
        answer = client.post("/api/v1/repos/attic/issues", json={"title": "Dust"})
        assert answer.status_code == 503
        assert "gitant restore --alone" in answer.json()["hint"]
        assert client.get("/ready").status_code == 200
    freed = run("restore", "--alone", "--data-dir", restored.folder)
    assert (freed.returncode, freed.stderr.strip()) == (0, "the node writes again")
    work("push", "--quiet", url_of(restored, "attic"), "main")
    again = run("restore", "--alone", "--data-dir", restored.folder, "--json")
    assert json.loads(again.stdout) == {"released": 0}


def test_what_is_printed(gitant: Command, scratch: Path, restored: Node) -> None:
    second = scratch / "second"
    roundabout = scratch / "out" / ".." / "second"
    made: Any = gitant("backup", "--onto", scratch / "out", roundabout, "--data-dir", restored.folder, "--json").json()
    assert made["backup"] == str(second)
    assert made["shared_bytes"] > 0
    assert made["lacking"] == []
    checked = gitant("backup", "--verify", second)
    assert (checked.code, checked.err) == (0, "")
    assert f"position:     {made['position']}\n" in checked.out
    (second / "config.toml").write_text("port = 1\n")
    spoiled = gitant("backup", "--verify", second, "--json")
    told: Any = spoiled.json()
    assert (spoiled.code, told["faults"]) == (1, ["config.toml does not belong to the backup"])
    assert gitant("backup", "--verify", second).out == "fault: config.toml does not belong to the backup\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("backup", "{out}", "--data-dir", "{node}"), 1, "is there already, and not empty"),
        (("backup", "{node}/out", "--data-dir", "{node}"), 1, "inside the data folder"),
        (("backup", "--verify", "{node}"), 1, "is not a backup"),
        (("backup", "--verify", "--onto", "{out}", "{out}"), 2, "--onto is for making"),
        (("restore", "{out}", "--data-dir", "{node}"), 1, "not empty"),
        (("restore", "{node}", "--data-dir", "{out}/../x"), 1, "is not a backup"),
        (("restore",), 2, "name a backup"),
    ],
)
def test_what_cannot_be_done_is_said(
    gitant: Command, restored: Node, scratch: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    ran = gitant(*(word.format(out=scratch / "out", node=restored.folder) for word in words))
    assert ran.code == code
    assert said in " ".join(ran.err.split())
