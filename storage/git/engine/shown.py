"""A repository's refs as they are now, read again only when they have moved."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple, final

from domain.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.ids import StreamId
    from domain.ports_git import AdvertisedRef, GitStore

REPOSITORIES_MAX: Final = 64
REFS_MAX: Final = 400_000
"""Of all remembered repositories together; some 250 bytes each."""
_SETTLED_NS: Final = 100_000_000
"""Within this time of a write the file may change again without showing it: clocks of file systems tick coarsely."""


class Shown(NamedTuple):
    """Refs in git's order, and a word that differs whenever they do."""

    refs: Sequence[AdvertisedRef]
    stamp: str


class _Known(NamedTuple):
    state: tuple[int, ...]
    shown: Shown


@final
class RefsCache:
    """The refs of some repositories; for any thread."""

    def __init__(self, store: GitStore) -> None:
        self._store = store
        self._lock = Lock()
        self._known: OrderedDict[StreamId, _Known] = OrderedDict()
        self._refs = 0

    def shown(self, repo: StreamId, visible: Callable[[str], bool] | None) -> Shown:
        """The refs that a reader sees; raises `NotFound` if the repository is not on this node."""
        whole = self._whole(repo)
        if visible is None:
            return whole
        refs = [ref for ref in whole.refs if visible(ref.name)]
        return whole if len(refs) == len(whole.refs) else Shown(refs, _stamp(refs))

    def _whole(self, repo: StreamId) -> Shown:
        state, settled = self._state(repo)
        with self._lock:
            known = self._known.get(repo)
            if known is not None and known.state == state:
                self._known.move_to_end(repo)
                return known.shown
        refs = self._store.advertised(repo)
        shown = Shown(refs, _stamp(refs))
        if settled:
            self._remember(repo, _Known(state, shown))
        return shown

    def _state(self, repo: StreamId) -> tuple[tuple[int, ...], bool]:
        path = self._store.path(repo)
        try:
            stats = [(path / name).stat() for name in ("packed-refs", "refs", "refs/heads", "refs/tags")]
        except FileNotFoundError:
            if not path.exists():
                raise NotFound("the repository's folder is missing on this node") from None
            return (), False
        newest = max(stat.st_mtime_ns for stat in stats)
        state = tuple(number for stat in stats for number in (stat.st_ino, stat.st_mtime_ns, stat.st_size))
        return state, time.time_ns() - newest > _SETTLED_NS

    def _remember(self, repo: StreamId, known: _Known) -> None:
        with self._lock:
            self._forget(repo)
            self._known[repo] = known
            self._refs += len(known.shown.refs)
            while len(self._known) > REPOSITORIES_MAX or (self._refs > REFS_MAX and len(self._known) > 1):
                self._forget(next(iter(self._known)))

    def _forget(self, repo: StreamId) -> None:
        gone = self._known.pop(repo, None)
        self._refs -= len(gone.shown.refs) if gone else 0


def _stamp(refs: Sequence[AdvertisedRef]) -> str:
    text = "\n".join(f"{ref.oid} {ref.name}" for ref in refs)
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=20).hexdigest()
