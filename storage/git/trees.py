"""Folders: parsing them, finding paths in them, listing them."""

from __future__ import annotations

import re
import stat
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, final

from dulwich.objects import parse_tree

from domain.errors import NotFound
from domain.ports_git import TreeEntry
from storage.git.names import shown, wanted
from storage.git.objects import TREE

if TYPE_CHECKING:
    from storage.git.objects import Objects

GITLINK = 0o160000
SYMLINK = 0o120000
FOLDER = 0o040000


class Entry(NamedTuple):
    """What a folder says of one name; the mode as git reads it, whatever odd bits old commits stored."""

    mode: int
    oid: bytes

    @property
    def type(self) -> str:
        return {FOLDER: "tree", GITLINK: "commit"}.get(self.mode, "blob")

    @property
    def is_file(self) -> bool:
        """A regular file: no symlink, no submodule, no folder."""
        return stat.S_ISREG(self.mode)


def parsed(data: bytes) -> dict[bytes, Entry]:
    """A tree object's entries by name."""
    return {name: entry(mode, oid) for name, mode, oid in parse_tree(data, 20)}


def entry(mode: int, oid: bytes) -> Entry:
    """An entry, its mode made one of those that git reads odd ones as."""
    return Entry(_canonical(mode), oid)


def entry_mode(mode: bytes) -> int:
    """A mode as a tree object writes it, made one of those that git reads odd ones as."""
    return _canonical(int(mode, 8))


def read(objects: Objects, oid: bytes) -> dict[bytes, Entry]:
    """The entries of the folder `oid`."""
    return parsed(objects.typed(oid, TREE))


def root_of(objects: Objects, commit: bytes) -> bytes:
    """The oid of a commit's tree."""
    return objects.linked(commit)[1][5:45]


def find(objects: Objects, root: bytes, path: str) -> tuple[bytes, Entry]:
    """The exact bytes of `path` and what is there; `NotFound` if nothing is."""
    name = wanted(path)
    if name is None:
        raise NotFound(f"there is no {path!r} here")
    here, walked = Entry(FOLDER, root), list[bytes]()
    for part in name.split(b"/") if name else []:
        found = _named(read(objects, here.oid), part) if here.mode == FOLDER else None
        if found is None:
            raise NotFound(f"there is no {path!r} here")
        walked.append(found[0])
        here = found[1]
    return b"/".join(walked), here


@final
class Picker:
    """Finds one name in many trees, without parsing what stands before it."""

    def __init__(self, name: bytes, *, exact: bool = False) -> None:
        """An `exact` name is that of an entry; else it may be as `shown` writes it."""
        self._name = name
        self._exact = exact
        self._pattern = re.compile(rb"(?:[0-7]+ [^\0]+\0.{20})*?([0-7]+) %s\0(.{20})" % re.escape(name), re.DOTALL)

    def pick(self, data: bytes) -> Entry | None:
        """The entry that the name, as people write it, means in the tree `data`."""
        if (match := self._pattern.match(data)) is not None:
            return entry(int(match[1], 8), match[2].hex().encode())
        found = _named(parsed(data), self._name) if b"\\x" in self._name and not self._exact else None
        return None if found is None else found[1]


def entry_of(objects: Objects, path: bytes, entry: Entry) -> TreeEntry:
    """One entry as it is shown, with its size."""
    size = objects.sizes((entry.oid,))[entry.oid] if entry.type == "blob" else None
    return _shown(path, entry, size)


def listed(objects: Objects, path: bytes, oid: bytes) -> list[TreeEntry]:
    """The entries of the folder at `path`: folders first, then by name."""
    entries = read(objects, oid)
    sizes = objects.sizes({entry.oid for entry in entries.values() if entry.type == "blob"})
    prefix = path + b"/" if path else b""
    ordered = sorted(entries.items(), key=lambda item: (item[1].mode != FOLDER, item[0]))
    return [_shown(prefix + name, entry, sizes.get(entry.oid)) for name, entry in ordered]


def _named(entries: dict[bytes, Entry], name: bytes) -> tuple[bytes, Entry] | None:
    """By exact bytes, else by the name that `shown` gave it."""
    if name in entries:
        return name, entries[name]
    if b"\\x" not in name:
        return None
    return next(((raw, entry) for raw, entry in entries.items() if shown(raw).encode() == name), None)


def _shown(path: bytes, entry: Entry, size: int | None) -> TreeEntry:
    return TreeEntry(
        name=shown(path.rpartition(b"/")[2]),
        path=shown(path),
        mode=f"{entry.mode:06o}",
        type=entry.type,
        oid=entry.oid.decode(),
        size=size if entry.type == "blob" else None,
    )


@lru_cache
def _canonical(mode: int) -> int:
    if stat.S_ISREG(mode):
        return 0o100755 if mode & 0o100 else 0o100644
    if stat.S_ISLNK(mode):
        return SYMLINK
    return FOLDER if stat.S_ISDIR(mode) else GITLINK
