"""Which of the removed files live on under another name, decided as `git diff -M` decides it.

Exact renames first; then pairs whose base name is unique on both sides; then, if that is not too much work, every
removed file against every added one, the most alike first. How alike: the bytes of lines that both have (long
lines in pieces of 64), of the larger file's bytes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, final

from storage.git.objects import BLOB
from storage.git.read_limits import BINARY_SNIFF_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from storage.git.diff.paths import Change
    from storage.git.objects import Objects
    from storage.git.read_limits import DiffLimits

SCORE_MAX = 60_000
SCORE_MIN = SCORE_MAX // 2
_SAME_NAME_SCORE_MIN = SCORE_MIN + (SCORE_MAX - SCORE_MIN) // 2
_PIECE_BYTES = 64
_BEST_PER_TARGET = 4
_EXACT_CANDIDATES_MAX = 100


class _Pair(NamedTuple):
    score: int
    same_name: bool
    target: int
    source: int


def with_renames(objects: Objects, changes: Sequence[Change], limits: DiffLimits) -> list[Change]:
    """The changes with removed and added files paired up, each rename standing where its new name was."""
    search = _Search(objects, changes, limits)
    search.exact()
    search.by_base_name()
    search.by_content()
    gone = {pair[0].path for pair in search.pairs.values()}
    found: list[Change] = []
    for change in changes:
        if change.old is None and change.path in search.pairs:
            source, score = search.pairs[change.path]
            found.append(replace(change, old=source.old, old_path=source.path, score=score))
        elif change.new is not None or change.path not in gone:
            found.append(change)
    return found


@final
class _Search:
    """The removed files that are not accounted for yet, and the added ones that found no source yet."""

    def __init__(self, objects: Objects, changes: Sequence[Change], limits: DiffLimits) -> None:
        self._objects = objects
        self._limits = limits
        self._sources = [change for change in changes if change.new is None]
        self._targets = [change for change in changes if change.old is None]
        self._pieces: dict[bytes, Counter[bytes]] = {}
        self._bytes_left = limits.rename_bytes_max
        self._sizes: dict[bytes, int] = {}
        self.pairs: dict[bytes, tuple[Change, int]] = {}
        """By the new path: the removed file it was, and how alike."""

    def exact(self) -> None:
        by_oid: dict[bytes, list[Change]] = {}
        for source in self._sources:
            assert source.old is not None
            by_oid.setdefault(source.old.oid, []).append(source)
        used: set[bytes] = set()
        for target in self._targets:
            assert target.new is not None
            alike = [
                source
                for source in by_oid.get(target.new.oid, ())[:_EXACT_CANDIDATES_MAX]
                if source.path not in used and _same_kind(source, target)
            ]
            if alike:
                best = next((source for source in alike if _base(source) == _base(target)), alike[0])
                used.add(best.path)
                self._pair(best, target, SCORE_MAX)
        self._settle()

    def by_base_name(self) -> None:
        sources, targets = _unique_by_base(self._sources), _unique_by_base(self._targets)
        self._measure([change for name in sources.keys() & targets.keys() for change in (sources[name], targets[name])])
        for name, target in targets.items():
            source = sources.get(name)
            if source is not None:
                score = self._score(source, target)
                if score >= _SAME_NAME_SCORE_MIN:
                    self._pair(source, target, score)
        self._settle()

    def by_content(self) -> None:
        if not 0 < len(self._sources) * len(self._targets) <= self._limits.rename_pairs_max:
            return
        self._measure([*self._sources, *self._targets])
        candidates: list[_Pair] = []
        for number, target in enumerate(self._targets):
            scored = (
                _Pair(self._score(source, target), _base(source) == _base(target), number, index)
                for index, source in enumerate(self._sources)
            )
            candidates.extend(pair for pair in _best(scored) if pair.score >= SCORE_MIN)
        used: set[int] = set()
        for pair in sorted(candidates, key=_worst_last):
            target = self._targets[pair.target]
            if pair.source not in used and target.path not in self.pairs:
                used.add(pair.source)
                self._pair(self._sources[pair.source], target, pair.score)
        self._settle()

    def _pair(self, source: Change, target: Change, score: int) -> None:
        self.pairs[target.path] = (source, score)

    def _settle(self) -> None:
        gone = {source.path for source, _ in self.pairs.values()}
        self._sources = [source for source in self._sources if source.path not in gone]
        self._targets = [target for target in self._targets if target.path not in self.pairs]

    def _measure(self, changes: Sequence[Change]) -> None:
        self._sizes.update(
            self._objects.sizes(
                {
                    side.oid
                    for change in changes
                    if (side := change.old or change.new) is not None and side.is_file and side.oid not in self._sizes
                }
            )
        )

    def _score(self, source: Change, target: Change) -> int:
        assert source.old is not None
        assert target.new is not None
        if not (source.old.is_file and target.new.is_file):
            return 0
        small, large = sorted((self._sizes[source.old.oid], self._sizes[target.new.oid]))
        if small == 0 or large * (SCORE_MAX - SCORE_MIN) < (large - small) * SCORE_MAX:
            return 0
        mine, theirs = self._pieces_of(source.old.oid), self._pieces_of(target.new.oid)
        if len(mine) > len(theirs):
            mine, theirs = theirs, mine
        shared = sum(min(count, theirs[piece]) for piece, count in mine.items() if piece in theirs)
        return shared * SCORE_MAX // large

    def _pieces_of(self, oid: bytes) -> Counter[bytes]:
        """How many bytes each distinct piece makes up; nothing once the work is too much."""
        if oid not in self._pieces:
            size = self._sizes[oid]
            if size > min(self._bytes_left, self._limits.blob_bytes_max):
                return Counter()
            self._bytes_left -= size
            self._pieces[oid] = _pieces(self._objects.typed(oid, BLOB))
        return self._pieces[oid]


def _best(scored: Iterable[_Pair]) -> list[_Pair]:
    """The few most alike. A better one takes the place of the worst: their order decides between equals later."""
    best: list[_Pair] = []
    for pair in scored:
        if len(best) < _BEST_PER_TARGET:
            best.append(pair)
            continue
        worst = max(range(_BEST_PER_TARGET), key=lambda place: _worst_last(best[place]))
        if _worst_last(pair) < _worst_last(best[worst]):
            best[worst] = pair
    return best


def _pieces(data: bytes) -> Counter[bytes]:
    if b"\0" not in data[:BINARY_SNIFF_BYTES]:
        data = data.replace(b"\r\n", b"\n")
    lines = data.split(b"\n")
    last = lines.pop()
    found: Counter[bytes] = Counter()
    for line in [*(line + b"\n" for line in lines), last]:
        for at in range(0, len(line), _PIECE_BYTES):
            piece = line[at : at + _PIECE_BYTES]
            found[piece] += len(piece)
    return found


def _same_kind(source: Change, target: Change) -> bool:
    assert source.old is not None
    assert target.new is not None
    return (source.old.is_file and target.new.is_file) or source.old.mode == target.new.mode


def _base(change: Change) -> bytes:
    return change.path.rpartition(b"/")[2]


def _unique_by_base(changes: Sequence[Change]) -> dict[bytes, Change]:
    counts = Counter(_base(change) for change in changes)
    return {_base(change): change for change in changes if counts[_base(change)] == 1}


def _worst_last(pair: _Pair) -> tuple[int, bool]:
    return -pair.score, not pair.same_name
