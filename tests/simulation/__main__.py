"""`python -m tests.simulation [--seed N | --seeds A..B | --minutes M] [--plant BUG]`: see docs/simulation.md."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from typing import TYPE_CHECKING

from tests.simulation.many import hunt, run_seeds
from tests.simulation.planted import PLANTED, planted
from tests.simulation.run import Ask

if TYPE_CHECKING:
    from collections.abc import Iterator


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this one and tell what happened")
    parser.add_argument("--seeds", default="", metavar="A..B", help="run these, B not included")
    parser.add_argument("--nodes", type=int, default=0, help="how many, whatever the seed says")
    parser.add_argument("--loss", type=int, default=0, metavar="PERCENT", help="lose so many packets, too")
    parser.add_argument("--minutes", type=float, default=0, help="run new seeds for so long")
    parser.add_argument("--plant", default="", choices=["", "all", *PLANTED], help="break the core on purpose")
    args = parser.parse_args(argv)
    ask = Ask(nodes=args.nodes, loss_percent=args.loss)
    if args.plant == "all" or (args.plant and args.seed is None):
        return hunt([*PLANTED] if args.plant == "all" else [args.plant], ask, print)
    with planted(args.plant):
        if args.seed is not None:
            return run_seeds([args.seed], ask, print, again=f" --plant {args.plant}" if args.plant else "")
        if args.seeds:
            first, _, last = args.seeds.partition("..")
            return run_seeds(range(int(first), int(last)), ask, print)
        until = time.monotonic() + 60 * args.minutes
        drawn = secrets.randbelow(2**31)
        return run_seeds(_numbers(drawn, until) if args.minutes else [drawn], ask, print)


def _numbers(first: int, until: float) -> Iterator[int]:
    while time.monotonic() < until:
        yield first
        first += 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
