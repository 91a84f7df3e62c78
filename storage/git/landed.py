"""Which commits a move of a branch brings to it, read before the push is published: for what their messages ask."""

from __future__ import annotations

from contextlib import ExitStack, closing
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final, final

from dulwich.errors import ObjectFormatException
from dulwich.object_store import DiskObjectStore
from dulwich.objects import ObjectID

from storage.git.commits import Meta, meta

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
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
        stores = [stack.enter_context(closing(DiskObjectStore(folder))) for folder in folders]
        commits = _Commits(stores)
        return [(oid, commits.message(oid)) for oid in _walk(commits, old, new)]


def _walk(commits: _Commits, old: str | None, new: str) -> Iterator[str]:
    """As `git rev-list old..new` orders them; wrong clocks can make it show one that is in both pasts."""
    marks: dict[str, int] = {}
    queue: list[tuple[int, str]] = []
    fresh: set[str] = set()
    """Those in the queue that only `new` is known to lead to; without any, all is found."""

    def reach(oid: str, mark: int) -> None:
        before = marks.get(oid, 0)
        if before | mark == before:
            return
        marks[oid] = before | mark
        if not before:
            commit = commits.read(oid)
            if commit is None:
                return
            heappush(queue, (-commit.time, oid))
        if marks[oid] == _NEW:
            fresh.add(oid)
        else:
            fresh.discard(oid)

    if old is not None:
        reach(old, _OLD)
    reach(new, _NEW)
    shown = 0
    while fresh and shown < LANDED_COMMITS_MAX and not commits.spent:
        _, oid = heappop(queue)
        fresh.discard(oid)
        if marks[oid] == _NEW:
            shown += 1
            yield oid
        commit = commits.read(oid)
        assert commit is not None, "only what was read is in the queue"
        for parent in commit.parents:
            reach(parent.decode(), marks[oid])


@final
class _Commits:
    """Commits by oid, and how much was read of them."""

    def __init__(self, stores: list[DiskObjectStore]) -> None:
        self._stores = stores
        self._metas: dict[str, Meta | None] = {}
        self._messages: dict[str, str] = {}
        self._bytes = 0

    @property
    def spent(self) -> bool:
        """Whether enough was read."""
        return len(self._metas) >= READ_COMMITS_MAX or self._bytes >= READ_BYTES_MAX

    def read(self, oid: str) -> Meta | None:
        if oid not in self._metas:
            data = self._raw(oid)
            self._metas[oid] = None if data is None else meta(data)
            if data is not None:
                self._bytes += len(data)
                message = data.partition(b"\n\n")[2][:MESSAGE_BYTES_MAX]
                self._messages[oid] = message.decode("utf-8", "replace")
        return self._metas[oid]

    def message(self, oid: str) -> str:
        return self._messages[oid]

    def _raw(self, oid: str) -> bytes | None:
        for store in self._stores:
            try:
                kind, data = store.get_raw(ObjectID(oid.encode()))
            except (KeyError, ObjectFormatException):
                continue
            return bytes(data) if kind == _COMMIT else None
        return None
