"""Pages of a big repository, in their bytes as browsers get them, against a handler that returns the same bytes."""

from __future__ import annotations

import argparse
import gzip
import statistics
import tempfile
import time
from http import HTTPStatus
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen

from benchmarks._pace import paced, percentile
from benchmarks._pages_made import made
from benchmarks._same import same
from benchmarks._servers import node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from http.client import HTTPMessage
    from typing import IO

    from benchmarks._servers import Address

NAME = "pages"
GOAL = (
    "p95 of each page ≤ 6 times a handler that returns the same bytes, warm, and ≤ 40 times cold; 4 clients; "
    "of somebody signed in ≤ 2 times a stranger's, cold; the repository home as a worker's first page ≤ 1 s"
)

CLIENTS: Final = 4
P95: Final = 0.95
WARM_MAX: Final = 6
COLD_MAX: Final = 40
SIGNED_IN_MAX: Final = 2
"""What a page of somebody who is signed in may take, in times of a stranger's, both cold."""
FIRST_S_MAX: Final = 1
STARTS: Final = 3
"""How often a node is started to see how long its first page takes."""
PATIENCE_S: Final = 900
"""For a node that was kept and makes its tables again, as they are of another version."""
_HOME: Final = "/operator/attic"
_HEADERS: Final[Mapping[str, str]] = {"Accept-Encoding": "gzip"}
_FRESH: Final = count(1)


class _Here(HTTPRedirectHandler):
    """Goes nowhere: the answer that has the cookie leads on."""

    def http_error_303(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage) -> IO[bytes]:  # noqa: ARG002
        return fp


def main(argv: Sequence[str]) -> None:
    options = _options(argv)
    with tempfile.TemporaryDirectory() as scratch:
        keep = Path(options.keep or scratch)
        keep.mkdir(parents=True, exist_ok=True)
        folder = made(keep, options.objects, options.issues)
        answers = Path(scratch) / "answers"
        answers.mkdir()
        with node(folder) as (address, _):
            _settle(address)
        print(_first(folder), flush=True)
        with node(folder) as (address, token):
            _settle(address)
            cookie = _signed_in(address, token)
            pages = _pages()
            if options.only:
                pages = {name: path for name, path in pages.items() if any(word in name for word in options.only)}
            for number, path in enumerate(pages.values()):
                (answers / str(number)).write_bytes(_get(address, path))
            with same(answers) as yard:
                print(f"{'p95 in milliseconds':24} {'bytes':>7} {'same':>6} {'warm':>6} {'cold':>6} {'known':>6}")
                for number, (name, path) in enumerate(pages.items()):
                    size = (answers / str(number)).stat().st_size
                    print(f"{name:24} {size:7} {_row(options, address, yard, path, number, cookie)}", flush=True)


def _settle(address: Address) -> None:
    """Wait until a node has made whatever it makes of its log and of its repositories."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            _get(address, _HOME)
            if b"catching up" not in gzip.decompress(_get(address, f"{_HOME}/search?q=nothing+says+that")):
                return
        except HTTPError as fault:
            if fault.code != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
        if time.monotonic() > deadline:
            raise SystemExit(f"the node has not caught up after {PATIENCE_S} s")
        time.sleep(1)


def _first(folder: Path) -> str:
    """How long the repository's home takes that is asked for as soon as a node answers at all."""
    took: list[float] = []
    for _ in range(STARTS):
        with node(folder) as (address, _):
            began = time.perf_counter()
            _get(address, _HOME)
            took.append(time.perf_counter() - began)
    middle = statistics.median(took)
    verdict = "reached" if middle <= FIRST_S_MAX else "MISSED"
    return f"home as a worker's first page: {middle:.2f} s (≤ {FIRST_S_MAX}); {verdict}"


def _row(options: argparse.Namespace, address: Address, yard: Address, path: str, number: int, cookie: str) -> str:
    """All four in turn, several times, as the machine has other things to do, too; the first time warms up."""
    runs: list[tuple[float, float, float, float]] = []
    for run in range(options.runs + 1):
        plain, warm = (
            _p95(where, [asked] * options.requests) for where, asked in ((yard, f"/page/{number}"), (address, path))
        )
        cold, known = (
            _p95(address, [f"{path}?cold={next(_FRESH)}" for _ in range(options.requests)], who) for who in ("", cookie)
        )
        runs += [(plain, warm, cold, known)] if run else []
    medians = [1_000 * statistics.median(column) for column in zip(*runs, strict=True)]
    warm = statistics.median(warm / plain for plain, warm, _, _ in runs)
    cold = statistics.median(cold / plain for plain, _, cold, _ in runs)
    known = statistics.median(known / cold for _, _, cold, known in runs)
    verdict = "reached" if warm <= WARM_MAX and cold <= COLD_MAX and known <= SIGNED_IN_MAX else "MISSED"
    figures = " ".join(f"{each:6.2f}" for each in medians)
    shares = f"warm {warm:.1f} (≤ {WARM_MAX}), cold {cold:.1f} (≤ {COLD_MAX}), known {known:.1f} (≤ {SIGNED_IN_MAX})"
    return f"{figures}  {shares}; {verdict}"


def _p95(address: Address, paths: Sequence[str], cookie: str = "") -> float:
    return percentile(paced(address, paths, connections=CLIENTS, cookie=cookie), P95)


def _signed_in(address: Address, token: str) -> str:
    """The cookie of the operator's session: who is signed in may do most, and their pages have the most in them."""
    form = urlencode({"username": "operator", "password": token}).encode()
    asked = Request(f"http://{address[0]}:{address[1]}/login", form, {"Sec-Fetch-Site": "same-origin"})
    with build_opener(_Here()).open(asked, timeout=60) as answer:
        found: str = answer.headers["Set-Cookie"].partition(";")[0]
    return found


def _pages() -> dict[str, str]:
    return {
        "repository home": _HOME,
        "directory, 300 entries": f"{_HOME}/src/branch/main/wide",
        "file, 3,000 lines": f"{_HOME}/src/branch/main/long.py",
        "diff, 2,000 lines": f"{_HOME}/commit/main",
        "issues, 10,000": f"{_HOME}/issues",
        "issue, 200 comments": f"{_HOME}/issues/1",
    }


def _get(address: Address, path: str) -> bytes:
    asked = Request(f"http://{address[0]}:{address[1]}{path}", headers=dict(_HEADERS))
    with urlopen(asked, timeout=120) as answer:
        found: bytes = answer.read()
    return found


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {NAME} --")
    parser.add_argument("--objects", type=int, default=155_000)
    parser.add_argument("--issues", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keep", help="a folder where what was made is kept for another time")
    parser.add_argument("--only", nargs="*", default=[], help="pages whose name has one of these words")
    return parser.parse_known_args(argv)[0]
