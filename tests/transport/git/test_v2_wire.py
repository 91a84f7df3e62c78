"""The same v2 requests to a node and to `git upload-pack`: lists, acknowledgements and cuts are the same bytes."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from domain.ports_git import PackCaps
from tests.contracts.serving_judge import make_origin
from tests.transport.git import raw
from tests.transport.git.conftest import make_node
from tests.transport.git.gate import REPO
from tests.transport.git.test_v2 import request
from transport.git.limits import GitLimits
from transport.git.pktline import DELIM, FLUSH, pkt

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.contracts.serving_judge import Origin
    from tests.transport.git.conftest import Node

pytestmark = pytest.mark.slow
UPLOAD = "/operator/demo.git/git-upload-pack"
HEADERS = {"Content-Type": "application/x-git-upload-pack-request", "Git-Protocol": "version=2"}
NOWHERE = "e" * 40


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Node]:
    yield from make_node(tmp_path_factory.mktemp("wire"), PackCaps(), GitLimits())


@pytest.fixture(scope="module")
def origin(served: Node, tmp_path_factory: pytest.TempPathFactory) -> Origin:
    """The repository that the node serves, made by stock git."""
    made = make_origin(tmp_path_factory.mktemp("made"), 6)
    for name in ("allowRefInWant", "allowSidebandAll"):
        made.repo.git("config", f"uploadpack.{name}", "true")
    made.repo.git("config", "transfer.advertiseObjectInfo", "true")
    (served.repo / "objects/pack").rmdir()
    (served.repo / "objects/pack").symlink_to(made.repo.path / "objects/pack")
    (served.repo / "packed-refs").write_bytes((made.repo.path / "packed-refs").read_bytes())
    return made


def ours(node: Node, body: bytes) -> bytes:
    answer = node.http("POST", UPLOAD, body, HEADERS)
    assert answer.status == 200
    return answer.body


def theirs(origin: Origin, body: bytes) -> bytes:
    words = ("git", "upload-pack", "--stateless-rpc", str(origin.repo.path))
    environ = {"PATH": os.environ["PATH"], "GIT_PROTOCOL": "version=2", "HOME": "/nonexistent", "LC_ALL": "C"}
    return subprocess.run(words, input=body, env=environ, capture_output=True, check=False).stdout


def head(answer: bytes) -> bytes:
    """What comes before the pack."""
    return answer.partition(b"packfile\n")[0]


def lines(answer: bytes) -> list[str]:
    """Those before the pack, in no order."""
    return sorted(raw.report(answer.partition(b"000dpackfile\n")[0].replace(DELIM, b"")))


def test_lists_of_refs(served: Node, origin: Origin) -> None:
    for arguments in (
        (),
        ("peel",),
        ("symrefs", "peel", "unborn"),
        ("peel", "ref-prefix refs/tags/"),
        ("symrefs", "ref-prefix HEAD", "ref-prefix refs/heads/m", "ref-prefix refs/heads/"),
        ("ref-prefix refs/nowhere",),
    ):
        body = request("ls-refs", *arguments)
        assert ours(served, body) == theirs(origin, body), arguments


def test_what_is_common(served: Node, origin: Origin) -> None:
    tip, middle, old = origin.commits[-1], origin.commits[20], origin.commits[0]
    for arguments in (
        (f"want {tip}", f"have {NOWHERE}"),
        (f"want {tip}", f"have {old}"),
        (f"want {tip}", f"have {NOWHERE}", f"have {middle}", f"have {old}"),
        (f"want {tip}", f"have {middle}", "wait-for-done"),
        (f"have {middle}", f"have {NOWHERE}", "wait-for-done"),
        (f"want {tip}", f"have {middle}", "done"),
        ("want-ref refs/heads/main", f"have {middle}"),
        ("want-ref refs/heads/main", "want-ref refs/tags/light", f"have {middle}"),
        (f"want {tip}", f"have {tip}", "sideband-all"),
    ):
        body = request("fetch", *arguments)
        assert head(ours(served, body)) == head(theirs(origin, body)), arguments


def test_where_a_history_ends(served: Node, origin: Origin) -> None:
    tip = origin.commits[-1]
    for arguments in (
        ("deepen 2",),
        ("deepen 2147483647", f"shallow {origin.commits[30]}"),
        ("deepen-not light",),
        (f"shallow {origin.commits[30]}", f"have {origin.commits[30]}"),
    ):
        body = request("fetch", f"want {tip}", *arguments)
        assert lines(ours(served, body)) == lines(theirs(origin, body)), arguments


def test_sizes_of_objects(served: Node, origin: Origin) -> None:
    seen = [origin.commits[0], origin.repo.line("rev-parse", "main^{tree}"), origin.repo.line("rev-parse", "v1")]
    body = request("object-info", "size", *(f"oid {oid}" for oid in seen))
    assert ours(served, body) == theirs(origin, body)
    unseen = request("object-info", "size", f"oid {origin.lost[0]}", f"oid {NOWHERE}")
    assert (
        ours(served, unseen)
        == pkt(b"size") + b"".join(pkt(f"{oid} ".encode()) for oid in (origin.lost[0], NOWHERE)) + FLUSH
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((f"want {NOWHERE}", "done"), f"not our ref {NOWHERE}"),
        (("want-ref refs/heads/nowhere", "done"), "unknown ref refs/heads/nowhere"),
        (("want-ref refs/heads/main", "deepen-not nowhere", "done"), "deepen-not is not a ref: nowhere"),
        (("want-ref refs/heads/main", "deepen-not main", "done"), ""),
        (("want-ref refs/heads/main", "filter sparse:oid=main:x", "done"), "does not filter by"),
    ],
)
def test_requests_that_are_refused(served: Node, origin: Origin, arguments: tuple[str, ...], words: str) -> None:
    answer = ours(served, request("fetch", *arguments))
    assert answer[4:8] == b"ERR "
    assert words in answer.decode()


def test_nothing_is_asked_and_nothing_is_said(served: Node, origin: Origin) -> None:
    assert ours(served, FLUSH) == b""
    assert served.store.refs(REPO)


def test_the_unborn_branch_of_an_empty_repository(node: Node) -> None:
    body = request("ls-refs", "symrefs", "unborn")
    assert raw.report(ours(node, body)) == ["unborn HEAD symref-target:refs/heads/main"]
    node.git("clone", "--quiet", node.anonymous_url, "copy")
    assert node.git("symbolic-ref", "HEAD", cwd=node.home / "copy") == "refs/heads/main"
