"""The same bytes at a core, chosen by what they reach: what `make fuzz` does where Atheris is installed.

It is no dependency of the project. New inputs that reach something new stay in the folder that is named first.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any


def main(argv: list[str]) -> None:
    """`python -m tests.replication.guided FOLDER SECONDS SEED`; never returns."""
    atheris: Any = importlib.import_module("atheris")
    # What is imported within is changed so that it tells which of its branches are taken.
    with atheris.instrument_imports(include=["replication", "domain.envelope", "domain.canonical", "domain.quick"]):
        fuzzing = importlib.import_module("tests.replication.fuzzing")
    pieces = (1 << 20, 5, 1)

    def one(data: bytes) -> None:
        """The first byte says how the frame is made, and in what pieces it comes."""
        if data:
            fuzzing.throw(data, pieces[(data[0] >> 1) % len(pieces)])

    folder, seconds, seed = argv
    atheris.Setup(
        [
            "guided",
            folder,
            str(fuzzing.CORPUS),
            f"-max_total_time={seconds}",
            f"-seed={seed}",
            "-max_len=8192",
            "-timeout=20",
            "-rss_limit_mb=1024",
            "-print_final_stats=1",
            f"-artifact_prefix={fuzzing.CORPUS}/",
        ],
        one,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
