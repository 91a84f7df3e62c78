"""Folders and files as pages: found by any kind of address, shown as what they are, with nothing in them alive."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from api.pages.repos import lag_of
from api.pages.source.folders import ENTRIES_SHOWN
from tests.api.history import SCRIPT, pack_of
from tests.api.pages.browsing import HTML, opened, page

if TYPE_CHECKING:
    from litestar.testing import TestClient

    from tests.api.client import Client
    from tests.api.history import History

BASE = "/operator/history"
SHEET = b"name,of\n<b>x</b>,1\n"
PROSE = b"# A title\n\n<script>alert(1)</script>[down](docs/deep)\n"


@pytest.fixture(scope="module")
def shelf(api: Client, history: History) -> str:
    """A repository with files of every sort; the address of its pages."""
    stock = history.stock
    files = [
        ("100644", "a.csv", SHEET),
        ("100644", "bin.dat", b"\0\1\2"),
        ("100644", "empty", b""),
        ("120000", "here", b"run.py"),
        ("100644", "long.txt", b"line\n" * 300_000),
        ("100644", "oddé #1?.md", PROSE),
        ("120000", "out", b"/etc/passwd"),
        ("100644", "readme.md", PROSE),
        ("100755", "run.py", b"def f():\n    return '<i>'\n"),
    ]
    lines = [(mode, name, stock.blob(data)) for mode, name, data in files]
    few = stock.tree(*lines[2:3])
    many = stock.tree(
        *(("100644", f"f{n:04d}.txt", lines[1][2]) for n in range(ENTRIES_SHOWN + 100)), ("040000", "z", few)
    )
    tree = stock.tree(*lines, ("160000", "sub", history.first), ("040000", "many", many))
    tip = stock.commit(tree, message="Put <b>all</b> here")
    repo = f"/api/v1/repos/{api.post('/api/v1/repos', {'name': 'shelf'}).json()['id']}"
    updates = [{"name": "refs/heads/main", "new_hash": tip}]
    api.post(f"{repo}/push-packfile", {"packfile": pack_of(stock, tip), "ref_updates": updates}, expect=200)
    return "/operator/shelf"


def test_a_folder_shows_entries_last_commits_and_its_readme(http: TestClient[Any], shelf: str) -> None:
    text = page(http, f"{shelf}/src/branch/main")
    assert "Put &lt;b&gt;all&lt;/b&gt; here" in text
    assert f'href="{shelf}/src/branch/main/run.py"' in text
    assert '<h1 id="said-a-title"' in text
    assert "<script>alert" not in text
    assert "sub @ " in text


def test_a_long_folder_comes_in_parts(http: TestClient[Any], shelf: str) -> None:
    path = f"{shelf}/src/branch/main/many"
    first = page(http, path)
    names = re.findall(r'class="name" href="[^"]*/many/([^"]+)"', first)
    assert names == ["z", *(f"f{n:04d}.txt" for n in range(ENTRIES_SHOWN - 1))], "folders first"
    assert f"1 to {ENTRIES_SHOWN} of {ENTRIES_SHOWN + 101} entries" in first
    (more,) = re.findall(r'href="([^"]*\?after=[^"]*)" rel="next"', first)
    assert more == f"{path}?after=f{ENTRIES_SHOWN - 2:04d}.txt"
    rest = page(http, more)
    left = re.findall(r'class="name" href="[^"]*/many/([^"]+)"', rest)
    assert [*names, *left][1:] == [f"f{n:04d}.txt" for n in range(ENTRIES_SHOWN + 100)], "each once"
    assert 'rel="next"' not in rest
    assert "f0100.txt" in page(http, f"{path}?after=f0099a-gone.txt"), "behind where one was that is gone"
    assert "f0000.txt" in page(http, f"{path}?after=z/")
    assert "entries" not in page(http, f"{path}/z")
    assert page(http, f"{path}?after=zzz").count('class="name"') == 0


def test_places_are_found_by_branch_tag_and_commit(http: TestClient[Any], history: History) -> None:
    assert "line 0" in page(http, f"{BASE}/src/branch/feature/x/docs/deep/er/read%20me.txt")
    assert "hello\n" in page(http, f"{BASE}/src/tag/v1/README.md?plain=1")
    deep = page(http, f"{BASE}/src/commit/{history.first}/docs/deep")
    assert f'href="{BASE}/src/commit/{history.first}/docs/deep/er"' in deep
    for path in (
        "src/branch/none",
        "src/commit/abc",
        "src/branch/main/none",
        "src/none/x",
        "src/tag/main",
        "src/HEAD/x",
    ):
        status = 302 if path == "src/HEAD/x" else 404
        assert http.get(f"{BASE}/{path}", headers=HTML, follow_redirects=False).status_code == status, path


@pytest.mark.parametrize(
    ("asked", "sent_to"),
    [
        ("tree/feature/x/docs", "src/branch/feature/x/docs"),
        ("blob/v1/README.md", "src/tag/v1/README.md"),
        ("src/main/docs/deep", "src/branch/main/docs/deep"),
        ("raw/main/README.md", "raw/branch/main/README.md"),
        ("blob/HEAD/a%20b%3F", "src/branch/main/a%20b%3F"),
        ("tree/refs/heads/main/docs", "src/branch/main/docs"),
    ],
)
def test_addresses_that_are_usual_elsewhere_lead_here(
    http: TestClient[Any], history: History, asked: str, sent_to: str
) -> None:
    assert history.repo
    answer = http.get(f"{BASE}/{asked}", headers=HTML, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, f"{BASE}/{sent_to}")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("a.csv", "<td>&lt;b&gt;x&lt;/b&gt;</td>"),
        ("a.csv?plain=1", '<tr id="L2"><td class="n"><a href="#L2">2</a></td>'),
        ("run.py", "executable"),
        ("run.py", "&lt;i&gt;"),
        ("bin.dat", "Download it"),
        ("empty", "The file is empty"),
        ("long.txt", "too large to be shown"),
        ("odd%C3%A9%20%231%3F.md", 'href="/operator/shelf/raw/branch/main/odd%C3%A9%20%231%3F.md"'),
        ("readme.md", '<h1 id="said-a-title"'),
        ("readme.md?plain=1", "&lt;script&gt;"),
        ("here", 'leads to <a href="/operator/shelf/src/branch/main/run.py">'),
        ("out", "outside of this repository"),
        ("sub", "A submodule"),
    ],
)
def test_a_file_is_shown_as_what_it_is(http: TestClient[Any], shelf: str, path: str, shown: str) -> None:
    text = page(http, f"{shelf}/src/branch/main/{path}")
    assert shown in text
    assert "<script>alert" not in text


def test_raw_bytes_run_nowhere(http: TestClient[Any], history: History) -> None:
    assert history.repo
    drawn = opened(http, f"{BASE}/raw/branch/main/picture.svg")
    assert (drawn.content, drawn.headers["content-type"]) == (SCRIPT, "image/svg+xml")
    plain = opened(http, f"{BASE}/media/branch/main/README.md")
    assert plain.headers["content-type"] == "text/plain; charset=utf-8"
    for answer in (drawn, plain):
        policy = answer.headers["content-security-policy"]
        assert "sandbox" in policy
        assert "script" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert 'src="/operator/history/raw/branch/main/picture.svg"' in page(http, f"{BASE}/src/branch/main/picture.svg")


def test_a_private_repository_is_not_there_for_others(http: TestClient[Any], api: Client) -> None:
    api.post("/api/v1/repos", {"name": "cellar", "private": True})
    for path in ("src/branch/main", "raw/branch/main/x", "tree/main", "src/main"):
        told = http.get(f"/operator/cellar/{path}", headers=HTML, follow_redirects=False)
        other = http.get(f"/operator/nothing/{path}", headers=HTML, follow_redirects=False)
        assert told.status_code == other.status_code == 404
        assert told.text.replace("cellar", "nothing").count("nothing") == other.text.count("nothing")


def test_a_home_says_what_is_still_to_come() -> None:
    assert lag_of({}) == ""
    equal = {"did": "a", "state": "equal", "behind": 0}
    assert lag_of({"objects": "present", "peers": [equal]}) == ""
    peers = [equal, {**equal, "behind": 3}, {**equal, "behind": 1}]
    assert lag_of({"objects": "fetching", "peers": peers}) == "2 peers ahead, by up to 3 feeds, files are on their way"
    assert lag_of({"objects": "missing"}) == "files are missing"
