"""All refs of a repository in its one `packed-refs` file.

One file means that many refs move in one rename, that `a` may be deleted while `a/b` comes, and that telling a client
all refs is reading one file. Other programs read it as they read any repository. Tags carry the object they lead to,
so that nobody need open them to list them.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_HEADER: Final = b"# pack-refs with: peeled fully-peeled sorted \n"
_LINE: Final = re.compile(rb"([0-9a-f]{40}) (\S+)\n(?:\^([0-9a-f]{40})\n)?")
_LOOSE: Final = re.compile(rb"[0-9a-f]{40}\s*")


class PackedRef(NamedTuple):
    """Where a ref points, and, if that is a tag, where the tag leads."""

    oid: str
    peeled: str | None = None


class FileMark(NamedTuple):
    """Which of the files that have had a name this is."""

    inode: int
    mtime_ns: int
    size: int


class TornRefs(Exception):
    """The file is not whole: a loss of power cut it, for it is never synced."""


def read_refs(repo: Path) -> dict[str, PackedRef]:
    """All refs of the repository, HEAD not included."""
    refs = _read_packed(repo)
    for path in _loose_files(repo):
        content = path.read_bytes()
        if _LOOSE.fullmatch(content):
            refs[str(path.relative_to(repo))] = PackedRef(content.decode().strip())
    return refs


def write_refs(repo: Path, refs: Mapping[str, PackedRef]) -> None:
    """Make these, and no others, the refs of the repository."""
    lines = [_HEADER]
    for name, ref in sorted((name.encode(), ref) for name, ref in refs.items()):
        lines.append(b"%s %s\n" % (ref.oid.encode(), name))
        if ref.peeled is not None:
            lines.append(b"^%s\n" % ref.peeled.encode())
    _replace(repo / "packed-refs", b"".join(lines))
    for path in _loose_files(repo):  # they would hide the packed ones
        path.unlink()


def point(
    new: Mapping[str, str], old: Mapping[str, PackedRef], peel: Callable[[str], str | None]
) -> dict[str, PackedRef]:
    """The refs `new` with what each leads to, asking `peel` only about those that `old` does not know."""
    known = {ref.oid: ref for ref in old.values()}
    for oid in set(new.values()) - known.keys():
        known[oid] = PackedRef(oid, peel(oid))
    return {name: known[oid] for name, oid in new.items()}


def write_head(repo: Path, branch: str) -> None:
    """Point HEAD to a branch (a full ref), whether or not it exists."""
    content = b"ref: %s\n" % branch.encode()
    path = repo / "HEAD"
    if not path.exists() or path.read_bytes() != content:
        _replace(path, content)


def refs_mark(repo: Path) -> tuple[FileMark | None, ...]:
    """Another one once refs or HEAD have moved, without a look into them.

    Both are replaced and never written into, so a file and the next one have different inodes, however quick that was.
    """
    return _file_mark(repo / "packed-refs"), _file_mark(repo / "HEAD")


def _file_mark(path: Path) -> FileMark | None:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return FileMark(found.st_ino, found.st_mtime_ns, found.st_size)


def _read_packed(repo: Path) -> dict[str, PackedRef]:
    try:
        content = (repo / "packed-refs").read_bytes()
    except FileNotFoundError:
        return {}
    at = content.find(b"\n") + 1 if content.startswith(b"#") else 0
    refs: dict[str, PackedRef] = {}
    while at < len(content):
        match = _LINE.match(content, at)
        if match is None:
            raise TornRefs(f"packed-refs of {repo.name} breaks off at byte {at}")
        oid, name, peeled = match.groups()
        refs[name.decode("utf-8", "surrogateescape")] = PackedRef(oid.decode(), peeled.decode() if peeled else None)
        at = match.end()
    return refs


def _loose_files(repo: Path) -> list[Path]:
    """Ours are all packed; another program may have written some."""
    return [repo / folder / name for folder, _, names in os.walk(repo / "refs") for name in names]


def _replace(path: Path, content: bytes) -> None:
    """Whole or not at all for readers; not flushed, because a start makes refs from the log anyway."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(content)
    fresh.replace(path)
