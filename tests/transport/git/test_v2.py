"""Requests of protocol v2 as words: what is understood, what is refused, and lists of refs as bytes."""

from __future__ import annotations

import random

import pytest

from domain.errors import InvalidInput
from domain.ports_git import AdvertisedRef
from domain.ports_serving import Deepening, ObjectFilter
from tests.transport.git.raw import report
from transport.git.filters import parse_filter
from transport.git.listing import Listing
from transport.git.pktline import DELIM, FLUSH, pkt
from transport.git.v2 import Fetch, LsRefs, ObjectInfo, parse_command
from transport.git.wish import Wish

A, B, C, D = (letter * 40 for letter in "abcd")


def request(
    name: str, *arguments: str, capabilities: tuple[str, ...] = ("agent=git/2.39", "object-format=sha1")
) -> bytes:
    lines = [f"command={name}", *capabilities]
    head = b"".join(pkt(f"{line}\n".encode()) for line in lines)
    body = DELIM + b"".join(pkt(f"{line}\n".encode()) for line in arguments) if arguments else b""
    return head + body + FLUSH


def test_a_fetch_with_everything() -> None:
    told = request(
        "fetch", "thin-pack", "no-progress", "include-tag", "ofs-delta", "sideband-all", f"want {A}", f"want {B}",
        f"want {A}", "want-ref refs/heads/main", f"shallow {C}", "deepen 3", "deepen-relative",
        "filter combine:blob:limit%3D1k+tree:4", f"have {D}", f"have {D}", "wait-for-done", "done",
        capabilities=("agent=x", "session-id=y", "server-option=one", "server-option=two"),
    )  # fmt: skip
    assert parse_command(told) == Fetch(
        Wish(
            (A, B), ("refs/heads/main",), frozenset({C}), Deepening(depth=3, relative=True),
            ObjectFilter(1024, 4), thin=True, ofs_delta=True, include_tag=True, progress=False,
        ),
        (D,), done=True, wait_for_done=True, sideband_all=True,
    )  # fmt: skip


def test_the_other_commands() -> None:
    assert parse_command(request("ls-refs")) == LsRefs(False, False, False, ())
    assert parse_command(
        request("ls-refs", "peel", "symrefs", "unborn", "ref-prefix HEAD", "ref-prefix refs/")
    ) == LsRefs(True, True, True, (b"HEAD", b"refs/"))
    assert parse_command(request("object-info", "size", f"oid {A}")) == ObjectInfo(True, (A,))
    assert parse_command(FLUSH) is None
    assert parse_command(b"") is None


def test_too_many_prefixes_are_none() -> None:
    told = parse_command(request("ls-refs", *(f"ref-prefix refs/{number}" for number in range(5_000))))
    assert told == LsRefs(False, False, False, ())


@pytest.mark.parametrize(
    "told",
    [
        b"zzzz",
        pkt(b"agent=x") + FLUSH,
        request("push"),
        request("ls-refs", "everything"),
        request("fetch", f"want {A[1:]}"),
        request("fetch", f"want {A}", "packfile-uris https"),
        request("fetch", f"want {A}", "deepen 0"),
        request("fetch", f"want {A}", "deepen 1", "deepen-not main"),
        request("fetch", f"have {A}x"),
        request("object-info", f"oid {A}", "type"),
        request("fetch", capabilities=("object-format=sha256",)),
        request("fetch", capabilities=("teleport=now",)),
        request("fetch", f"want {A}") + request("fetch", f"want {A}"),
        request("fetch", f"want {A}")[:-4] + DELIM + FLUSH,
        request("fetch", f"want {A}")[:-6],
    ],
)
def test_what_is_not_understood(told: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse_command(told)


@pytest.mark.parametrize(
    ("text", "blob", "tree"),
    [
        ("blob:none", 0, None),
        ("blob:limit=10", 10, None),
        ("blob:limit=2M", 2 << 20, None),
        ("tree:0", None, 0),
        ("combine:tree:3+blob:limit%3d1g+tree:2", 1 << 30, 2),
        ("combine:combine%3Ablob%3Anone+tree:1", 0, 1),
    ],
)
def test_filters(text: str, blob: int | None, tree: int | None) -> None:
    assert parse_filter(text) == ObjectFilter(blob, tree)


@pytest.mark.parametrize(
    "text",
    ["", "blob", "blob:limit=", "blob:limit=-1", "blob:limit=1t", "tree:x", "tree:1.5", "sparse:oid=main",
     "object:type=blob", "combine:", "combine:blob:none+", "combine:" + "+".join(["tree:1"] * 17),
     "combine:combine:combine:combine:combine:combine:tree:1"],
)  # fmt: skip
def test_filters_that_are_none(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_filter(text)


def test_a_list_by_prefixes_is_what_a_loop_would_find() -> None:
    r = random.Random(5)
    stems = ["refs/heads/", "refs/tags/", "refs/heads/a/", "refs/pull/", "refs/heads/\udcff"]
    names = sorted({r.choice(stems) + r.choice("ab\u00fc\udcff") * r.randrange(1, 4) for _ in range(60)}, key=_raw)
    refs = [AdvertisedRef(name, A, B if r.random() < 0.3 else None) for name in names]
    there = next(name for name in names if name.startswith("refs/heads/a"))
    for head in (there.removeprefix("refs/heads/"), "nowhere"):
        listing = Listing(refs, "stamp", f"refs/heads/{head}")
        for _ in range(40):
            prefixes = tuple(
                _raw(r.choice([*names, *stems, "HEAD", "refs/heads/aa"]))[: r.randrange(1, 14)] for _ in range(3)
            )
            told = listing.v2(LsRefs(True, True, True, prefixes))
            expected = [f"{'unborn' if head == 'nowhere' else A} HEAD symref-target:refs/heads/{head}"]
            expected = expected if b"HEAD".startswith(prefixes) else []
            expected += [
                f"{ref.oid} {ref.name}" + (f" peeled:{B}" if ref.peeled else "")
                for ref in refs
                if _raw(ref.name).startswith(prefixes)
            ]
            assert report(told) == expected


def _raw(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
