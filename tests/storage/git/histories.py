"""Histories made up from a seed, with everything in them that a folder can hold, written through git fast-import."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.storage.git.stock import StockRepo

FILE, PROGRAM, SYMLINK, SUBMODULE = b"100644", b"100755", b"120000", b"160000"
_FOLDERS = (b"", b"", b"src/", b"src/core/", b"src-old/", b"docs/a b/", b"\xc3\xbc/\xe6\x97\xa5/", b"a.d/")
_NAMES = (
    b"main.py", b"a", b"a.txt", b"a-b", b"Makefile", b"with space.md", b'quo"te', b"tab\there", b"back\\slash",
    b"\xc3\xa9t\xc3\xa9.txt", b"latin-\xe9", b"new\nline", b"-dash", b"\x7fdel", b"z",
)  # fmt: skip
_WORDS = b"alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho".split()

Files = dict[bytes, tuple[bytes, bytes]]
"""By path: mode and content (a submodule's is its commit)."""


@dataclass
class Made:
    """The commits of a history, oldest first, and its branches' tips."""

    commits: list[str]
    tips: list[str]


class _Author:
    """Someone who edits at random."""

    def __init__(self, seed: int, *, binaries: bool) -> None:
        self.random = random.Random(seed)
        self.binaries = binaries
        self.serial = 0

    def line(self) -> bytes:
        r = self.random
        indent = b"    " * r.randrange(3) if r.random() < 0.6 else b"\t"
        if r.random() < 0.25:
            return r.choice((b"\n", b"}\n", b"    \n", b"\r\n", b"end\n"))
        words = b" ".join(r.choice(_WORDS) for _ in range(r.randrange(1, 5)))
        return indent + words + (b" \xff\n" if r.random() < 0.02 else b"\n")

    def text(self) -> bytes:
        return b"".join(self.line() for _ in range(self.random.choice((1, 3, 12, 40))))

    def content(self) -> tuple[bytes, bytes]:
        r, self.serial = self.random, self.serial + 1
        kind = r.random()
        if kind < 0.06:
            return SYMLINK, r.choice((b"main.py", b"../up", b"nowhere\xff", b"target %d" % self.serial))
        if kind < 0.12:
            return SUBMODULE, b"%040x" % r.getrandbits(160)
        if kind < 0.18:
            return FILE, b""
        if kind < 0.26 and self.binaries:
            return FILE, b"\0" + r.randbytes(40)
        if kind < 0.36:
            # its lines are like no other file's, so that gits before 2.44, which forget a last line without an
            # end when they compare files, find the same renames
            return FILE, b"".join(b"%d-%d\n" % (self.serial, at) for at in range(9)) + b"no end %d" % self.serial
        return r.choice((FILE, FILE, PROGRAM)), self.text()

    def edited(self, mode: bytes, data: bytes) -> tuple[bytes, bytes]:
        r = self.random
        if mode in {SYMLINK, SUBMODULE} or data.startswith(b"\0") or not data:
            return self.content()
        if r.random() < 0.15:
            return (PROGRAM if mode == FILE else FILE), data
        lines = data.splitlines(keepends=True)
        whole = data.endswith(b"\n")
        for _ in range(r.choice((1, 1, 2, 5))):
            at = r.randrange(len(lines)) if lines else 0
            count = r.choice((0, 1, 1, 2, 6))
            lines[at : at + count] = [self.line() for _ in range(r.choice((0, 1, 2, 6)))]
        if r.random() < 0.2:
            at = r.randrange(len(lines) + 1)
            lines[at:at] = lines[at : at + 4] * 2
        data = b"".join(line if line.endswith(b"\n") else line + b"\n" for line in lines)
        return mode, data if whole else data + b"still no end"

    def path(self, files: Files) -> bytes | None:
        """A free one that no file is in the way of; a folder may be in the way of it, and is replaced."""
        path = self.random.choice(_FOLDERS) + self.random.choice(_NAMES)
        parts = path.split(b"/")
        if any(b"/".join(parts[:depth]) in files for depth in range(1, len(parts) + 1)):
            return None
        return path

    def change(self, files: Files) -> None:
        r = self.random
        paths = sorted(files)
        what = r.random()
        if not paths or what < 0.3:
            self.put(files, self.content())
        elif what < 0.6:
            path = r.choice(paths)
            files[path] = self.edited(*files[path])
        elif what < 0.7:
            del files[r.choice(paths)]
        elif what < 0.75:
            files[r.choice(paths)] = self.content()
        else:
            mode, data = files[path := r.choice(paths)]
            if data.endswith(b"\n"):
                del files[path]
                self.put(files, self.edited(mode, data) if r.random() < 0.6 else (mode, data))

    def put(self, files: Files, what: tuple[bytes, bytes]) -> None:
        path = self.path(files)
        if path is not None:
            for inside in [other for other in files if other.startswith(path + b"/")]:
                del files[inside]
            files[path] = what


def make_history(repo: StockRepo, seed: int, *, commits: int = 25, binaries: bool = True, skew: int = 0) -> Made:
    """A history with branches and merges; with `skew`, commit times that go backwards by up to so many seconds."""
    author = _Author(seed, binaries=binaries)
    r = author.random
    states: list[Files] = []
    tips: list[int] = []
    stream: list[bytes] = []
    for mark in range(1, commits + 1):
        parents = r.sample(tips, min(len(tips), r.choice((1, 1, 1, 2, 2, 3)))) if tips else []
        files: Files = {}
        for parent in reversed(parents):
            _overlay(files, states[parent - 1])
        if len(parents) < 2 or r.random() < 0.4:
            for _ in range(r.choice((1, 2, 4))):
                author.change(files)
        at = 1_700_000_000 + mark * 60 - (r.randrange(skew) if skew else 0)
        stream.append(_commit(mark, parents, at // 120 * 120, files, first=states[parents[0] - 1] if parents else {}))
        states.append(files)
        if not (parents and r.random() < 0.3):  # else a new branch begins beside its parent
            tips = [tip for tip in tips if tip not in parents]
        tips.append(mark)
    stream.extend(b"reset refs/heads/tip-%d\nfrom :%d\n\n" % (tip, tip) for tip in tips)
    stream.append(b"reset refs/heads/main\nfrom :%d\n\n" % commits)
    marks = repo.path / "marks"
    repo.git("fast-import", "--quiet", f"--export-marks={marks}", stdin=b"".join(stream))
    by_mark = {int(mark[1:]): oid for mark, oid in (line.split() for line in marks.read_text().splitlines())}
    return Made([by_mark[mark] for mark in range(1, commits + 1)], [by_mark[tip] for tip in tips])


def _overlay(files: Files, above: Files) -> None:
    """A careless merge: all of `above`, and of `files` what is not in its way."""
    folders = {b"/".join(path.split(b"/")[:depth]) for path in above for depth in range(1, path.count(b"/") + 1)}
    for path in list(files):
        parts = path.split(b"/")
        if path in folders or any(b"/".join(parts[:depth]) in above for depth in range(1, len(parts))):
            del files[path]
    files.update(above)


def _commit(mark: int, parents: list[int], at: int, files: Files, *, first: Files) -> bytes:
    person = b"J\xc3\xb6rg <joerg@example.invalid> %d +0130" % at
    message = b"Change %d\n\nAt length.\n" % mark
    lines = [b"reset refs/heads/work\n\n"] if not parents else []
    lines.append(b"commit refs/heads/work\nmark :%d\nauthor %s\ncommitter %s\n" % (mark, person, person))
    lines.append(b"data %d\n%s\n" % (len(message), message))
    if parents:
        lines.append(b"from :%d\n" % parents[0])
        lines.extend(b"merge :%d\n" % parent for parent in parents[1:])
    lines.extend(b"D %s\n" % _quoted(path) for path in first if path not in files)
    for path, (mode, data) in files.items():
        if mode == SUBMODULE:
            lines.append(b"M %s %s %s\n" % (mode, data, _quoted(path)))
        else:
            lines.append(b"M %s inline %s\ndata %d\n%s\n" % (mode, _quoted(path), len(data), data))
    return b"".join(lines) + b"\n"


def _quoted(path: bytes) -> bytes:
    return b'"' + b"".join(b"\\%03o" % byte if byte in b'"\\\n' else bytes((byte,)) for byte in path) + b'"'
