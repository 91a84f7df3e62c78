"""Pages of a list of 10,000 issues, against a handler that returns the same bytes from memory."""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

from benchmarks._load import rate, request
from benchmarks._servers import Address, bare, node
from domain.actor import Actor
from domain.keys import SigningKey
from gitant.writer.opening import open_core
from gitant.writer.request import Request
from storage import keys
from storage.datadir import DataDir

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "lists"
GOAL = "first page of 10,000 issues ≥ 0.4 of the same bytes from memory; a page 9,000 in within 1.2 of the first"

CLIENTS = 8
BATCH = 250


def main(argv: Sequence[str]) -> None:
    options = _options(argv)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "node"
        _fill(folder, options.issues)
        with node(folder) as (address, _):
            first, deep = "/api/v1/repos/attic/issues", _path_at(address, options.issues * 9 // 10)
            page = Path(scratch) / "page.json"
            page.write_bytes(_get(address, first))
            print(f"{options.issues} issues; the first page is {page.stat().st_size} bytes")
            with bare(page) as yard:
                _measure(options, address, yard, first, deep)


def _measure(options: argparse.Namespace, address: Address, yard: Address, first: str, deep: str) -> None:
    """Each run asks for all three in turn."""
    rows = []
    for run in range(options.runs + 1):
        row = [
            rate(where, request("GET", path), connections=CLIENTS, seconds=options.seconds)
            for where, path in ((address, first), (address, deep), (yard, "/page"))
        ]
        print(f"{'warm-up' if run == 0 else f'run {run}'}: " + ", ".join(f"{each:.0f}/s" for each in row))
        rows += [row] if run else []
    shown, far, memory = (statistics.median(column) for column in zip(*rows, strict=True))
    print(f"median: first page {shown:.0f}/s, page at 9,000 {far:.0f}/s, from memory {memory:.0f}/s")
    print(f"ratio first/memory {statistics.median(a / c for a, _, c in rows):.2f}")
    print(f"ratio time deep/first {statistics.median(a / b for a, b, _ in rows):.2f}")


def _fill(folder: Path, count: int) -> None:
    """A repository with `count` issues, written by the node's own writer."""
    data = DataDir(folder)
    data.create()
    core = open_core(data)
    operator = Actor(SigningKey(keys.load_or_create(data.identity_key)).did, operator=True)
    (made,) = core.execute([Request("repository.create", operator, {"name": "attic"})])
    repo = bytes.fromhex(made.events[-1])  # type: ignore[union-attr]  # an answer: the name is free
    for start in range(0, count, BATCH):
        words = [f"Leak number {n} in the roof" for n in range(start, min(start + BATCH, count))]
        core.execute(
            [Request("issue.open", operator, {"repo": repo, "title": each, "body": each * 4}) for each in words]
        )
    core.close()


def _path_at(address: Address, depth: int) -> str:
    """The address of the page that begins `depth` issues into the list, found by following `next`."""
    path = "/api/v1/repos/attic/issues?per_page=100"
    for _ in range(depth // 100):
        with urlopen(f"http://{address[0]}:{address[1]}{path}", timeout=60) as answer:
            links = answer.headers["Link"].split(",")
            path = next(link.split(">")[0].strip(" <") for link in links if 'rel="next"' in link)
        path = path[path.index("/api/") :]
    return path.replace("per_page=100", "per_page=30")


def _get(address: Address, path: str) -> bytes:
    with urlopen(f"http://{address[0]}:{address[1]}{path}", timeout=60) as answer:
        found: bytes = answer.read()
    assert json.loads(found)["issues"]
    return found


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {NAME} --")
    parser.add_argument("--issues", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    return parser.parse_known_args(argv)[0]
