"""Atom feeds, what crawlers are told, and what other sites show of a link."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from api.entrance.buckets import Rate
from api.entrance.dear import dear_rate, is_dear
from api.pages.faces import SIDE_PX, drawn
from api.pages.feeds import KIND, Entry, Feed, Person, written
from tests.api.history import pack_of

if TYPE_CHECKING:
    from tests.api.client import Client
    from tests.api.history import History
    from tests.api.node import Node
    from tests.api.pages.visitor import Visitor

ATOM = "{http://www.w3.org/2005/Atom}"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def assert_is_atom(text: str) -> ET.Element:
    """What RFC 4287 wants of a feed and its entries (§4.1.1, §4.1.2), checked one by one."""
    feed = ET.fromstring(text)
    assert feed.tag == f"{ATOM}feed"
    for each in (feed, *feed.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            (found,) = each.findall(f"{ATOM}{name}")
            assert found.text
        assert re.match(r"[a-z]+:\S+$", each.findtext(f"{ATOM}id") or "")
        assert TIME.fullmatch(each.findtext(f"{ATOM}updated") or "")
        (page,) = [link for link in each.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert (page.get("href") or "").startswith("http")
    for entry in feed.iter(f"{ATOM}entry"):
        (author,) = entry.findall(f"{ATOM}author")
        assert author.findtext(f"{ATOM}name")
    names = [each.text for each in feed.iterfind(f"{ATOM}entry/{ATOM}id")]
    assert len(names) == len(set(names))
    (own,) = [link for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert own.get("type") == "application/atom+xml"
    return feed


def titles(feed: ET.Element) -> list[str]:
    return [each.text or "" for each in feed.iterfind(f"{ATOM}entry/{ATOM}title")]


@pytest.fixture(scope="module")
def vault(kay: Visitor) -> str:
    """A public repository with an issue of hostile words, and a private one."""
    path = kay.make_repo("vault")
    kay.send(f"{path}/settings", act="about", description='Where "things" <are>', website="", default_branch="main")
    kay.send(f"{path}/issues/new", title="It <b>creaks</b> & leaks", body="See <script>alert(1)</script> *here*")
    hidden = kay.make_repo("hidden", private=True)
    kay.send(f"{hidden}/issues/new", title="Nobody knows", body="")
    return path


def test_what_happened_in_a_repository_is_a_feed(vault: str, kay: Visitor, stranger: Visitor) -> None:
    answer = stranger.ask("GET", f"{vault}/events.atom", 200)
    assert answer.headers["content-type"] == KIND.decode()
    feed = assert_is_atom(answer.text)
    assert titles(feed)[0] == "opened #1 It <b>creaks</b> & leaks in vault"
    assert [each.text for each in feed.iterfind(f"{ATOM}entry/{ATOM}author/{ATOM}name")] == ["kay"] * len(titles(feed))
    assert (feed.findtext(f"{ATOM}id") or "").startswith("gitant://")
    tag = answer.headers["etag"]
    stranger.ask("GET", f"{vault}/events.atom", 304, **{"if-none-match": tag})
    kay.send(f"{vault}/issues/1/do", act="close")
    later = stranger.ask("GET", f"{vault}/events.atom", 200, **{"if-none-match": tag})
    assert len(titles(assert_is_atom(later.text))) == 1 + len(titles(feed))
    stranger.open("/kay/hidden/events.atom", 404)
    stranger.open("/kay/hidden/issues.atom", 404)
    stranger.open("/kay/hidden/commits.atom", 404)
    stranger.open("/kay/hidden.atom", 404)
    assert titles(assert_is_atom(kay.open("/kay/hidden/issues.atom"))) == ["#1 Nobody knows"]


def test_issues_are_a_feed_whose_words_do_nothing(vault: str, stranger: Visitor) -> None:
    feed = assert_is_atom(stranger.open(f"{vault}/issues.atom"))
    assert titles(feed) == ["#1 It <b>creaks</b> & leaks"]
    content = feed.findtext(f"{ATOM}entry/{ATOM}content") or ""
    assert "<em>here</em>" in content
    assert "<script" not in content


def test_commits_are_a_feed_of_any_ref(api: Client, history: History, stranger: Visitor) -> None:
    stock = history.stock
    tip = stock.commit(
        stock.tree(("100644", "a", stock.blob(b"a"))), message="Ring \x07 <b>\n\n]]> &amp;", at=1_700_000_900
    )
    repo = f"/api/v1/repos/{api.post('/api/v1/repos', {'name': 'belled'}).json()['id']}"
    assert titles(assert_is_atom(stranger.open("/operator/belled/commits.atom"))) == []
    moves = [{"name": name, "new_hash": tip} for name in ("refs/heads/main", "refs/heads/a&b")]
    api.post(f"{repo}/push-packfile", {"packfile": pack_of(stock, tip), "ref_updates": moves}, expect=200)
    feed = assert_is_atom(stranger.open("/operator/belled/commits.atom?ref=a%26b"))
    assert titles(feed) == ["Ring \ufffd <b>"]
    assert feed.findtext(f"{ATOM}entry/{ATOM}content") == "<pre>]]&gt; &amp;amp;</pre>"
    assert feed.findtext(f"{ATOM}title") == "operator/belled: commits of a&b"
    stranger.open("/operator/belled/commits.atom?ref=none", 404)
    assert len(titles(assert_is_atom(stranger.open("/operator/history/commits.atom?ref=v1")))) == 1


def test_feeds_are_where_other_forges_have_them(vault: str, stranger: Visitor) -> None:
    feed = assert_is_atom(stranger.open("/kay.atom"))
    assert feed.findtext(f"{ATOM}title") == "kay: activity"
    assert not any("hidden" in title or "Nobody" in title for title in titles(feed))
    for path, to in (
        ("/kay.rss", "/kay.atom"),
        (f"{vault}.atom", f"{vault}/events.atom"),
        (f"{vault}.rss", f"{vault}/events.atom"),
    ):
        assert stranger.ask("GET", path, 303).headers["location"] == to
    stranger.open("/nobody-here.atom", 404)
    for path in (vault, "/kay"):
        for to in re.findall(
            r'<link rel="alternate" type="application/atom\+xml" title="[^"]+" href="([^"]+)"', stranger.open(path)
        ):
            assert_is_atom(stranger.open(to))


def test_a_feed_of_anything_is_well_formed() -> None:
    words = "".join(map(chr, (*range(0x30), *b"]]><&\"'", 0xD800, 0xFFFE, 0x1F600)))
    entry = Entry("did:key:x", words * 9, "/a'\"<b>", "2024-01-01T00:00:00Z", Person("", '/k"'), words)
    feed = assert_is_atom(
        written(Feed("gitant://x", words, "/x", "2024-01-01T00:00:00Z", [entry]), "http://h", "/y?a=1&b='\"<").decode()
    )
    assert len(titles(feed)[0]) <= 200


def test_crawlers_are_told_what_to_leave_out(vault: str, stranger: Visitor) -> None:
    answer = stranger.ask("GET", "/robots.txt", 200)
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.text.splitlines()
    assert lines[0] == "User-agent: *"
    assert {"Disallow: /*/*/blame", "Disallow: /*/*/compare", "Disallow: /api/", "Disallow: /-/"} <= {*lines}
    assert "Disallow: /" not in lines
    assert stranger.ask("GET", f"{vault}/search", 200).headers["x-robots-tag"] == "noindex, nofollow"
    assert "x-robots-tag" not in stranger.ask("GET", vault, 200).headers
    for path in ("/a/b/blame/branch/main/x", "/a/b/commit/1", "//a//b/compare", "/a/b/src/commit/1/x", "/search"):
        assert is_dear(path), path
    for path in (
        "/a/b",
        "/a/b/src/branch/main/x",
        "/api/v1/search",
        "/a/b/commits.atom",
        "/a/commits",
        "/a/b/issues/1",
    ):
        assert not is_dear(path), path
    assert dear_rate(Rate(20, 200)) == Rate(2, 40)
    assert dear_rate(Rate(1, 1)) == Rate(0.1, 1)


def test_a_link_shows_its_title_words_and_picture_elsewhere(vault: str, node: Node, stranger: Visitor) -> None:
    page = stranger.open(vault)
    did = node.ports.views.principal("kay")
    assert did is not None
    assert '<meta property="og:title" content="kay/vault">' in page
    assert '<meta property="og:description" content="Where &#34;things&#34; &lt;are&gt;">' in page
    assert re.search(rf'<meta property="og:url" content="http://[a-z.]+{vault}">', page)
    found = re.search(r'<meta property="og:image" content="http://[a-z.]+(/-/face/[^"]+)">', page)
    assert found is not None
    picture = stranger.ask("GET", found[1], 200)
    assert picture.headers["content-type"] == "image/png"
    assert "immutable" in picture.headers["cache-control"]
    assert 'content="profile"' in stranger.open("/kay")
    assert 'content="See &lt;script&gt;' in stranger.open(f"{vault}/issues/1")
    assert "og:image" not in stranger.open("/kay/hidden", 404)
    for wrong in ("x.png", f"{did}.jpg", f"{did}", "did:key:z.png"):
        stranger.ask("GET", f"/-/face/{wrong}", 404)


def test_a_picture_is_a_png() -> None:
    data = drawn("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp")
    assert data.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    at = data.index(b"IDAT")
    size = int.from_bytes(data[at - 4 : at], "big")
    rows = zlib.decompress(data[at + 4 : at + 4 + size])
    assert len(rows) == SIDE_PX * (1 + SIDE_PX // 8)
    assert int.from_bytes(data[at + 4 + size : at + 8 + size], "big") == zlib.crc32(data[at : at + 4 + size])
    assert len(data) < 1_000
