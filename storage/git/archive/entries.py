"""What goes into an archive, in git's order: folders, files with their bytes, symlinks, submodules as empty folders."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, NamedTuple

from domain.errors import TooLarge
from storage.git import trees
from storage.git.archive.substitute import substituted
from storage.git.attributes import Attributes
from storage.git.objects import BLOB
from storage.git.read_limits import ARCHIVE_BYTES_MAX, ARCHIVE_ENTRIES_MAX, BINARY_SNIFF_BYTES, FOLDERS_DEEP_MAX
from storage.git.trees import FOLDER, GITLINK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from storage.git.attributes import Value
    from storage.git.objects import Objects

_MODE = 0o777


class ArchiveEntry(NamedTuple):
    """One member; `mode` as git has it, `data` empty for folders, the target of a symlink."""

    path: bytes
    """With the prefix; a folder's ends in a slash."""
    mode: int
    oid: bytes
    data: bytes = b""
    text: bool = False
    """Whether git calls a file text."""

    @property
    def is_folder(self) -> bool:
        return self.mode == FOLDER


class _Open(NamedTuple):
    """A folder that is being listed, whose own entry is written before the first thing in it that is no folder."""

    names: Iterator[tuple[bytes, trees.Entry]]
    parts: tuple[bytes, ...]
    attributes: Attributes
    entry: ArchiveEntry


def entries(objects: Objects, commit: bytes, prefix: bytes) -> Iterator[ArchiveEntry]:
    """The members of the archive of `commit`; `prefix` ends in a slash. Raises `TooLarge`."""
    size = 0
    for entry in _walked(objects, commit, prefix):
        size += len(entry.data)
        if size > ARCHIVE_BYTES_MAX:
            raise _too_much()
        yield entry


def _too_much() -> TooLarge:
    limits = f"at most {ARCHIVE_ENTRIES_MAX:,} files of {ARCHIVE_BYTES_MAX:,} bytes in all make an archive"
    return TooLarge(f"there is too much in this commit: {limits}", hint="clone the repository with --depth 1")


def _walked(objects: Objects, commit: bytes, prefix: bytes) -> Iterator[ArchiveEntry]:
    root = trees.root_of(objects, commit)
    yield ArchiveEntry(prefix, FOLDER, root)
    stack = [_opened(objects, root, (), Attributes(objects), ArchiveEntry(b"", FOLDER, root))]
    written = 1  # how many of the folders on the stack have their entry
    seen = 0  # folders with nothing in them are never written
    while stack:
        folder = stack[-1]
        found = next(folder.names, None)
        if found is None:
            stack.pop()
            written = min(written, len(stack))
            continue
        name, entry = found
        seen += 1
        if seen > ARCHIVE_ENTRIES_MAX or len(stack) > FOLDERS_DEEP_MAX:
            raise _too_much()
        parts = (*folder.parts, name)
        path = prefix + b"/".join(parts)
        is_folder = entry.mode in {FOLDER, GITLINK}
        said = folder.attributes.of(parts, folder=is_folder)
        if entry.mode == FOLDER:
            if said.get(b"export-ignore") is not True:
                own = ArchiveEntry(path + b"/", FOLDER, entry.oid)
                stack.append(_opened(objects, entry.oid, parts, folder.attributes, own))
            continue
        yield from (each.entry for each in stack[written:])
        written = len(stack)
        if said.get(b"export-ignore") is not True:
            yield _member(objects, path, entry, said, commit)


def _opened(objects: Objects, tree: bytes, parts: tuple[bytes, ...], above: Attributes, entry: ArchiveEntry) -> _Open:
    names = trees.read(objects, tree)
    return _Open(iter(names.items()), parts, above.below(names, len(parts)), entry)


def _member(
    objects: Objects, path: bytes, entry: trees.Entry, said: Mapping[bytes, Value], commit: bytes
) -> ArchiveEntry:
    if entry.mode == GITLINK:
        return ArchiveEntry(path + b"/", FOLDER, entry.oid)
    data = objects.typed(entry.oid, BLOB)
    if stat.S_ISREG(entry.mode):
        data = _with_line_ends(data, said)
        if said.get(b"export-subst") is True:
            data = substituted(objects, commit, data)
    told = said.get(b"diff")
    text = told if isinstance(told, bool) else b"\0" not in data[:BINARY_SNIFF_BYTES]
    return ArchiveEntry(path, entry.mode, entry.oid, data, text)


def _with_line_ends(data: bytes, said: Mapping[bytes, Value]) -> bytes:
    """With CR LF where `eol=crlf` asks for it: what a checkout would have, and people expect of a Windows script."""
    text = said.get(b"text")
    if said.get(b"eol") != b"crlf" or text is False or b"\n" not in data:
        return data
    if text == b"auto" and (b"\r" in data or _looks_binary(data)):
        return data
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _looks_binary(data: bytes) -> bool:
    """As git judges it for `text=auto`: a NUL anywhere, or more than one control character in 128."""
    if b"\0" in data:
        return True
    controls = sum(data.count(bytes((code,))) for code in (*range(1, 8), 11, *range(14, 27), *range(28, 32), 127))
    # an end-of-file sign of old is allowed, if it is the end
    controls -= data.endswith(b"\x1a")
    printable = len(data) - controls - data.count(b"\n") - data.count(b"\r") - data.endswith(b"\x1a")
    return printable >> 7 < controls
