"""What of a commit is indexed, and as what text: a function of the commit's tree alone, however one got there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, final

from domain.errors import TooLarge
from projections.code_limits import FILE_BYTES_MAX, FILE_WEIGHT, REPOSITORY_WEIGHT_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    Change = tuple[str, str | None, bytes | None]
    """(path, blob oid, bytes) as `GitReader.files_changed` gives them."""


class CodeFile(NamedTuple):
    """A file as it is indexed; `text` is empty where it has none to search."""

    path: str
    oid: str
    text: str

    @property
    def weight(self) -> int:
        return weight_of(self.path, len(self.text))


@final
class WholeTree:
    """The files of a whole tree in git's order, up to the bound. Once read, `weight` and `cut` describe it."""

    def __init__(self, changes: Iterator[Change]) -> None:
        self._changes = changes
        self.weight = 0
        self.cut = False
        """Whether there are more files than are indexed."""

    def __iter__(self) -> Iterator[CodeFile]:
        taken: set[str] = set()
        try:
            for path, oid, data in self._changes:
                if oid is None or path in taken:
                    continue
                if is_ambiguous(path):
                    taken.add(path)
                file = CodeFile(path, oid, text_of(data))
                if self.weight + file.weight > REPOSITORY_WEIGHT_MAX:
                    self.cut = True
                    return
                self.weight += file.weight
                yield file
        except TooLarge:  # more folders than anyone reads
            self.cut = True


def text_of(data: bytes | None) -> str:
    """A file's searchable text: UTF-8, and a replacement character for what is none."""
    if data is None or len(data) > FILE_BYTES_MAX or b"\0" in data:
        return ""
    return data.decode("utf-8", "replace")


def is_ambiguous(path: str) -> bool:
    r"""Whether two files of one tree may be shown by this name: a byte that is no UTF-8 is written `\xff`."""
    return "\\x" in path


def weight_of(path: str, chars: int) -> int:
    """What a file counts towards the bound of its repository."""
    return FILE_WEIGHT + len(path) + chars
