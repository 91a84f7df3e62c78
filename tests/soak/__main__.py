"""`python -m tests.soak [kill|writes|…|all] [--rounds N] [--seed S]`: what `make soak` runs."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import traceback
from pathlib import Path

from tests.laws.contests import run_bans, run_contests
from tests.laws.councils import run_councils
from tests.laws.laws import run_laws
from tests.namespaces.outside import run_namespaces
from tests.simulation.many import run_networks
from tests.soak.backups import run_backups
from tests.soak.carrier import run_carrier
from tests.soak.hostile import run_hostile
from tests.soak.kill import git_version, run_kills
from tests.soak.traffic import run_traffic
from tests.soak.writes import run_writes

ROUNDS = {
    "kill": 200,
    "writes": 200,
    "backups": 50,
    "laws": 20_000,
    "hostile": 2_000,
    "networks": 2_000,
    "carrier": 200,
    "traffic": 200,
    "namespaces": 20,
}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("part", nargs="?", default="all", choices=[*ROUNDS, "all"])
    parser.add_argument(
        "--rounds", "--histories", type=int, default=0, help="how many, instead of each part's own number"
    )
    parser.add_argument("--seed", type=int, default=None)
    args = parser.parse_args(argv)
    seed = secrets.randbelow(2**32) if args.seed is None else args.seed
    for part in ROUNDS if args.part == "all" else [args.part]:
        rounds = args.rounds or ROUNDS[part]
        print(f"{part}: seed {seed}, {rounds} rounds, {git_version()}", flush=True)
        try:
            with tempfile.TemporaryDirectory(prefix="gitant-soak-") as scratch:
                run(part, rounds, seed, Path(scratch))
        except Exception:  # noqa: BLE001  # whatever it was, the last line says how to see it again
            traceback.print_exc()
            print(f"again: python -m tests.soak {part} --rounds {rounds} --seed {seed}", flush=True)
            return 1
    return 0


def run(part: str, rounds: int, seed: int, scratch: Path) -> None:
    """One part; raises what it finds."""
    if part == "laws":
        run_laws(rounds, seed)
        run_contests(max(1, rounds // 2), seed)
        run_bans(max(1, rounds // 4), seed)
        run_councils(max(1, rounds // 4), seed)
    elif part == "networks":
        # Its own last line says how to see one network again, which is faster than all of them.
        if run_networks(rounds, seed, lambda line: print(line, flush=True)):
            sys.exit(1)
    else:
        parts = {
            "kill": run_kills,
            "writes": run_writes,
            "backups": run_backups,
            "hostile": run_hostile,
            "carrier": run_carrier,
            "traffic": run_traffic,
            "namespaces": run_namespaces,
        }
        parts[part](rounds, seed, scratch, lambda line: print(line, flush=True))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
