"""Folders, files, raw bytes, objects, code search."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from api.app import create_app
from api.ports import ApiSettings
from tests.api.client import Client, http_to
from tests.api.history import NESTED, PNG, SCRIPT, History

if TYPE_CHECKING:
    from tests.api.node import Node


def test_a_folder_lists_its_entries_folders_first(anyone: Client, history: History) -> None:
    root = anyone.get(f"{history.repo}/files").json()
    assert [entry["name"] for entry in root["entries"]] == [
        "docs", "README.md", "latin.txt", "new.txt", "picture.png", "picture.svg"
    ]  # fmt: skip
    assert root["commit"] == history.third
    assert root["entries"][1]["size"] == len(b"hello\nworld\n")
    deep = anyone.get(f"{history.repo}/files", params={"path": "docs/deep", "ref": "feature/x"}).json()
    assert [(entry["name"], entry["type"], entry["path"]) for entry in deep["entries"]] == [
        ("er", "tree", "docs/deep/er")
    ]
    assert deep["commit"] == history.second


def test_a_file_comes_as_text_or_base64(anyone: Client, history: History) -> None:
    readme = anyone.get(f"{history.repo}/files/README.md").json()
    assert readme["content"] == "hello\nworld\n"
    assert (readme["encoding"], readme["binary"], readme["name"]) == ("utf-8", False, "README.md")
    assert anyone.get(f"{history.repo}/files/README.md", params={"ref": "v1"}).json()["content"] == "hello\n"
    nested = anyone.get(f"{history.repo}/files/{NESTED}").json()
    assert (nested["path"], nested["name"]) == (NESTED, "read me.txt")
    assert nested["content"].startswith("line 0\n")
    picture = anyone.get(f"{history.repo}/files/picture.png").json()
    assert base64.b64decode(picture["content"]) == PNG
    assert (picture["encoding"], picture["binary"]) == ("base64", True)
    latin = anyone.get(f"{history.repo}/files/latin.txt").json()
    assert base64.b64decode(latin["content"]) == b"caf\xe9\n"
    folder = anyone.get(f"{history.repo}/files/docs/deep").json()
    assert folder["entries"][0]["name"] == "er"


@pytest.mark.parametrize(
    ("path", "kind", "content"),
    [
        ("README.md", "text/plain; charset=utf-8", b"hello\nworld\n"),
        ("picture.png", "image/png", PNG),
        ("picture.svg", "text/plain; charset=utf-8", SCRIPT),
        ("latin.txt", "application/octet-stream", b"caf\xe9\n"),
    ],
)
def test_raw_bytes_are_typed_so_that_nothing_runs(
    anyone: Client, history: History, path: str, kind: str, content: bytes
) -> None:
    response = anyone.get(f"{history.repo}/raw/{path}")
    assert response.content == content
    assert response.headers["content-type"] == kind
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in response.headers["content-security-policy"]
    tag = {"if-none-match": response.headers["etag"]}
    assert anyone.get(f"{history.repo}/raw/{path}", 304, headers=tag).content == b""


def test_raw_takes_a_ref_and_a_nested_path(anyone: Client, history: History) -> None:
    response = anyone.get(f"{history.repo}/raw/{NESTED}", params={"ref": history.first})
    assert response.text.startswith("line 0\n")


def test_what_is_not_there_is_404(anyone: Client, history: History) -> None:
    for path in ("nothing", "docs/nothing", "README.md/x", "..%2f..%2fetc/passwd", "docs/../README.md/y"):
        anyone.get(f"{history.repo}/files/{path}", 404)
    anyone.get(f"{history.repo}/raw/docs", 404)
    anyone.get(f"{history.repo}/raw/README.md", 404, params={"ref": "no/such"})
    anyone.get(f"{history.repo}/files", 404, params={"path": "README.md"})
    anyone.get(f"{history.repo}/files/a%00b", 400)
    anyone.get(f"{history.repo}/files", 400, params={"path": "a\0b"})


def test_an_empty_repository_says_so(anyone: Client, repo: str) -> None:
    assert "push" in anyone.get(f"{repo}/files", 404).json()["hint"]
    assert anyone.get(f"{repo}/search", params={"q": "word"}).json()["results"] == []


def test_files_have_a_size_limit_that_names_the_way_out(node: Node, history: History) -> None:
    from dataclasses import replace

    small = replace(node.ports, settings=ApiSettings(file_in_json_bytes_max=4, raw_bytes_max=20))
    with http_to(create_app(small)) as http:
        client = Client(http, operator=False)
        assert "raw" in client.get(f"{history.repo}/files/README.md", 413).json()["hint"]
        assert client.get(f"{history.repo}/raw/README.md").content == b"hello\nworld\n"
        client.get(f"{history.repo}/raw/new.txt", 413)
        client.get(f"{history.repo}/objects/{history.third}", 413)


def test_objects_come_by_name(anyone: Client, history: History) -> None:
    found = anyone.get(f"{history.repo}/objects/{history.third}").json()
    raw = history.stock.git("cat-file", "commit", history.third)
    assert found["type"] == "commit"
    assert base64.b64decode(found["content"]) == raw
    assert found["size"] == len(raw)
    plain = {"accept": "application/octet-stream"}
    assert anyone.get(f"{history.repo}/objects/{history.third}", headers=plain).content == raw
    anyone.get(f"{history.repo}/objects/{'0' * 40}", 404)
    anyone.get(f"{history.repo}/objects/main", 404)


def test_code_is_searched_at_the_default_branch(anyone: Client, history: History) -> None:
    found = anyone.get(f"{history.repo}/search", params={"q": "WORLD"}).json()
    assert found["results"] == [{"file": "README.md", "line": 2, "context": "world"}]
    assert (found["query"], found["total"], found["complete"], found["more"]) == ("WORLD", 1, True, False)
    assert found["commit"] == history.third
    many = anyone.get(f"{history.repo}/search", params={"q": "fixed", "limit": 3}).json()
    assert (len(many["results"]), many["more"]) == (3, True)
    assert anyone.get(f"{history.repo}/search", params={"q": "world", "ref": "main"}).json()["total"] == 1
    anyone.get(f"{history.repo}/search", 422, params={"q": "world", "ref": "feature/x"})
    anyone.get(f"{history.repo}/search", 422)
    anyone.get(f"{history.repo}/search", 422, params={"q": ""})
    anyone.get(f"{history.repo}/search", 422, params={"q": "x" * 201})
