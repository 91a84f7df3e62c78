"""The HTTP side: URLs, methods, codings, and what each refusal says."""

from __future__ import annotations

import gzip
import random
import re
import socket
from typing import TYPE_CHECKING

import pytest

from domain.errors import Unavailable
from domain.ports_git import ZERO_OID, PackCaps
from tests.storage.git.packs import Sample
from tests.transport.git import raw
from tests.transport.git.conftest import make_node
from tests.transport.git.gate import REPO
from transport.git.app import is_git_path
from transport.git.limits import GitLimits
from transport.git.pktline import FLUSH, pkt

if TYPE_CHECKING:
    from pathlib import Path

    from tests.transport.git.conftest import Node

UPLOAD = "/operator/demo.git/git-upload-pack"
UPLOAD_HEADERS = {"Content-Type": "application/x-git-upload-pack-request"}


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("/operator/demo.git/info/refs", True),
        (f"/{REPO.hex()}.git/git-upload-pack", True),
        ("/operator/demo.git", True),
        ("/operator/demo.git/", True),
        ("/operator/demo", False),
        ("/a/b/c.git/info/refs", False),
        ("/api/v1/repos", False),
        ("/", False),
        ("/.git/info/refs", False),
    ],
)
def test_which_urls_are_git_s(path: str, ours: bool) -> None:
    assert is_git_path(path) is ours


def test_the_advertisement(node: Node) -> None:
    answer = node.http("GET", "/operator/demo.git/info/refs?service=git-upload-pack")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/x-git-upload-pack-advertisement"
    assert answer.headers["cache-control"] == "private, no-cache, max-age=0, must-revalidate"
    assert answer.body.startswith(b"001e# service=git-upload-pack\n0000")
    assert b" capabilities^{}\0" in answer.body
    assert b"agent=gitant/test" in answer.body
    assert answer.body.endswith(FLUSH)


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/operator/demo.git/info/refs", 403, "smart HTTP"),
        ("GET", "/operator/demo.git/info/refs?service=git-upload-archive", 403, "smart HTTP"),
        ("GET", "/operator/demo.git/HEAD", 403, "smart HTTP"),
        ("GET", "/operator/demo.git/objects/info/packs", 403, "smart HTTP"),
        ("GET", "/operator/demo.git", 404, "git clone"),
        ("GET", "/operator/demo.git/config", 404, "nothing at this URL"),
        ("GET", "/operator/demo.git/../../etc/passwd", 404, "nothing at this URL"),
        ("POST", "/operator/demo.git/info/refs?service=git-upload-pack", 405, "GET"),
        ("HEAD", "/operator/demo.git/info/refs?service=git-upload-pack", 405, ""),
        ("GET", UPLOAD, 405, "POST"),
        ("PUT", raw.PATH, 405, "POST"),
    ],
)
def test_what_is_not_there(node: Node, method: str, path: str, status: int, words: str) -> None:
    answer = node.http(method, path)
    assert (answer.status, answer.headers["content-type"]) == (status, "text/plain; charset=utf-8")
    assert words in answer.body.decode()


def test_an_unknown_repository(node: Node) -> None:
    path = "/operator/other.git/info/refs?service=git-upload-pack"
    assert node.http("GET", path).headers["www-authenticate"] == 'Basic realm="Gitant", charset="UTF-8"'
    answer = node.http("GET", path, headers={"Authorization": raw.AUTHORIZATION})
    assert answer.status == 404
    assert answer.body.decode() == "there is no repository operator/other\nlook at `gitant repo list`\n"


def test_who_may_push_is_asked_before_the_refs_are_told(node: Node) -> None:
    path = "/operator/demo.git/info/refs?service=git-receive-pack"
    assert node.http("GET", path).status == 401
    assert node.http("GET", path, headers={"Authorization": "Bearer reader"}).status == 403
    assert node.http("GET", path, headers={"Authorization": raw.AUTHORIZATION}).status == 200


def test_the_probe_before_a_large_push(node: Node) -> None:
    answer = raw.post(node, FLUSH)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"] == "application/x-git-receive-pack-result"


def test_a_web_page_s_form_cannot_push(node: Node) -> None:
    answer = raw.post(node, FLUSH, {"Content-Type": "text/plain"})
    assert answer.status == 415


@pytest.mark.parametrize(
    "body",
    [
        b"not packets at all",
        b"zzzz",
        b"0003",
        b"00",
        b"0010cut off",
        pkt(b"hello"),
        pkt(b"hello") + FLUSH,
        pkt(f"{ZERO_OID} {'x' * 40} refs/heads/main\0".encode()) + FLUSH,
        pkt(f"{ZERO_OID} {ZERO_OID} \0".encode()) + FLUSH,
        raw.commands(("refs/heads/main", "1" * 40), capabilities="object-format=sha256"),
    ],
)
def test_a_malformed_push(node: Node, body: bytes) -> None:
    answer = raw.post(node, body)
    assert answer.status == 400
    assert answer.body


