"""Attachments: uploaded, listed, served in parts, hidden when redacted, and never anything that runs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from api.app import create_app
from api.ports import ApiSettings
from storage.blobs import blob_path
from tests.api.client import Client, http_to

if TYPE_CHECKING:
    from httpx import Response

    from tests.api.node import Node

PNG = b"\x89PNG\r\n\x1a\n" + b"dust" * 20


def upload(client: Client, repo: str, data: bytes, name: str = "dust.png", expect: int = 201, **how: Any) -> Response:
    params = {"name": name, **how.pop("params", {})}
    return client.post(f"{repo}/attachments", expect=expect, content=data, params=params, **how)


def test_a_picture_is_attached_and_shown(api: Client, anyone: Client, repo: str) -> None:
    made = upload(api, repo, PNG, "the dust [1].png", headers={"content-type": "Image/PNG; q=1"})
    doc, sha256 = made.json(), hashlib.sha256(PNG).hexdigest()
    assert (doc["name"], doc["media_type"], doc["size"]) == ("the dust [1].png", "image/png", len(PNG))
    assert doc["sha256"] == sha256
    assert doc["url"] == made.headers["location"] == f"{repo}/attachments/{sha256}/the%20dust%20%5B1%5D.png"
    assert doc["markdown"] == f"![the dust \\[1\\].png]({doc['url']})"
    assert doc["target"] == doc["repo"]
    for url in (doc["url"], f"{repo}/attachments/{sha256}"):
        shown = anyone.get(url)
        assert shown.content == PNG
        assert shown.headers["content-type"] == "image/png"
        assert shown.headers["content-disposition"].startswith("inline; ")
        assert "sandbox" in shown.headers["content-security-policy"]
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert anyone.get(url, 304, headers={"if-none-match": shown.headers["etag"]}).content == b""
    anyone.get(f"{repo}/attachments/{sha256}/other.png", 404)
    anyone.get(f"{repo}/attachments/{sha256.upper()}", 404)
    assert api.get(f"{repo}/attachments").json()["attachments"][0]["id"] == doc["id"]


def test_a_form_and_what_it_belongs_to(api: Client, repo: str) -> None:
    issue = api.post(f"{repo}/issues", {"title": "Dust"}).json()["id"]
    comment = api.post(f"{repo}/issues/1/comment", {"body": "Look."}).json()["id"]
    files = {"file": ("größe.log", b"first\n" * 100_000, "text/plain")}
    doc = api.post(f"{repo}/attachments", files=files, params={"issue": "1"}).json()
    assert (doc["name"], doc["media_type"], doc["size"], doc["target"]) == ("größe.log", "text/plain", 600_000, issue)
    assert doc["markdown"].startswith("[größe.log](")
    kept = api.get(doc["url"])
    assert len(kept.content) == 600_000
    assert kept.headers["content-type"] == "application/octet-stream"
    assert kept.headers["content-disposition"] == (
        "attachment; filename=\"gr__e.log\"; filename*=UTF-8''gr%C3%B6%C3%9Fe.log"
    )
    assert upload(api, repo, b"x", params={"comment": comment}).json()["target"] == comment
    upload(api, repo, b"x", params={"issue": "9"}, expect=404)
    upload(api, repo, b"x", params={"comment": issue}, expect=404)
    upload(api, repo, b"x", params={"comment": comment, "issue": "1"}, expect=422)
    pages = api.every(f"{repo}/attachments", "attachments", per_page=1)
    assert [page["target"] for page in pages] == [comment, issue]


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-3", 206, slice(0, 4)),
        ("bytes=80-", 206, slice(80, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=-1000", 206, slice(0, None)),
        ("Bytes=2-999999", 206, slice(2, None)),
        ("bytes=5-2", 200, slice(0, None)),
        ("bytes=-", 200, slice(0, None)),
        ("lines=0-1", 200, slice(0, None)),
        ("bytes=88-", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=" + "9" * 18 + "-", 416, None),
        ("bytes=" + "9" * 400 + "-", 200, slice(0, None)),
    ],
)
def test_parts(api: Client, repo: str, asked: str, status: int, part: slice | None) -> None:
    assert len(PNG) == 88
    url = upload(api, repo, PNG).json()["url"]
    answer = api.get(url, status, headers={"range": asked})
    if part is None:
        assert answer.headers["content-range"] == "bytes */88"
        return
    assert answer.content == PNG[part]
    assert answer.headers["accept-ranges"] == "bytes"
    if status == 206:
        start, stop, _ = part.indices(88)
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/88"


def test_a_part_of_something_else_is_the_whole(api: Client, repo: str) -> None:
    made = upload(api, repo, PNG).json()
    part = {"range": "bytes=0-3"}
    assert len(api.get(made["url"], 206, headers={**part, "if-range": f'"{made["sha256"]}"'}).content) == 4
    assert len(api.get(made["url"], 200, headers={**part, "if-range": '"another"'}).content) == 88


def test_a_redacted_attachment_is_there_no_more(api: Client, anyone: Client, repo: str) -> None:
    first, again = upload(api, repo, PNG).json(), upload(api, repo, PNG, "again.png").json()
    anyone.delete(f"{repo}/attachments/{first['sha256']}", 401)
    api.delete(f"{repo}/attachments/{first['sha256']}")
    for url in (first["url"], again["url"], f"{repo}/attachments/{first['sha256']}"):
        api.get(url, 404)
    assert api.get(f"{repo}/attachments").json() == {"attachments": []}
    assert b"dust.png" not in api.get(f"/api/v1/events/{first['id']}").content
    api.delete(f"{repo}/attachments/{first['sha256']}", 404)
    assert api.get(upload(api, repo, PNG).json()["url"]).content == PNG


def test_only_who_may_read_the_repository_may_read_what_is_attached(api: Client, anyone: Client, repo: str) -> None:
    made = upload(api, repo, b"secret").json()
    public = f"/api/v1/repos/{api.post('/api/v1/repos', {'name': 'public'}).json()['id']}"
    anyone.get(f"{public}/attachments/{made['sha256']}", 404)
    api.patch(repo, {"private": True})
    anyone.get(made["url"], 404)
    anyone.get(f"{repo}/attachments", 404)
    assert api.get(made["url"]).content == b"secret"
    upload(anyone, public, b"x", expect=401)
    api.delete(repo)
    api.get(made["url"], 404)


def test_bytes_that_are_missing_are_said_to_be(api: Client, node: Node, repo: str) -> None:
    made = upload(api, repo, b"soon gone").json()
    blob_path(node.world.folder.blobs, bytes.fromhex(made["sha256"])).unlink()
    assert "not on this node" in api.get(made["url"], 404).json()["detail"]
    upload(api, repo, b"soon gone")
    assert api.get(made["url"]).content == b"soon gone"


def test_a_repeated_upload_is_one_attachment(api: Client, repo: str) -> None:
    once = {"idempotency-key": "upload-1"}
    first = upload(api, repo, b"x", headers=once)
    again = upload(api, repo, b"x", headers=once)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    upload(api, repo, b"y", headers=once, expect=409)
    assert len(api.get(f"{repo}/attachments").json()["attachments"]) == 1


def test_limits(node: Node, api: Client, repo: str) -> None:
    before = node.world.views.attached_bytes()
    small = ApiSettings(attachment_bytes_max=1_000, attachments_bytes_max=before + 1_500)
    ports = replace(node.ports, settings=small)
    with http_to(create_app(ports)) as http:
        tight = Client(http, operator=True)
        assert "1,000" in upload(tight, repo, b"x" * 1_001, expect=413).json()["detail"]
        tight.post(f"{repo}/attachments", files={"file": ("x", b"x" * 100_000)}, expect=413)
        tight.post(f"{repo}/attachments", files={"file": ("x", b"x" * 2_000)}, expect=413)
        assert node.world.views.attached_bytes() == before
        upload(api, repo, b"z" * 2_000)
        assert f"{before + 1_500:,}" in upload(tight, repo, b"x", expect=413).json()["detail"]
    node.free_bytes = 1
    try:
        upload(api, repo, b"x", expect=503)
    finally:
        node.free_bytes = 1 << 40
    assert list(node.world.folder.blobs.joinpath("incoming").iterdir()) == []


def test_the_timeline_tells_of_them(api: Client, repo: str) -> None:
    issue = f"{repo}/issues/{api.post(f'{repo}/issues', {'title': 'Dust'}).json()['number']}"
    number = issue.rpartition("/")[2]
    made = api.ask(
        "POST", f"{repo}/attachments", 201, params={"name": "dust.txt", "issue": number}, content=b"dust"
    ).json()
    api.post(f"{issue}/close", {}, expect=200)
    rows = api.every(f"{issue}/timeline", "timeline")
    assert [row["action"] for row in rows] == ["opened", "attached", "closed"]
    assert (rows[1]["id"], rows[1]["field"], rows[1]["added"]) == (made["id"], "attachments", ["dust.txt"])
    api.delete(f"{repo}/attachments/{made['sha256']}")
    gone = api.every(f"{issue}/timeline", "timeline")[1]
    assert (gone["action"], gone["redacted"], "added" in gone) == ("attached", True, False)
