"""Who wrote each line of a file: `git blame`, which follows a file to where it was renamed.

Every line is somebody's suspect: first of the commit that is asked about, then, as long as a parent has the same
line, of that parent. A merge asks its parents in order. What a line's fate is depends on no other line, so commits may
be taken in any order; the newest first means that most are taken once. For the same reason what is known already of a
file in an older commit holds for the lines that come to it there, and a search that a bound ended goes on from the
suspects that it left.
"""

from __future__ import annotations

import stat
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from functools import partial
from heapq import heappop, heappush
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, Protocol, final

from domain.errors import TooLarge
from domain.ports_files import Blame, BlameRange
from storage.git.diff.hunks import lines_of
from storage.git.diff.lines import Budget
from storage.git.diff.paths import changed
from storage.git.diff.renames import with_renames
from storage.git.history import Watched
from storage.git.names import shown
from storage.git.objects import BLOB
from storage.git.read_limits import REMEMBERED_LINES_MAX
from storage.git.trees import FOLDER
from storage.git.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from storage.git.diff.hunks import Edit
    from storage.git.history import History
    from storage.git.objects import Objects
    from storage.git.read_limits import BlameLimits
    from storage.git.trees import Entry

_STRIDE_PER_COMMIT = 64
"""So many steps in columns cost as much as one step that reads."""
_CHANGES_PER_COMMIT = 8
"""So many differing paths cost as much as one step back in history."""


class Span(NamedTuple):
    """`lines` lines of the file asked about, from `at` on; they are those from `own` on of the suspect's file."""

    at: int
    own: int
    lines: int


class Left(NamedTuple):
    """A suspect that a bound left undecided: the file `entry` at `path` in `commit`, with lines that it may have."""

    commit: bytes
    path: bytes
    entry: Entry
    spans: tuple[Span, ...]


class Blamed(NamedTuple):
    """An answer, and with what another search can go on from it."""

    blame: Blame
    left: tuple[Left, ...] = ()


@dataclass(slots=True)
class _Suspect:
    """A file in a commit, with the lines it may have written."""

    path: bytes
    entry: Entry
    spans: list[Span]
    previous: tuple[bytes, bytes] | None = None


@dataclass(slots=True)
class _Queue:
    """Commits that have suspects, the newest first."""

    heap: list[tuple[int, int, bytes]] = field(default_factory=list[tuple[int, int, bytes]])
    waiting: dict[bytes, dict[bytes, _Suspect]] = field(default_factory=dict[bytes, dict[bytes, _Suspect]])
    count: int = 0


class Strides(Protocol):
    """Knows of chains of commits, each the first parent of the one before, that leave a path as it is."""

    def back(self, commit: bytes, path: bytes) -> tuple[bytes, int]:
        """The commit at the end of such a chain, and how many steps away it is."""
        ...