@pytest.mark.parametrize(
    "body",
    [
        b"no packets",
        pkt(b"want me") + FLUSH,
        pkt(f"want {'1' * 40} side-band-64k".encode()) + pkt(b"deepen x") + FLUSH,
        pkt(f"want {'1' * 40}".encode()) + FLUSH + pkt(b"hello"),
        pkt(f"want {'1' * 40}".encode()) + pkt(b"filter sparse:oid=main") + FLUSH,
    ],
)
def test_a_malformed_fetch(node: Node, body: bytes) -> None:
    """Git shows the words of such a packet, and of an HTTP error only its number."""
    answer = node.http("POST", UPLOAD, body, UPLOAD_HEADERS)
    assert answer.status == 200
    assert re.fullmatch(rb"[0-9a-f]{4}ERR [^\n]+\n", answer.body)


def test_a_fetch_that_wants_nothing(node: Node) -> None:
    assert node.http("POST", UPLOAD, FLUSH, UPLOAD_HEADERS).body == b""


def test_a_gzipped_push(node: Node) -> None:
    sample = Sample()
    body = gzip.compress(raw.commands(("refs/heads/main", sample.tip)) + sample.pack)
    answer = raw.post(node, body, {"Content-Encoding": "gzip"})
    assert raw.report(answer.body) == ["unpack ok", "ok refs/heads/main"]
    assert node.store.refs(REPO) == {"refs/heads/main": sample.tip}


def test_a_gzipped_fetch(node: Node) -> None:
    sample = Sample()
    raw.push(node, "refs/heads/main", sample.tip, sample.pack)
    body = pkt(f"want {sample.tip} ofs-delta".encode()) + FLUSH + pkt(b"done")
    answer = node.http("POST", UPLOAD, gzip.compress(body), {**UPLOAD_HEADERS, "Content-Encoding": "gzip"})
    assert answer.body.startswith(b"0008NAK\nPACK")


@pytest.mark.parametrize(
    ("body", "encoding", "words"),
    [
        (b"plain", "gzip", "says that it is gzipped"),
        (gzip.compress(b"x" * 1000, mtime=0)[:-9], "gzip", "not in git's packet format"),
        (gzip.compress(raw.commands(("refs/heads/main", "1" * 40)), mtime=0)[:-9], "gzip", "cut off"),
        (FLUSH, "br", "gzipped or plain"),
    ],
)
def test_a_body_in_a_bad_coding(node: Node, body: bytes, encoding: str, words: str) -> None:
    answer = raw.post(node, body, {"Content-Encoding": encoding})
    assert answer.status in {200, 400}
    assert words in answer.body.decode()


def test_a_client_without_reports_or_bands(node: Node) -> None:
    sample = Sample()
    body = raw.commands(("refs/heads/main", sample.tip), capabilities="") + sample.pack
    assert raw.post(node, body).body == b""
    assert node.store.refs(REPO) == {"refs/heads/main": sample.tip}


def test_a_push_in_one_byte_chunks(node: Node) -> None:
    sample = Sample()
    body = raw.commands(("refs/heads/main", sample.tip)) + sample.pack
    with raw.open_push(node, (bytes([byte]) for byte in body)) as connection:
        connection.sendall(b"0\r\n\r\n")
        answer = b""
        while b"ok refs/heads/main" not in answer:
            answer += connection.recv(4096)
    assert node.store.refs(REPO) == {"refs/heads/main": sample.tip}


def test_a_fault_before_the_answer_has_a_status(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> None:
        raise Unavailable("the node is stopping", hint="try again in a minute")

    monkeypatch.setattr(node.gate, "readable", fails)
    answer = node.http("GET", "/operator/demo.git/info/refs?service=git-upload-pack")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert answer.body == b"the node is stopping\ntry again in a minute\n"


def test_a_bug_is_a_500_that_says_nothing_of_itself(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks(*_: object) -> None:
        raise AssertionError("inner workings")

    monkeypatch.setattr(node.gate, "readable", breaks)
    answer = node.http("GET", "/operator/demo.git/info/refs?service=git-upload-pack")
    assert answer.status == 500
    assert b"inner workings" not in answer.body


@pytest.mark.slow
def test_a_client_that_hangs_up_in_a_fetch_frees_its_place(tmp_path: Path) -> None:
    """There is one place, and who takes it leaves in the midst of a large answer; then one is served."""
    for node in make_node(tmp_path, PackCaps(), GitLimits(uploads_max=1, waiting_max=1)):
        work = node.work()
        (work / "noise").write_bytes(random.Random(1).randbytes(12 << 20))
        tip = node.commit(work, "more", "more\n")
        node.git("push", "--quiet", "origin", "main", cwd=work)
        body = pkt(f"want {tip} side-band-64k".encode()) + FLUSH + pkt(b"done")
        head = f"POST {UPLOAD} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        head += "Content-Type: application/x-git-upload-pack-request\r\n\r\n"
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", node.port)) as connection:
                connection.sendall(head.encode() + body)
                assert connection.recv(1000)
        node.git("clone", "--quiet", "--depth", "1", node.anonymous_url, "copy")
