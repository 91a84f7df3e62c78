"""Commits, comparisons, history and blame as pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from api.pages.source.mail import mailed
from api.pages.source.patches import drawn, parsed
from domain.ids import StreamId
from tests.api.history import NESTED, pack_of
from tests.api.pages.browsing import HTML, opened, page

if TYPE_CHECKING:
    from litestar.testing import TestClient

    from tests.api.client import Client
    from tests.api.history import History
    from tests.api.node import Node

BASE = "/operator/history"
HOSTILE = "<script>alert(1)</script>"
OLD = b"same\nthe old word here\n  indented\nlast\n" + b"tail\n" * 20 + b"end"
NEW = b"same\nthe new word here\n    indented\nlast\n" + b"tail\n" * 20 + b"end <b>\n"


@pytest.fixture(scope="module")
def edited(api: Client, history: History) -> tuple[str, str, str]:
    """The pages of a repository with one edit in it, and both commits."""
    stock = history.stock
    first = stock.commit(stock.tree(("100644", "a.txt", stock.blob(OLD))), message=f"Begin {HOSTILE}")
    many = stock.blob(b"".join(b"%d\n" % number for number in range(2_500)))
    tree = stock.tree(("100644", "a.txt", stock.blob(NEW)), ("100644", "many.txt", many))
    second = stock.commit(tree, first, message=f"Éditer {HOSTILE}\n\nBody {HOSTILE}\n", at=1_700_000_500)
    repo = f"/api/v1/repos/{api.post('/api/v1/repos', {'name': 'edited'}).json()['id']}"
    updates = [{"name": "refs/heads/main", "new_hash": first}, {"name": "refs/heads/edit", "new_hash": second}]
    api.post(f"{repo}/push-packfile", {"packfile": pack_of(stock, second), "ref_updates": updates}, expect=200)
    return "/operator/edited", first, second


def test_a_commit_shows_what_it_says_and_changed(http: TestClient[Any], edited: tuple[str, str, str]) -> None:
    base, first, second = edited
    text = page(http, f"{base}/commit/{second}")
    assert HOSTILE not in text
    assert "Body &lt;script&gt;" in text
    assert f'href="{base}/commit/{first}"' in text
    assert "the <mark>new</mark> word here" in text
    assert "many lines: open to see them" in text
    assert re.search(r'href="/-/events/[0-9a-f]{64}"', text), "the event that put the branch here"
    assert "spaces alone" not in text
    assert '<td class="n del">2</td>' in page(http, f"{base}/commit/{second}?style=split")
    plain = page(http, f"{base}/commit/{second}?w=1&file=a.txt")
    assert "indented" in plain
    assert '<tr class="ins"><td class="n"></td><td class="n">3</td>' not in plain
    assert "many.txt" not in page(http, f"{base}/commit/{second}?file=a.txt").split("<main", 1)[1].split("Files")[-1]
    assert page(http, f"{base}/commit/{first}").count('class="del"') == 0
    assert page(http, f"{base}/commit/edit") != ""
    opened(http, f"{base}/commit/{'0' * 40}", 404)


def test_short_names_lead_to_the_whole_ones(http: TestClient[Any], edited: tuple[str, str, str]) -> None:
    base, first, second = edited
    assert opened(http, f"{base}/commit/{second[:7]}", 302).headers["location"] == f"{base}/commit/{second}"
    to = opened(http, f"{base}/commit/{first[:12].upper()}.patch", 302).headers["location"]
    assert to == f"{base}/commit/{first}.patch"
    nothing = "0" * 7 if not first.startswith("0" * 7) else "1" * 7
    assert f"No commit begins with {nothing}" in page(http, f"{base}/commit/{nothing}", 404)
    opened(http, f"{base}/commit/{second[:6]}", 404)
    opened(http, f"{base}/commit/edit")
    for view in ("src", "raw", "blame", "commits"):
        to = opened(http, f"{base}/{view}/commit/{first[:9]}/a.txt", 302).headers["location"]
        assert to == f"{base}/{view}/commit/{first}/a.txt"
    assert opened(http, f"{base}/blob/{first[:9]}/a.txt", 302).headers["location"] == f"{base}/src/commit/{first}/a.txt"
    opened(http, f"{base}/src/commit/{nothing}/a.txt", 404)


def test_a_rename_and_a_picture_are_told(http: TestClient[Any], history: History) -> None:
    assert "old.txt → new.txt" in page(http, f"{BASE}/commit/{history.third}")
    assert f'src="{BASE}/raw/commit/{history.first}/picture.png"' in page(http, f"{BASE}/commit/{history.first}")


def test_a_commit_as_text_is_what_git_takes(
    http: TestClient[Any], edited: tuple[str, str, str], history: History, node: Node
) -> None:
    base, first, second = edited
    stock = history.stock
    diff = opened(http, f"{base}/commit/{second}.diff")
    assert diff.content == stock.git("diff", first, second)
    assert diff.headers["content-type"] == "text/plain; charset=utf-8"
    mail = opened(http, f"{base}/commit/{second}.patch").content
    assert opened(http, f"{base}/compare/main...edit.patch").content == mail
    assert opened(http, f"{base}/compare/main...edit.diff").content == diff.content
    told = stock.git("mailinfo", "/dev/null", "/dev/null", stdin=mail).decode()
    assert f"Subject: Éditer {HOSTILE}" in told
    row = node.ports.views.repo_at("operator", "edited")
    assert row is not None
    commit = node.ports.git.commit(StreamId(row.id), second)
    assert f"Email: {commit.author_email}" in told
    assert mailed(commit, b"") in mail.replace(diff.content, b"")


def test_two_places_are_compared(http: TestClient[Any], edited: tuple[str, str, str], history: History) -> None:
    base, first, second = edited
    text = page(http, f"{base}/compare/main...edit")
    assert "edit has 1 commit that main has not, and lacks 0" in text
    assert f'href="{base}/commit/{second}"' in text
    assert "Nothing differs" in page(http, f"{base}/compare/edit...main")
    assert "the <mark>old</mark> word here" in page(http, f"{base}/compare/edit..main")
    assert "edit has 1 commit" in page(http, f"{base}/compare/edit")
    assert "feature/x" in page(http, f"{BASE}/compare/v1...feature/x")
    assert history.second in page(http, f"{BASE}/compare/{history.first}...{history.third}")
    assert "<datalist" in page(http, f"{base}/compare")
    sent = http.get(f"{base}/compare?base=main&head=edit", headers=HTML, follow_redirects=False)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{base}/compare/main...edit")
    for spec in ("main...none", "...", "main...edit/x"):
        opened(http, f"{base}/compare/{spec}", 404)
    assert first != second


def test_history_and_blame(http: TestClient[Any], edited: tuple[str, str, str], history: History) -> None:
    base, first, second = edited
    text = page(http, f"{base}/commits/branch/edit")
    assert text.index(second) < text.index(first)
    assert second not in page(http, f"{base}/commits/branch/main")
    assert second not in page(http, f"{BASE}/commits/branch/main/{NESTED.replace(' ', '%20')}")
    assert opened(http, f"{base}/commits/edit", 302).headers["location"] == f"{base}/commits/branch/edit"
    assert opened(http, f"{base}/commits", 302).headers["location"] == f"{base}/commits/branch/main"
    opened(http, f"{base}/commits/branch/edit?after=nonsense", 422)
    blamed = page(http, f"{base}/blame/branch/edit/a.txt")
    assert f'href="{base}/blame/commit/{first}/a.txt"' in blamed
    assert [blamed.count(f'id="L{number}"') for number in (1, 2, 25)] == [1, 1, 1]
    assert HOSTILE not in blamed
    opened(http, f"{base}/blame/branch/edit", 404)
    opened(http, f"{BASE}/blame/branch/main/picture.png", 422)
    assert history.repo


def test_every_line_of_a_patch_is_drawn_once() -> None:
    patch = (
        "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@ def f():\n a\n--- b\n+++ c\n d\n"
        "@@ -9 +9 @@\n-old\n\\ No newline at end of file\n+new\n"
    )
    hunks = list(parsed(patch))
    assert [[(line.mark, line.old, line.new) for line in hunk.lines] for hunk in hunks] == [
        [(" ", 1, 1), ("-", 2, 0), ("+", 0, 2), (" ", 3, 3)],
        [("-", 9, 0), ("+", 0, 9)],
    ]
    assert hunks[0].lines[1].text == "-- b"
    for split in (False, True):
        table = drawn(patch, split=split, spaces=True)
        assert (table.additions, table.deletions) == (2, 2)
        text = re.sub(r"<[^>]+>", "", table.rows.data.decode())
        assert [text.count(each) for each in ("-- b", "++ c", "old", "new")] == [1, 1, 1, 1]
    assert drawn("@@ -1,9 +1,9 @@\n-cut", split=False, spaces=True).deletions == 1
    spaced = "@@ -1,2 +1,2 @@\n-a  b\n+a b\n c\n"
    assert drawn(spaced, split=False, spaces=False).count == 0
    assert drawn(spaced, split=True, spaces=True).count == 3
