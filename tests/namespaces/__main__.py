"""What runs inside: `python -m tests.namespaces ROUNDS SEED SCRATCH`, started by `outside.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.namespaces.play import play


def main(argv: list[str]) -> None:
    rounds, seed, scratch = argv
    # Named namespaces are files there, and ours are nobody else's.
    subprocess.run(("mount", "-t", "tmpfs", "none", "/run"), check=True, timeout=30)
    play(int(rounds), int(seed), Path(scratch), lambda line: print(line, flush=True))


if __name__ == "__main__":
    main(sys.argv[1:])
