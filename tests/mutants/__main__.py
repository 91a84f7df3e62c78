"""`python -m tests.mutants [--only PATH …] [--sample N --seed S] [--part K/N]`: break authority, see who notices.

Without words, every mutant of the policy, of authority and of the verdicts: about a quarter of an hour. It fails for
survivors that `accepted.toml` does not explain, and for explanations that are not true.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.mutants.changes import mutants
from tests.mutants.explained import PAGE, faults, filled, stale
from tests.mutants.run import ROOT, Importing, Replacing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.mutants.changes import Mutant
    from tests.mutants.run import Fate

TARGETS: Final = ("domain/policy.py", "domain/authority/*.py", "domain/replay/*.py")


def every(only: Sequence[str] = ()) -> list[Mutant]:
    """All mutants there are, or those of some files."""
    chosen = [path for path in _paths() if not only or path in only]
    return [each for path in chosen for each in mutants(path, (ROOT / path).read_text(encoding="utf-8"))]


def _paths() -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for target in TARGETS for path in ROOT.glob(target))


def survivors(chosen: Sequence[Mutant]) -> Iterator[Mutant]:
    """Those that nobody notices, as they are found; raises AssertionError if something is wrong as it is."""
    importing = [mutant for mutant in chosen if not mutant.within]
    importer = Importing()
    for mutant in importing:
        yield from _told(mutant, importer.fate(mutant))
    replacing = [mutant for mutant in chosen if mutant.within]
    if replacing:
        replacer = Replacing(_paths())
        as_it_is = replacer.fate(None)
        assert not as_it_is.by, f"without any mutant, {as_it_is.by} differ"
        print(f"{as_it_is.seconds:5.1f} s  as it is", flush=True)
        for mutant in replacing:
            yield from _told(mutant, replacer.fate(mutant))


def _told(mutant: Mutant, fate: Fate) -> Iterator[Mutant]:
    print(f"{fate.seconds:5.1f} s  {mutant.path}:{mutant.line}  {mutant.words}  {fate.by or 'SURVIVES'}", flush=True)
    if not fate.by:
        yield mutant


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], help="files, as domain/policy.py")
    parser.add_argument("--sample", type=int, default=0, help="how many, picked by chance")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", default="1/1", help="every N-th, from the K-th: 2/5")
    parser.add_argument("--page", action="store_true", help="write the table of docs/design/mutants.md, and do no more")
    parser.add_argument("--again", type=Path, help="only those that an earlier run added to this file")
    parser.add_argument("--found", type=Path, help="add the survivors to this file (JSON lines)")
    options = parser.parse_args(argv)
    if options.page:
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), every()), encoding="utf-8")
        return 0
    chosen = every(options.only)
    if options.again:
        names = {json.loads(line)["name"] for line in options.again.read_text(encoding="utf-8").splitlines()}
        chosen = [mutant for mutant in chosen if mutant.name in names]
    if options.sample:
        chosen = random.Random(options.seed).sample(chosen, min(options.sample, len(chosen)))
    part, parts = map(int, options.part.split("/"))
    chosen = chosen[part - 1 :: parts]
    left: list[Mutant] = []
    for mutant in survivors(chosen):
        left.append(mutant)
        if options.found:
            with options.found.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps({'name': mutant.name, 'line': mutant.line}, ensure_ascii=False)}\n")
    wrong = [*faults(left, chosen), *(f"explained, but no mutant: {name}" for name in stale(every()))]
    for line in wrong:
        print(line)
    print(
        f"{len(left)} of {len(chosen)} mutants survive (seed {options.seed}); {len(wrong)} things are wrong with that"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
