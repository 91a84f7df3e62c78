"""Git repositories of any size, the same each time: nested folders, small edits, side branches, merges, tags.

Files are 1 to 20 KB of lines that compress about as source code does. Made by `git fast-import` and packed by
`git repack`, so that deltas are as good as git makes them.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from typing import IO, TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from pathlib import Path

VERSION: Final = 1
"""Raised whenever another history comes out."""
_LINES: Final = 20_000
_WORDS: Final = 1_500
_TAG_EVERY: Final = 120
_SIDE_EVERY: Final = 9
_OPEN_BRANCHES: Final = 24
_BEGAN_S: Final = 1_500_000_000


def repository(folder: Path, objects: int, seed: int = 7) -> Path:
    """A bare repository of about `objects` objects, made unless it is there from another time."""
    path = folder / f"made-{VERSION}-{objects}-{seed}.git"
    if path.exists():
        return path
    draft = path.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    git("init", "-q", "--bare", "-b", "main", str(draft))
    with subprocess.Popen(["git", "-C", str(draft), "fast-import", "--quiet"], stdin=subprocess.PIPE) as importer:
        assert importer.stdin is not None
        _History(importer.stdin, random.Random(seed)).write(objects)
        importer.stdin.close()
        if importer.wait():
            raise SystemExit("git fast-import failed")
    git("-C", str(draft), "repack", "-adfq", "--window=10", "--depth=50")
    git("-C", str(draft), "pack-refs", "--all")
    draft.rename(path)
    return path


def git(*words: str, **environ: str) -> str:
    """What stock git prints; no configuration of whoever runs this is read."""
    settings = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    done = subprocess.run(
        ["git", *words], env=os.environ | settings | environ, stdout=subprocess.PIPE, check=True, text=True
    )
    return done.stdout


@final
class _History:
    """A stream for `git fast-import`."""

    def __init__(self, out: IO[bytes], chance: random.Random) -> None:
        self._out = out
        self._chance = chance
        words = ["".join(chance.choices("abcdefghijklmnoprstuvw", k=chance.randint(3, 9))) for _ in range(_WORDS)]
        self._lines = [self._line(words) for _ in range(_LINES)]
        self._files: dict[str, list[int]] = {}
        self._paths = list[str]()
        self._folders = [""]
        self._mark = self._time = 0
        self._count = 0
        """Roughly how many objects there are."""

    def write(self, objects: int) -> None:
        """Commits until there are so many objects; then tags and branches stand where they stand."""
        self._grow_folders(max(20, objects // 800))
        tip = self._commit("main", None, {self._path(): self._text() for _ in range(max(50, objects // 150))})
        commits = sides = 0
        while self._count < objects:
            if commits % _SIDE_EVERY == _SIDE_EVERY - 1:
                sides += 1
                name = f"side/{sides % _OPEN_BRANCHES}"
                side, changed = tip, dict[str, list[int]]()
                for _ in range(self._chance.randint(1, 5)):
                    step = self._changes()
                    changed |= step
                    side = self._commit(name, side, step)
                tip = self._commit("main", tip, self._changes())
                tip = self._commit("main", tip, changed, merged=side)
            else:
                tip = self._commit("main", tip, self._changes())
            commits += 1
            if commits % _TAG_EVERY == 0:
                self._tag(f"v{commits // _TAG_EVERY}", tip)

    def _line(self, words: list[str]) -> bytes:
        picked = self._chance.choices(words, k=self._chance.randint(1, 7))
        text = self._chance.choice(["{} = {}({})", "return {}", "if {} in {}:", "# {}", "{}.{}({}, {})"])
        filled = text.format(*(picked * 4)) + " " + " ".join(picked[1:])
        return b"%s%s\n" % (b"    " * self._chance.randint(0, 4), filled.strip().encode())

    def _grow_folders(self, count: int) -> None:
        while len(self._folders) < count:
            parent = self._chance.choice(self._folders)
            if parent.count("/") < 5:
                self._folders.append(f"{parent}dir{len(self._folders)}/")

    def _path(self) -> str:
        return f"{self._chance.choice(self._folders)}file{self._chance.randrange(1 << 30)}.py"

    def _text(self) -> list[int]:
        count = min(600, int(self._chance.expovariate(1 / 150)) + 30)
        return [self._chance.randrange(_LINES) for _ in range(count)]

    def _changes(self) -> dict[str, list[int]]:
        """New texts by path; an empty one deletes."""
        chance, paths = self._chance, self._paths
        picked = {paths[chance.randrange(len(paths))] for _ in range(min(8, 1 + int(chance.expovariate(0.7))))}
        changes = {path: self._edited(self._files[path]) for path in picked if path in self._files}
        if chance.random() < 0.12:
            changes[self._path()] = self._text()
        if chance.random() < 0.03 and changes:
            old = next(iter(changes))
            changes[self._path()] = changes[old]
            changes[old] = []
        return changes or {self._path(): self._text()}

    def _edited(self, text: list[int]) -> list[int]:
        fresh = list(text)
        for _ in range(self._chance.randint(1, 4)):
            at, some = self._chance.randrange(len(fresh) + 1), self._chance.randint(0, 6)
            fresh[at : at + self._chance.randint(0, 4)] = [self._chance.randrange(_LINES) for _ in range(some)]
        return fresh or self._text()

    def _commit(self, branch: str, parent: int | None, changes: dict[str, list[int]], merged: int | None = None) -> int:
        self._mark += 1
        self._time += self._chance.randint(60, 7_200)
        who = b"A Person <person%d@example.org> %d +0000" % (self._mark % 40, _BEGAN_S + self._time)
        words = b"Change %d things\n\n%s" % (len(changes), self._lines[self._mark % _LINES])
        out = [b"commit refs/heads/%s\nmark :%d\nauthor %s\n" % (branch.encode(), self._mark, who)]
        out.append(b"committer %s\ndata %d\n%s\n" % (who, len(words), words))
        if parent is not None:
            out.append(b"from :%d\n" % parent)
        if merged is not None:
            out.append(b"merge :%d\n" % merged)
        folders: set[str] = {""}
        for path, text in changes.items():
            if not text:
                out.append(b"D %s\n" % path.encode())
                self._files.pop(path, None)
            else:
                data = b"".join([self._lines[line] for line in text])
                out.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data))
                self._files[path] = text
            folders |= {path[:at] for at, char in enumerate(path) if char == "/"}
        if len(self._paths) != len(self._files):
            self._paths = list(self._files)
        self._out.write(b"".join(out) + b"\n")
        self._count += 1 + (len(folders) if merged is None else 2) + (len(changes) if merged is None else 0)
        return self._mark

    def _tag(self, name: str, commit: int) -> None:
        who = b"A Person <person@example.org> %d +0000" % (_BEGAN_S + self._time)
        self._out.write(b"tag %s\nfrom :%d\ntagger %s\ndata 8\nrelease\n\n" % (name.encode(), commit, who))
        self._count += 1
