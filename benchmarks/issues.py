"""Opening issues with 16 clients, against a bare Litestar JSON POST on the same server."""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks._load import rate, request
from benchmarks._servers import bare, call, node

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "issues"
GOAL = "issue creation with 16 clients ≥ 0.15 (aim 0.25) of a bare Litestar JSON POST on the same server"

WORDS = {"title": "The roof leaks", "body": "Near the chimney, whenever the wind is from the west. " * 4}


def main(argv: Sequence[str]) -> None:
    options = _options(argv)
    body = json.dumps(WORDS).encode()
    with tempfile.TemporaryDirectory() as scratch, node(Path(scratch) / "node") as (address, token), bare() as yard:
        call(address, token, "POST", "/api/v1/repos", {"name": "attic"})
        ours = request("POST", "/api/v1/repos/attic/issues", body, token=token)
        theirs = request("POST", "/bare", body)
        pairs = []
        for run in range(options.runs + 1):
            pair = (
                rate(address, ours, connections=options.clients, seconds=options.seconds),
                rate(yard, theirs, connections=options.clients, seconds=options.seconds),
            )
            print(f"{'warm-up' if run == 0 else f'run {run}'}: {pair[0]:.0f} issues/s, yardstick {pair[1]:.0f} posts/s")
            pairs += [pair] if run else []
    mine, yardstick = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"median: {mine:.0f} issues/s, yardstick {yardstick:.0f} posts/s, ratio {ratio:.2f}")


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {NAME} --")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    return parser.parse_known_args(argv)[0]
