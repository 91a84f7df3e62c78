"""Files, blame, archives and languages from the command line, on a node that runs."""

from __future__ import annotations

import io
import itertools
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest

from tests.api.history import History, make_history, pack_of
from tests.house.tree import BIN
from tests.storage.git.stock import stock_repo

if TYPE_CHECKING:
    from tests.gitant.cli.conftest import Command, Node, Ran

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def history(node: Node, tmp_path_factory: pytest.TempPathFactory) -> History:
    """A pushed history; `repo` is its name."""
    made = make_history(stock_repo(tmp_path_factory.mktemp("stock")))
    made.repo = f"files-{next(_numbers)}"
    with httpx.Client(base_url=node.url, headers={"authorization": f"Bearer {node.token}"}) as client:
        assert client.post("/api/v1/repos", json={"name": made.repo}).is_success
        refs = [
            {"name": "refs/heads/main", "new_hash": made.third},
            {"name": "refs/tags/v1", "new_hash": made.first},
        ]
        pushed = {"packfile": pack_of(made.stock, made.third), "ref_updates": refs}
        assert client.post(f"/api/v1/repos/{made.repo}/push-packfile", json=pushed).is_success
    return made


def told(ran: Ran) -> Any:
    assert ran.code == 0, ran.err
    return cast("Any", ran.json())


def test_a_folder_and_what_last_changed_it(here: Command, history: History) -> None:
    lines = here("file", "list", "-R", history.repo).out.splitlines()
    rows = {line.split("\t")[0]: line.split("\t")[2:] for line in lines}
    assert rows["docs/"][0] == history.first[:8]
    assert rows["docs/"][2] == "Begin"
    assert rows["new.txt"][0] == history.third[:8]
    assert told(here("file", "list", "docs", "-R", history.repo, "--json"))["entries"][0]["name"] == "deep"
    assert here("file", "list", "nothing", "-R", history.repo).code == 1


def test_blame_a_line_each(here: Command, history: History) -> None:
    assert here("file", "blame", "README.md", "-R", history.repo).out.splitlines() == [
        f"{history.first[:8]}\tAda\t2023-11-14\t1\thello",
        f"{history.second[:8]}\tAda\t2023-11-14\t2\tworld",
    ]
    first = told(here("file", "blame", "README.md", "-R", history.repo, "--ref", "v1", "--json"))
    assert [each["count"] for each in first["ranges"]] == [1]
    assert here("file", "blame", "docs", "-R", history.repo).err.startswith("error: ")


def test_an_archive_lands_in_a_file(here: Command, history: History) -> None:
    name = f"{history.repo}-v1.tar.gz"
    assert here("repo", "archive", history.repo, "--ref", "v1").out == f"{name}\n"
    stock = history.stock.git("archive", "--format=tar.gz", f"--prefix={history.repo}-v1/", history.first)
    assert Path(name).read_bytes() == stock
    again = here("repo", "archive", history.repo, "--ref", "v1")
    assert again.code == 1
    assert "is there already" in again.err
    made = told(here("repo", "archive", history.repo, "-o", "it.zip", "--json"))
    assert made == {"file": "it.zip", "size": Path("it.zip").stat().st_size, "commit": history.third}
    assert here("repo", "archive", history.repo, "-f", "rar").code == 1
    assert here("repo", "archive", history.repo, "--ref", "nothing").code == 1
    assert [path.name for path in Path().iterdir() if path.suffix == ".part"] == []


def test_an_archive_into_a_pipe(node: Node, history: History) -> None:
    words: list[str | Path] = [BIN / "gitant", "repo", "archive", history.repo, "-o", "-", "--data-dir", node.folder]
    ran = subprocess.run(words, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(ran.stdout)) as found:
        assert f"{history.repo}-HEAD/new.txt" in found.getnames()
    assert ran.stderr == b""


def test_languages(here: Command, history: History) -> None:
    found = told(here("repo", "languages", history.repo, "--json"))
    assert found["languages"] == {}
    assert here("repo", "languages", history.repo).out == ""
