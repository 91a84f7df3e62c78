"""A repository in which one long file was edited often, in a folder of many entries, beside all that others did."""

from __future__ import annotations

import random
import shutil
import subprocess
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from benchmarks._git_history import git, repository

if TYPE_CHECKING:
    from pathlib import Path

VERSION: Final = 1
"""Raised whenever another history comes out."""
FOLDER: Final = "source/parts"
FILE: Final = f"{FOLDER}/engine.py"
_BEGAN_S: Final = 1_700_000_000
_WORDS: Final = ["alpha", "beta", "gamma", "delta", "count", "value", "found", "left", "right", "limit"]


class Shape(NamedTuple):
    """How much of everything."""

    objects: int = 21_000
    """Of the history underneath, which has nothing to do with the file."""
    lines: int = 3_000
    edits: int = 200
    """Commits that change the file."""
    between: int = 9
    """Commits between two of those, each of which changes another entry of the folder or another file."""
    entries: int = 300


def written(folder: Path, shape: Shape) -> Path:
    """A bare repository of that shape, made unless it is there from another time."""
    path = folder / f"written-{VERSION}-{'-'.join(map(str, shape))}.git"
    if path.exists():
        return path
    under = repository(folder, shape.objects)
    draft = path.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    git("clone", "-q", "--bare", "--single-branch", "--branch", "main", str(under), str(draft))
    with subprocess.Popen(["git", "-C", str(draft), "fast-import", "--quiet"], stdin=subprocess.PIPE) as importer:
        assert importer.stdin is not None
        _write(importer.stdin, shape, git("-C", str(draft), "rev-parse", "main").strip())
        importer.stdin.close()
        if importer.wait():
            raise SystemExit("git fast-import failed")
    git("-C", str(draft), "repack", "-adq", "--window=10", "--depth=50")
    draft.rename(path)
    return path


def _write(out: IO[bytes], shape: Shape, base: str) -> None:
    chance = random.Random(3)
    lines = [_line(chance) for _ in range(shape.lines)]
    others = [f"{FOLDER}/part{number}.py" for number in range(shape.entries - 1)]
    files = {path: _line(chance) for path in others} | {FILE: b"".join(lines)}
    _commit(out, 1, base, files)
    for number in range(2, shape.edits * (shape.between + 1) + 1):
        if number % (shape.between + 1) == 0:
            for _ in range(chance.randint(1, 5)):
                at, gone, new = chance.randrange(len(lines)), chance.randint(0, 4), chance.randint(0, 4)
                lines[at : at + gone] = [_line(chance) for _ in range(new)]
            _commit(out, number, "", {FILE: b"".join(lines)})
        else:
            # Some entries change often and some hardly ever, as in any folder.
            entry = others[int(len(others) * chance.random() ** 2)]
            _commit(out, number, "", {chance.choice([entry, f"notes/{number % 50}.md"]): _line(chance) * 9})


def _line(chance: random.Random) -> bytes:
    blank = chance.random() < 0.15
    words = "" if blank else "    " * chance.randint(0, 3) + " ".join(chance.choices(_WORDS, k=chance.randint(2, 8)))
    return words.encode() + b"\n"


def _commit(out: IO[bytes], number: int, base: str, files: dict[str, bytes]) -> None:
    who = b"A Person <person%d@example.org> %d +0000" % (number % 40, _BEGAN_S + number * 600)
    begins = b"from %s\n" % base.encode() if base else b""
    out.write(b"commit refs/heads/main\nauthor %s\ncommitter %s\ndata 7\nChange\n\n%s" % (who, who, begins))
    for path, data in files.items():
        out.write(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data))
    out.write(b"\n")
