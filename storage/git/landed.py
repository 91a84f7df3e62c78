"""Which commits a move of a branch brings to it, read before the push is published: for what their messages ask."""

from __future__ import annotations

import zlib
from contextlib import ExitStack, closing
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final, final

from dulwich.errors import ApplyDeltaError, ObjectFormatException

from domain.refs.names import is_oid
from storage.git.commits import Meta, meta
from storage.git.packdir import PackedObjects

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LANDED_COMMITS_MAX: Final = 250
"""The newest ones of a push are looked at; who brings a whole history closes no issues with the rest of it."""
READ_COMMITS_MAX: Final = 1_000
READ_BYTES_MAX: Final = 4 << 20
MESSAGE_BYTES_MAX: Final = 64 << 10
_COMMIT: Final = 1
_NEW, _OLD = 1, 2


def landed(folders: Sequence[Path], old: str | None, new: str) -> list[tuple[str, str]]:
    """(oid, message) of the commits in the past of `new` and not of `old`, newest first, within the bounds above.

    `folders` are object folders, of which any may hold them. What is no commit, or not here, ends the walk there.
    """
    with ExitStack() as stack:
        stores = [stack.enter_context(closing(PackedObjects(folder))) for folder in folders]
        commits = Commits(stores, READ_COMMITS_MAX)
        return [(oid, commits.message(oid)) for oid in _walk(commits, old, new)]


def _walk(commits: Commits, old: str | None, new: str) -> list[str]:
    """As `git rev-list old..new`; where a commit claims to be older than its parents, some of `old`'s past may show."""
    marks: dict[str, int] = {}
    queue: list[tuple[int, str]] = []
    fresh: set[str] = set()
    """Those in the queue that only `new` is known to lead to."""
    found: dict[str, int] = {}
    """With their times, in the order of the walk: newest first."""

    def reach(oid: str, mark: int) -> None:
        before = marks.get(oid, 0)
        commit = commits.read(oid) if before | mark != before else None
        if commit is None:
            return
        marks[oid] = before | mark
        heappush(queue, (-commit.time, oid))  # once more, if it was there: the mark goes on to its parents
        (fresh.add if marks[oid] == _NEW else fresh.discard)(oid)

    if old is not None:
        reach(old, _OLD)
    reach(new, _NEW)
    oldest = 0
    # Past the last fresh one, what is as new as something found may still lead `old` to it.
    while queue and (fresh or (found and -queue[0][0] >= oldest)) and not commits.spent:
        age, oid = heappop(queue)
        fresh.discard(oid)
        if marks[oid] == _NEW:
            found[oid] = oldest = -age
        else:
            found.pop(oid, None)
        if len(found) >= LANDED_COMMITS_MAX:
            break
        for parent in commits.parents(oid):
            if not commits.spent:
                reach(parent, marks[oid])
    return list(found)


@final
class Commits:
    """Commits by oid, and how much was read of them."""

    def __init__(self, stores: list[PackedObjects], count_max: int) -> None:
        self._stores = stores
        self._count_max = count_max
        self._metas: dict[str, Meta | None] = {}
        self._messages: dict[str, str] = {}
        self._bytes = 0

    @property
    def spent(self) -> bool:
        """Whether enough was read."""
        return len(self._metas) >= self._count_max or self._bytes >= READ_BYTES_MAX

    def read(self, oid: str) -> Meta | None:
        if oid not in self._metas:
            data = self._raw(oid)
            self._metas[oid] = None if data is None else meta(data)
            if data is not None:
                self._bytes += len(data)
                message = data.partition(b"\n\n")[2][:MESSAGE_BYTES_MAX]
                self._messages[oid] = message.decode("utf-8", "replace")
        return self._metas[oid]

    def parents(self, oid: str) -> list[str]:
        commit = self.read(oid)
        return [] if commit is None else [parent.decode("ascii", "replace") for parent in commit.parents]

    def message(self, oid: str) -> str:
        return self._messages[oid]

    def _raw(self, oid: str) -> bytes | None:
        for store in self._stores if is_oid(oid) else ():
            try:
                kind, data = store.get_raw(oid)
            except (KeyError, ObjectFormatException, ApplyDeltaError, zlib.error, OSError):
                continue  # what is damaged is for others to find: it must not keep a push out
            return data if kind == _COMMIT else None
        return None
