"""Who wrote a line, what last changed an entry, parts of files, archives: over HTTP."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import tarfile
import zipfile
from base64 import b64encode
from contextlib import closing
from dataclasses import replace
from email import message_from_bytes
from typing import TYPE_CHECKING

import pytest

from api.app import create_app
from api.costly import Turns
from api.ports import ApiSettings
from api.ranges import RANGES_MAX
from api.routes import blame as blame_route
from gitant.indexer import check_code
from storage.git import reader as reader_module
from storage.git.read_limits import BLAME
from storage.git.reader import DulwichReader
from tests.api.client import Client, http_to
from tests.api.history import NESTED, History, pack_of

if TYPE_CHECKING:
    from tests.api.node import Node

README = b"hello\nworld\n"


def test_blame_names_the_commit_of_each_line(anyone: Client, history: History) -> None:
    response = anyone.get(f"{history.repo}/blame/README.md")
    found = response.json()
    assert (found["commit"], found["path"], found["complete"]) == (history.third, "README.md", True)
    assert found["ranges"] == [
        {
            "start": 1,
            "count": 1,
            "commit": history.first,
            "original_path": "README.md",
            "original_start": 1,
            "previous": None,
            "boundary": False,
        },
        {
            "start": 2,
            "count": 1,
            "commit": history.second,
            "original_path": "README.md",
            "original_start": 2,
            "previous": {"commit": history.first, "path": "README.md"},
            "boundary": False,
        },
    ]
    assert found["commits"].keys() == {history.first, history.second}
    assert found["commits"][history.first]["author"]["name"] == "Ada"
    tag = {"if-none-match": response.headers["etag"]}
    assert anyone.get(f"{history.repo}/blame/README.md", 304, headers=tag).content == b""


def test_blame_that_a_bound_ended_goes_on_when_asked_again(
    anyone: Client, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "BLAME", replace(BLAME, commits_max=1))
    url = f"{history.repo}/blame/new.txt?ref={history.third}"
    begun = anyone.get(url)
    assert not begun.json()["complete"]
    assert begun.json()["ranges"][0]["boundary"]
    monkeypatch.undo()
    ended = anyone.get(url, headers={"if-none-match": begun.headers["etag"]})
    assert ended.json()["complete"]
    assert ended.json()["ranges"][0]["commit"] == history.first
    anyone.get(url, 304, headers={"if-none-match": ended.headers["etag"]})


def test_blame_follows_a_rename_and_takes_a_ref(anyone: Client, history: History) -> None:
    (renamed,) = anyone.get(f"{history.repo}/blame/new.txt").json()["ranges"]
    assert (renamed["commit"], renamed["original_path"], renamed["count"]) == (history.first, "old.txt", 30)
    (nested,) = anyone.get(f"{history.repo}/blame/{NESTED}", params={"ref": "feature/x"}).json()["ranges"]
    assert nested["count"] == 40
    for path in ("docs", "nothing", "old.txt"):
        anyone.get(f"{history.repo}/blame/{path}", 404)
    anyone.get(f"{history.repo}/blame/README.md", 404, params={"ref": "nothing"})


def test_each_entry_comes_with_what_last_changed_it(anyone: Client, history: History) -> None:
    plain = anyone.get(f"{history.repo}/files").json()
    assert "last_commit" not in plain["entries"][0]
    found = anyone.get(f"{history.repo}/files", params={"last_commit": 1}).json()
    last = {entry["name"]: entry["last_commit"] for entry in found["entries"]}
    assert {name: commit["hash"] for name, commit in last.items()} == {
        "docs": history.first,
        "README.md": history.second,
        "latin.txt": history.first,
        "new.txt": history.third,
        "picture.png": history.first,
        "picture.svg": history.first,
    }
    assert last["docs"]["summary"] == "Begin"
    assert last["docs"]["author"]["email"] == "ada@example.invalid"
    assert found["last_commits_complete"] is True
    deep = anyone.get(f"{history.repo}/files", params={"path": "docs/deep", "last_commit": "true"}).json()
    assert deep["entries"][0]["last_commit"]["hash"] == history.first


@pytest.mark.parametrize(
    ("header", "content", "range_"),
    [
        ("bytes=0-4", b"hello", "bytes 0-4/12"),
        ("bytes=6-", b"world\n", "bytes 6-11/12"),
        ("bytes=-6", b"world\n", "bytes 6-11/12"),
        ("bytes=-600", README, "bytes 0-11/12"),
        ("bytes=10-600", b"d\n", "bytes 10-11/12"),
        ("Bytes = 0-4", README, None),
        ("bytes=0-4, 600-700", b"hello", "bytes 0-4/12"),
        ("bytes=4-0", README, None),
        ("bytes=a-b", README, None),
        ("bytes=-", README, None),
        ("bytes=", README, None),
        ("lines=0-4", README, None),
        ("bytes=0-4,2-6", README, None),
        ("bytes=" + ",".join(["0-0"] * (RANGES_MAX + 1)), README, None),
    ],
)
def test_a_part_of_a_file(anyone: Client, history: History, header: str, content: bytes, range_: str | None) -> None:
    expect = 200 if range_ is None else 206
    response = anyone.get(f"{history.repo}/raw/README.md", expect, headers={"range": header})
    assert response.content == content
    assert response.headers.get("content-range") == range_
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["content-length"] == str(len(content))
    assert "sandbox" in response.headers["content-security-policy"]


def test_several_parts_come_in_the_order_asked_for(anyone: Client, history: History) -> None:
    response = anyone.get(f"{history.repo}/raw/README.md", 206, headers={"range": "bytes=6-7, 0-1,-1"})
    kind = response.headers["content-type"]
    assert kind.startswith("multipart/byteranges; boundary=")
    body = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + response.content)
    parts = body.get_payload()
    assert isinstance(parts, list)
    assert [(part["content-range"], part.get_payload(decode=True)) for part in parts] == [  # type: ignore[union-attr, index]
        ("bytes 6-7/12", b"wo"),
        ("bytes 0-1/12", b"he"),
        ("bytes 11-11/12", b"\n"),
    ]
    assert int(response.headers["content-length"]) == len(response.content)


@pytest.mark.parametrize("header", ["bytes=12-", "bytes=600-700", "bytes=-0", "bytes=12-13,99-"])
def test_a_part_that_is_not_there(anyone: Client, history: History, header: str) -> None:
    response = anyone.get(f"{history.repo}/raw/README.md", 416, headers={"range": header})
    assert response.headers["content-range"] == "bytes */12"
    assert response.json()["type"] == "/problems/range-not-satisfiable"


def test_a_part_of_what_has_changed_is_all_of_it(anyone: Client, history: History) -> None:
    path, part = f"{history.repo}/raw/README.md", {"range": "bytes=0-1"}
    tag = anyone.get(path).headers["etag"]
    assert anyone.get(path, 206, headers={**part, "if-range": tag}).content == b"he"
    for condition in ('"other"', f"W/{tag}", "Wed, 01 Jan 2025 00:00:00 GMT"):
        assert anyone.get(path, headers={**part, "if-range": condition}).content == README
    assert anyone.get(path, 304, headers={**part, "if-none-match": tag}).content == b""
    head = anyone.ask("HEAD", path, 200, headers=part)
    assert head.headers["content-length"] == "12"


@pytest.mark.parametrize("form", ["tar", "tar.gz", "zip"])
def test_an_archive_is_what_git_archive_makes(anyone: Client, history: History, form: str) -> None:
    response = anyone.get(f"{history.repo}/archive/v1.{form}")
    stock = history.stock.git("archive", f"--format={form}", "--prefix=history-v1/", history.first)
    assert response.content == stock
    assert response.headers["content-disposition"] == f'attachment; filename="history-v1.{form}"'
    assert response.headers["content-length"] == str(len(stock))
    tag = response.headers["etag"]
    assert history.first in tag
    assert anyone.get(f"{history.repo}/archive/v1.{form}", 304, headers={"if-none-match": tag}).content == b""
    part = anyone.get(f"{history.repo}/archive/v1.{form}", 206, headers={"range": "bytes=100-199", "if-range": tag})
    assert part.content == stock[100:200]
    parts = anyone.get(f"{history.repo}/archive/v1.{form}", 206, headers={"range": "bytes=0-9,20-29"})
    assert stock[:10] in parts.content
    assert stock[20:30] in parts.content
    assert len(parts.content) == int(parts.headers["content-length"])
    assert anyone.ask("HEAD", f"{history.repo}/archive/v1.{form}", 200).headers["etag"] == tag
    anyone.get(f"{history.repo}/archive/v1.{form}", 416, headers={"range": "bytes=999999999-"})


def test_an_archive_of_any_ref(anyone: Client, history: History) -> None:
    branch = anyone.get(f"{history.repo}/archive/feature/x.zip")
    with zipfile.ZipFile(io.BytesIO(branch.content)) as found:
        assert "history-feature-x/old.txt" in found.namelist()
        assert found.comment.decode() == history.second == branch.headers["gitant-commit"]
    for address in (f"{history.third}.tgz", "main", "HEAD.tar.gz", "refs/heads/main.tar.gz"):
        with tarfile.open(fileobj=io.BytesIO(anyone.get(f"{history.repo}/archive/{address}").content)) as tar:
            assert any(name.endswith("/new.txt") for name in tar.getnames())
    zipped = anyone.get(f"{history.repo}/archive/main", params={"format": "zip"})
    assert zipped.headers["content-type"] == "application/zip"
    anyone.get(f"{history.repo}/archive/main", 422, params={"format": "rar"})
    anyone.get(f"{history.repo}/archive/nothing.zip", 404)


def test_a_private_repository_gives_nothing_away(api: Client, anyone: Client, history: History) -> None:
    hidden = f"/api/v1/repos/{api.post('/api/v1/repos', {'name': 'hidden', 'private': True}).json()['id']}"
    for path in ("blame/README.md", "archive/main.zip", "files?last_commit=1"):
        anyone.get(f"{hidden}/{path}", 404)


def test_a_large_object_is_refused_unread(node: Node, history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(node.ports, settings=ApiSettings(file_in_json_bytes_max=4, raw_bytes_max=20))

    def unread(*_: object) -> None:
        raise AssertionError("it was read")

    monkeypatch.setattr(node.reader.__class__, "object", unread)
    with http_to(create_app(small)) as http:
        client = Client(http, operator=False)
        client.get(f"{history.repo}/objects/{history.third}", 413)
        client.get(f"{history.repo}/objects/{history.third}", 413, headers={"accept": "application/octet-stream"})
        client.get(f"{history.repo}/objects/{'0' * 40}", 404)


def test_too_many_costly_questions_are_sent_away(
    anyone: Client, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blame_route, "turns", Turns(waiting_max=0))
    response = anyone.get(f"{history.repo}/blame/README.md", 503)
    assert response.headers["retry-after"]


def test_languages_follow_the_default_branch(api: Client, anyone: Client, node: Node, repo: str) -> None:
    empty = {"languages": {}, "total": 0, "commit": None, "complete": True}
    assert anyone.get(f"{repo}/languages").json() == empty

    def push(name: str, data: bytes) -> str:
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        content = b"100644 " + name.encode() + b"\0" + bytes.fromhex(blob)
        tree = hashlib.sha1(b"tree %d\0" % len(content) + content).hexdigest()
        person = b"Ada <ada@example.invalid> 1700000000 +0000"
        text = b"tree %b\nauthor %b\ncommitter %b\n\nm\n" % (tree.encode(), person, person)
        commit = hashlib.sha1(b"commit %d\0" % len(text) + text).hexdigest()
        objects = [(blob, "blob", data), (tree, "tree", content), (commit, "commit", text)]
        listed = [{"hash": oid, "type": kind, "content": b64encode(raw).decode()} for oid, kind, raw in objects]
        update = {"name": "refs/heads/main", "new_hash": commit}
        api.post(f"{repo}/push", {"objects": listed, "ref_updates": [update]}, expect=200)
        return commit

    first = push("a.py", b"print()\n")
    assert anyone.get(f"{repo}/languages").json()["complete"] is False
    node.index()
    found = anyone.get(f"{repo}/languages").json()
    assert found == {"languages": {"Python": 8}, "total": 8, "commit": first, "complete": True}
    second = push("b.go", b"package b\n")
    stale = anyone.get(f"{repo}/languages").json()
    assert (stale["languages"], stale["commit"], stale["complete"]) == ({"Python": 8}, first, False)
    node.index()
    assert anyone.get(f"{repo}/languages").json()["languages"] == {"Go": 10}
    views = node.world.folder.views
    assert check_code(views, node.reader) == []
    with closing(sqlite3.connect(views)) as connection, connection:
        connection.execute("UPDATE languages SET doc=? WHERE commit_id=?", (b'{"Go":11}', second))
    (fault,) = check_code(views, node.reader)
    assert fault.startswith("languages: ")


def test_damage_is_a_500_with_a_line_in_the_log(
    api: Client, anyone: Client, node: Node, history: History, repo: str, capsys: pytest.CaptureFixture[str]
) -> None:
    update = [{"name": "refs/heads/main", "new_hash": history.first}]
    api.post(f"{repo}/push-packfile", {"packfile": pack_of(history.stock, history.first), "ref_updates": update}, 200)
    assert anyone.get(f"{repo}/files").json()["commit"] == history.first
    for pack in (node.world.folder.repos / f"{repo.rsplit('/', 1)[1]}.git").glob("objects/pack/*.pack"):
        pack.chmod(0o600)
        pack.write_bytes(pack.read_bytes()[:40])
    # A reader that begins anew: what is open already goes on reading what is no longer there.
    fresh = DulwichReader(node.world.folder.repos)
    with closing(fresh), http_to(create_app(replace(node.ports, git=fresh))) as http:
        problem = Client(http, operator=False).get(f"{repo}/files", 500).json()
    assert problem["type"] == "/problems/damaged"
    assert history.first in problem["detail"]
    assert "doctor" in problem["hint"]
    logged = capsys.readouterr()
    assert "something that this node keeps is damaged" in logged.out + logged.err
