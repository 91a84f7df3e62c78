"""A folder on a disk with a cache: what is flushed stays, what is not may be lost, kept or torn.

Rules, stricter than any one file system: a file's bytes are safe once *it* was flushed, its name once its *folder*
was. Writes to a file that were not flushed survive in any combination, each whole, not at all, or only some of its
sectors. Changes of a folder's names survive up to some point and none after it, and a rename happens whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from pathlib import Path

SECTOR_BYTES = 512


@dataclass(slots=True, eq=False)
class Write:
    """Bytes put at an offset; with `data` None the file is cut or extended to the offset instead."""

    when: int
    offset: int
    data: bytes | None


@dataclass(slots=True, eq=False)
class File:
    """A file's bytes as processes see them, as the disk surely has them, and the writes between."""

    mode: int
    live: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Write] = field(default_factory=list)

    def write(self, write: Write) -> None:
        """A write nobody has flushed yet."""
        _apply(self.live, write)
        self.pending.append(write)

    def flush(self, began: int) -> None:
        """A flush that began at `began`: it covers what was written before."""
        for write in self.pending:
            if write.when < began:
                _apply(self.durable, write)
        self.pending = [write for write in self.pending if write.when >= began]


@dataclass(slots=True, eq=False)
class Folder:
    """Names, as processes see them and as the disk surely has them."""

    mode: int
    live: dict[str, Node] = field(default_factory=dict)
    durable: dict[str, Node] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Symlink:
    """A name that stands for a path."""

    target: str


Node = File | Folder | Symlink
Naming = tuple[Folder, str, Node | None]
"""In a folder, a name now means this node, or nothing."""


@dataclass(slots=True, eq=False)
class Change:
    """Namings that happen together."""

    when: int
    namings: list[Naming]


class Disk:
    """One folder and everything under it."""

    def __init__(self, root: Folder) -> None:
        self.root = root
        self._journal: list[Change] = []

    def change(self, when: int, *namings: Naming) -> None:
        """Names change, which nobody has flushed yet."""
        _name(namings, live=True)
        self._journal.append(Change(when, list(namings)))

    def flush_folder(self, folder: Folder, began: int) -> None:
        """Flush the names in `folder`, and what must come before them elsewhere (a rename has two folders)."""
        covered, rest, folders = list[Change](), list[Change](), {id(folder)}
        for change in reversed(self._journal):
            touched = {id(naming[0]) for naming in change.namings}
            if change.when < began and touched & folders:
                folders |= touched
                covered.append(change)
            else:
                rest.append(change)
        for change in reversed(covered):
            _name(change.namings, live=False)
        self._journal = rest[::-1]

    def flush_all(self, began: int) -> None:
        """What `sync` does."""
        for change in self._journal:
            if change.when < began:
                _name(change.namings, live=False)
        self._journal = [change for change in self._journal if change.when >= began]
        for file in _files(self.root):
            file.flush(began)

    def cut_power(self, chance: random.Random, into: Path) -> None:
        """Write the folder as it may look after a power cut now, to `into`, which must not be there."""
        names = self._names_after(chance, keep=chance.choice([0.0, 0.5, 0.9, 1.0]))
        _write_folder(self.root, names, into, chance, keep=chance.choice([0.0, 0.3, 0.7, 1.0]))

    def write_live(self, into: Path) -> None:
        """Write the folder as processes see it to `into`, which must not be there."""
        _write_live(self.root, into)

    def _names_after(self, chance: random.Random, keep: float) -> dict[int, dict[str, Node]]:
        """By folder, its names after the cut."""
        names: dict[int, dict[str, Node]] = {}
        stopped: set[int] = set()
        for change in self._journal:
            touched = {id(naming[0]) for naming in change.namings}
            if touched & stopped or chance.random() >= keep:
                stopped |= touched
                continue
            for folder, name, node in change.namings:
                _put(names.setdefault(id(folder), dict(folder.durable)), name, node)
        return names


def load(path: Path) -> Disk:
    """A disk that surely holds what is in `path`."""
    return Disk(_load_folder(path))


def _load_folder(path: Path) -> Folder:
    folder = Folder(path.stat().st_mode & 0o777)
    for entry in sorted(path.iterdir()):
        if entry.is_symlink():
            folder.live[entry.name] = Symlink(str(entry.readlink()))
        elif entry.is_dir():
            folder.live[entry.name] = _load_folder(entry)
        elif entry.is_file():
            data = entry.read_bytes()
            folder.live[entry.name] = File(entry.stat().st_mode & 0o777, bytearray(data), bytearray(data))
    folder.durable = dict(folder.live)
    return folder


def _apply(data: bytearray, write: Write) -> None:
    end = write.offset + len(write.data or b"")
    if len(data) < end:
        data.extend(bytes(end - len(data)))
    if write.data is None:
        del data[write.offset :]
    else:
        data[write.offset : end] = write.data


def _name(namings: list[Naming] | tuple[Naming, ...], *, live: bool) -> None:
    for folder, name, node in namings:
        _put(folder.live if live else folder.durable, name, node)


def _put(names: dict[str, Node], name: str, node: Node | None) -> None:
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


def _files(folder: Folder) -> Iterator[File]:
    for node in folder.live.values():
        if isinstance(node, File):
            yield node
        elif isinstance(node, Folder):
            yield from _files(node)


def _write_folder(
    folder: Folder, names: dict[int, dict[str, Node]], into: Path, chance: random.Random, keep: float
) -> None:
    into.mkdir(mode=folder.mode)
    for name, node in names.get(id(folder), folder.durable).items():
        if isinstance(node, Folder):
            _write_folder(node, names, into / name, chance, keep)
        elif isinstance(node, Symlink):
            (into / name).symlink_to(node.target)
        else:
            _write_file(into / name, _torn(node, chance, keep), node.mode)


def _write_live(folder: Folder, into: Path) -> None:
    into.mkdir(mode=folder.mode)
    for name, node in folder.live.items():
        if isinstance(node, Folder):
            _write_live(node, into / name)
        elif isinstance(node, Symlink):
            (into / name).symlink_to(node.target)
        else:
            _write_file(into / name, node.live, node.mode)


def _write_file(path: Path, data: bytearray, mode: int) -> None:
    path.write_bytes(data)
    path.chmod(mode)


def _torn(file: File, chance: random.Random, keep: float) -> bytearray:
    """What is left of a file's bytes."""
    data = bytearray(file.durable)
    for write in file.pending:
        if chance.random() < keep:
            _apply(data, write)
        elif write.data is not None and chance.random() < 0.5:
            for piece in _sectors(write):
                if chance.random() < 0.5:
                    _apply(data, piece)
    return data


def _sectors(write: Write) -> Iterator[Write]:
    """A write, cut where the disk's sectors end."""
    assert write.data is not None
    start = 0
    while start < len(write.data):
        room = SECTOR_BYTES - (write.offset + start) % SECTOR_BYTES
        yield Write(write.when, write.offset + start, write.data[start : start + room])
        start += room