@final
class Blamer:
    """One search; for one thread."""

    def __init__(
        self, objects: Objects, history: History, limits: BlameLimits, known: Callable[[bytes, bytes], Blame | None]
    ) -> None:
        """`known` gives the answer there is already for a commit and a path, if there is one."""
        self._known = known
        self._strides: Strides | None = history.tables
        self._objects = objects
        self._history = history
        self._limits = limits
        self._queue = _Queue()
        self._found: list[BlameRange] = []
        self._left: list[Left] = []
        self._watched: dict[bytes, Watched] = {}
        self._versions = Versions(partial(objects.typed, kind=BLOB), REMEMBERED_LINES_MAX)
        self._bytes_left = limits.bytes_max
        self._steps_left = limits.steps_max
        self._commits_left = limits.commits_max
        self._complete = True

    def blame(self, commit: bytes, path: bytes, entry: Entry, begun: Blamed | None = None) -> Blamed:
        """The ranges of the file `entry` at `path` in `commit`; what a search before has `begun` is kept."""
        if begun is None:
            count = len(lines_of(self._objects.typed(entry.oid, BLOB)))
            self._suspect(commit, path, entry, [Span(0, 0, count)] if count else [])
        else:
            self._found = [each for each in begun.blame.ranges if not each.boundary]
            for left in begun.left:
                self._suspect(left.commit, left.path, left.entry, list(left.spans))
        while self._queue.heap:
            _, _, oid = heappop(self._queue.heap)
            for suspect in self._queue.waiting.pop(oid).values():
                known = self._known(oid, suspect.path)
                if known is not None and known.complete:
                    self._found.extend(_told(suspect.spans, known.ranges))
                elif self._is_spent():
                    self._settle(oid, suspect, boundary=bool(self._history.meta(oid).parents))
                else:
                    self._commits_left -= 1
                    self._settle(oid, suspect, boundary=not self._pass_on(oid, suspect))
        return Blamed(Blame(tuple(self._ranges()), self._complete and not self._left), tuple(self._left))

    def _is_spent(self) -> bool:
        return min(self._bytes_left, self._steps_left, self._commits_left) <= 0

    def _suspect(self, commit: bytes, path: bytes, entry: Entry, spans: list[Span]) -> None:
        if not spans:
            return
        queue = self._queue
        if commit not in queue.waiting:
            queue.waiting[commit] = {}
            queue.count += 1
            heappush(queue.heap, (-self._history.meta(commit).time, queue.count, commit))
        known = queue.waiting[commit].get(path)
        if known is None:
            queue.waiting[commit][path] = _Suspect(path, entry, spans)
        else:
            known.spans.extend(spans)

    def _settle(self, commit: bytes, suspect: _Suspect, *, boundary: bool = False) -> None:
        """What is left to a suspect, it wrote; at a boundary, it or somebody before it."""
        if boundary and suspect.spans:
            self._left.append(Left(commit, suspect.path, suspect.entry, tuple(suspect.spans)))
        previous = None if suspect.previous is None else (suspect.previous[0].decode(), shown(suspect.previous[1]))
        self._found.extend(
            BlameRange(
                start=at + 1,
                count=lines,
                commit=commit.decode(),
                original_path=shown(suspect.path),
                original_start=own + 1,
                previous=previous,
                boundary=boundary,
            )
            for at, own, lines in suspect.spans
        )

    def _pass_on(self, commit: bytes, suspect: _Suspect) -> bool:
        """Give each line to the first parent that has it; all of them to one that has the very same file.

        False where a bound came before the last parent did.
        """
        if self._stride(commit, suspect):
            return True
        parents = self._history.meta(commit).parents
        found: dict[bytes, tuple[bytes, Entry]] = {}
        for search in (self._same_path, self._renamed):
            for number, parent in enumerate(parents):
                if number and self._is_spent():
                    return False
                self._commits_left -= number > 0
                there = None if parent in found else search(commit, parent, suspect)
                if there is None:
                    continue
                path, entry = there
                if entry.oid == suspect.entry.oid:
                    spans, suspect.spans = suspect.spans, []
                    self._suspect(parent, path, entry, spans)
                    return True
                if all(entry.oid != other.oid for _, other in found.values()):
                    found[parent] = there
        for parent in dict.fromkeys(parents):
            if parent in found and suspect.spans:
                path, entry = found[parent]
                suspect.previous = suspect.previous or (parent, path)
                edits = self._edits(entry.oid, suspect.entry.oid)
                if edits is None:
                    return False
                passed, suspect.spans = _parted(suspect.spans, edits)
                self._suspect(parent, path, entry, passed)
        return True

    def _stride(self, commit: bytes, suspect: _Suspect) -> bool:
        """Give all lines to the commit that a chain leads to in which nobody touches the file; whether there is one."""
        if self._strides is None:
            return False
        end, steps = self._strides.back(commit, suspect.path)
        if not steps:
            return False
        self._commits_left -= steps // _STRIDE_PER_COMMIT
        spans, suspect.spans = suspect.spans, []
        self._suspect(end, suspect.path, suspect.entry, spans)
        return True

    def _same_path(self, _: bytes, parent: bytes, suspect: _Suspect) -> tuple[bytes, Entry] | None:
        entry = self._at(parent, suspect.path)
        if entry is None or stat.S_IFMT(entry.mode) != stat.S_IFMT(suspect.entry.mode):
            return None
        return suspect.path, entry

    def _renamed(self, commit: bytes, parent: bytes, suspect: _Suspect) -> tuple[bytes, Entry] | None:
        here = self._at(parent, suspect.path)
        if here is not None and here.mode != FOLDER:
            return None  # it was there: as it is, or as something of another type
        trees = self._history.meta(parent).tree, self._history.meta(commit).tree
        limits = self._limits.renames
        try:
            every = list(changed(self._objects, *trees, trees_max=limits.folders_max))
        except TooLarge:
            self._complete = False
            return None
        gone = [change for change in every if change.new is None]
        files = {change.old.oid for change in gone if change.old is not None and change.old.is_file}
        self._bytes_left -= min(limits.rename_bytes_max, sum(self._objects.sizes(files).values()))
        self._commits_left -= len(every) // _CHANGES_PER_COMMIT
        changes = gone + [change for change in every if change.old is None and change.path == suspect.path]
        for change in with_renames(self._objects, changes, limits):
            if change.path == suspect.path and change.old is not None and change.old_path is not None:
                return change.old_path, change.old
        return None

    def _at(self, commit: bytes, path: bytes) -> Entry | None:
        if path not in self._watched:
            self._watched[path] = Watched(self._objects, path)
        return self._watched[path].at(self._history.meta(commit).tree)

    def _edits(self, old: bytes, new: bytes) -> list[Edit] | None:
        """What differs between two blobs; None where too little was left to find it out."""
        budget = Budget(min(self._limits.file_steps_max, self._steps_left))
        given, read = budget.steps, self._versions.bytes_read
        found = self._versions.edits(old, new, budget)
        self._steps_left -= given - budget.steps
        self._bytes_left -= self._versions.bytes_read - read
        if budget.steps <= 0 and given < self._limits.file_steps_max:
            return None
        self._complete = self._complete and budget.steps > 0
        return found

    def _ranges(self) -> Iterator[BlameRange]:
        """What was found, in line order; neighbours that were neighbours where they come from are one."""
        found = sorted(self._found, key=_by_place)
        at = 0
        while at < len(found):
            first, count = found[at], found[at].count
            at += 1
            while at < len(found) and _origin(found[at]) == _origin(first, count):
                count += found[at].count
                at += 1
            yield replace(first, count=count)


