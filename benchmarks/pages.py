"""Pages of a big repository, in their bytes as browsers get them, against a handler that returns the same bytes."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.request import Request, urlopen

from benchmarks._pace import paced, percentile
from benchmarks._pages_made import made
from benchmarks._same import same
from benchmarks._servers import node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks._servers import Address

NAME = "pages"
GOAL = "p95 of each page ≤ 6 times a handler that returns the same bytes, warm, and ≤ 40 times cold; 4 clients"

CLIENTS: Final = 4
P95: Final = 0.95
WARM_MAX: Final = 6
COLD_MAX: Final = 40
_HOME: Final = "/operator/attic"
_HEADERS: Final[Mapping[str, str]] = {"Accept-Encoding": "gzip"}
_FRESH: Final = count(1)


def main(argv: Sequence[str]) -> None:
    options = _options(argv)
    with tempfile.TemporaryDirectory() as scratch:
        keep = Path(options.keep or scratch)
        keep.mkdir(parents=True, exist_ok=True)
        folder = made(keep, options.objects, options.issues)
        answers = Path(scratch) / "answers"
        answers.mkdir()
        with node(folder) as (address, _):
            pages = _pages()
            if options.only:
                pages = {name: path for name, path in pages.items() if any(word in name for word in options.only)}
            for number, path in enumerate(pages.values()):
                (answers / str(number)).write_bytes(_get(address, path))
            with same(answers) as yard:
                print(f"{'p95 in milliseconds':24} {'bytes':>7} {'same':>6} {'warm':>6} {'cold':>6}")
                for number, (name, path) in enumerate(pages.items()):
                    size = (answers / str(number)).stat().st_size
                    print(f"{name:24} {size:7} {_row(options, address, yard, path, number)}", flush=True)


def _row(options: argparse.Namespace, address: Address, yard: Address, path: str, number: int) -> str:
    """All three in turn, several times, as the machine has other things to do, too; the first time warms up."""
    runs: list[tuple[float, float, float]] = []
    for run in range(options.runs + 1):
        plain, warm = (
            _p95(where, [asked] * options.requests) for where, asked in ((yard, f"/page/{number}"), (address, path))
        )
        cold = _p95(address, [f"{path}?cold={next(_FRESH)}" for _ in range(options.requests)])
        runs += [(plain, warm, cold)] if run else []
    medians = [1_000 * statistics.median(column) for column in zip(*runs, strict=True)]
    warm = statistics.median(warm / plain for plain, warm, _ in runs)
    cold = statistics.median(cold / plain for plain, _, cold in runs)
    verdict = "reached" if warm <= WARM_MAX and cold <= COLD_MAX else "MISSED"
    figures = " ".join(f"{each:6.2f}" for each in medians)
    return f"{figures}  warm {warm:.1f} (≤ {WARM_MAX}), cold {cold:.1f} (≤ {COLD_MAX}); {verdict}"


def _p95(address: Address, paths: Sequence[str]) -> float:
    return percentile(paced(address, paths, connections=CLIENTS), P95)


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
