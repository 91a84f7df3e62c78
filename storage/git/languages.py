"""How many bytes of each language the files of a commit have."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from domain.errors import TooLarge
from storage.git import trees
from storage.git.attributes import Attributes
from storage.git.kept_looks import KeptLooks, Look
from storage.git.language_table import (
    DOCUMENTATION,
    GENERATED,
    LANGUAGES,
    VENDORED,
    by_name,
    by_shebang,
    is_marked_generated,
)
from storage.git.names import shown
from storage.git.read_limits import (
    BINARY_SNIFF_BYTES,
    FOLDERS_DEEP_MAX,
    LANGUAGE_FILES_MAX,
    LANGUAGE_SNIFFED_FILES_MAX,
)
from storage.git.trees import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from storage.git.attributes import Value
    from storage.git.objects import Objects
    from storage.git.trees import Entry

_HEADER = ".h"
_C, _CPP = "C", "C++"


class _File(NamedTuple):
    path: str
    entry: Entry
    said: Mapping[bytes, Value]


def languages(objects: Objects, root: bytes, seen: KeptLooks | None = None) -> dict[str, int]:
    """Bytes by language, most first, of the files in the tree `root`. A function of the tree alone.

    What is in `seen` is not read again: after a push nearly all files are as they were.
    """
    counted: Counter[str] = Counter()
    headers = sniffed = 0
    seen = seen or KeptLooks()
    for folder in _folders(objects, root):
        files = [file for file in folder if not _is_left_out(file)]
        known = seen.known(file.entry.oid for file in files)
        new = {file.entry.oid for file in files} - known.keys()
        sizes = (objects.sizes(new) if new else {}) | {oid: look.size for oid, look in known.items()}
        for file in files:
            language, told = _told(file)
            if sniffed < LANGUAGE_SNIFFED_FILES_MAX and sizes[file.entry.oid]:
                sniffed += 1
                look = known.get(file.entry.oid) or seen.keep(file.entry.oid, _looked(objects, file, sizes))
                if look.is_binary or (look.is_generated and not told):
                    continue
                language = language or look.language
            if language == _C and file.path.endswith(_HEADER) and not told:
                headers += sizes[file.entry.oid]
            elif language is not None:
                counted[language] += sizes[file.entry.oid]
    if headers:  # they are of the language that the files beside them are in
        counted[_CPP if counted[_CPP] > counted[_C] else _C] += headers
    return {language: size for language, size in sorted(counted.items(), key=_most_first) if size}


def _looked(objects: Objects, file: _File, sizes: Mapping[bytes, int]) -> Look:
    start = objects.start(file.entry.oid, BINARY_SNIFF_BYTES)
    return Look(sizes[file.entry.oid], b"\0" in start, is_marked_generated(start), by_shebang(start))


def _most_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _folders(objects: Objects, root: bytes) -> Iterator[list[_File]]:
    """The regular files that may count, folder by folder."""
    waiting: list[tuple[bytes, tuple[bytes, ...], Attributes]] = [(root, (), Attributes(objects))]
    seen = 0
    while waiting:
        tree, parts, above = waiting.pop()
        entries = trees.read(objects, tree)
        rules = above.below(entries, len(parts))
        files: list[_File] = []
        for name, entry in entries.items():
            seen += 1
            if seen > LANGUAGE_FILES_MAX or len(parts) > FOLDERS_DEEP_MAX:
                raise TooLarge(f"there are more than {LANGUAGE_FILES_MAX:,} files and folders")
            place = (*parts, name)
            if entry.mode == FOLDER:
                waiting.append((entry.oid, place, rules))
            elif entry.is_file:
                files.append(_File(shown(b"/".join(place)), entry, rules.of(place)))
        yield files


def _is_left_out(file: _File) -> bool:
    """Whether a file is vendored, generated or a document; what `.gitattributes` says goes before any guess."""
    for word, guess in ((b"vendored", VENDORED), (b"generated", GENERATED), (b"documentation", DOCUMENTATION)):
        said = file.said.get(b"linguist-" + word)
        if said is None:
            if guess.search(file.path):
                return True
        elif _is_true(said):
            return True
    detectable = file.said.get(b"linguist-detectable")
    if detectable is not None and not _is_true(detectable):
        return True
    language, told = _told(file)
    return language is None and not told and "." in file.path.rpartition("/")[2].lstrip(".")


def _told(file: _File) -> tuple[str | None, bool]:
    """The language by name, and whether `.gitattributes` says so."""
    said = file.said.get(b"linguist-language")
    if isinstance(said, bytes):
        name = said.decode("utf-8", "replace").replace("-", " ")
        return LANGUAGES.get(said.decode("utf-8", "replace").lower()) or LANGUAGES.get(name.lower()), True
    return by_name(file.path), False


def _is_true(said: Value) -> bool:
    return said is True or said == b"true"