def _by_place(found: BlameRange) -> int:
    return found.start


def _origin(found: BlameRange, lines: int = 0) -> tuple[str, str, int, bool]:
    """Where the line comes from that is so many behind the first."""
    return found.commit, found.original_path, found.original_start + lines, found.boundary


def _told(spans: Sequence[Span], known: Sequence[BlameRange]) -> Iterator[BlameRange]:
    """What is known of a suspect's file, as far as these lines of it go."""
    for at, own, lines in spans:
        which, end = bisect_right(known, own, key=_end), own + lines
        while own < end:
            there = known[which]
            skipped = own + 1 - there.start
            count = min(there.count - skipped, end - own)
            yield replace(there, start=at + 1, count=count, original_start=there.original_start + skipped)
            at, own, which = at + count, own + count, which + 1


def _end(known: BlameRange) -> int:
    """Where the lines behind a range begin, counted from 0."""
    return known.start - 1 + known.count


def _parted(spans: Sequence[Span], found: Sequence[Edit]) -> tuple[list[Span], list[Span]]:
    """The lines that the old side has, under their numbers there, and those that it has not."""
    passed: list[Span] = []
    kept: list[Span] = []
    which = shift = 0  # edits that end before the span, and how far they moved what follows
    for span in sorted(spans, key=itemgetter(1)):
        start, own, count = span
        while which < len(found) and found[which].b1 <= own:
            shift = found[which].a1 - found[which].b1
            which += 1
        at = which
        if at == len(found) or found[at].b0 >= own + count:
            passed.append(Span(start, own + shift, count) if shift else span)
            continue
        while count and at < len(found) and found[at].b0 < own + count:
            edit = found[at]
            at += 1
            same = max(0, edit.b0 - own)
            if same:
                passed.append(Span(start, own + edit.a0 - edit.b0, same))
            different = max(0, min(edit.b1 - own, count) - same)
            if different:
                kept.append(Span(start + same, own + same, different))
            start, own, count = start + same + different, own + same + different, count - same - different
        if count:
            passed.append(Span(start, own + found[at - 1].a1 - found[at - 1].b1, count))
    return passed, kept
