"""Which commit last changed each entry of a folder: `git log -1 -- <entry>`, for all of them in one walk.

For one entry git's walk is a single line: a commit that has the entry as one of its parents has it leads to the first
such parent and nowhere else, and the first commit that has no such parent is the answer. Entries share the line until
they part, so all are carried along together. What is known of an older commit of the same folder is an answer at once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple, final

from domain.ports_files import LastCommits
from storage.git import trees
from storage.git.history import Watched
from storage.git.names import shown
from storage.git.objects import TREE
from storage.git.read_limits import LAST_COMMITS_REMEMBERED_MAX, LAST_COMMITS_VISITED_MAX
from storage.git.trees import FOLDER, Entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage.git.history import History
    from storage.git.objects import Objects

_NAMES_PER_COMMIT = 1_024
"""So many entries cost as much to compare as another commit."""

Place = tuple[object, bytes]
"""A repository and the path of a folder in it."""


class Answer(NamedTuple):
    """What was found from a commit on; not `complete` where the walk was cut short."""

    commit: bytes
    found: Mapping[bytes, bytes]
    complete: bool


@final
class Remembered:
    """The newest answers, for any number of threads: by folder, a commit and what was found from there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[Place, Answer] = OrderedDict()

    def get(self, place: Place) -> Answer | None:
        with self._lock:
            return self._answers.get(place)

    def put(self, place: Place, answer: Answer) -> None:
        with self._lock:
            self._answers[place] = answer
            self._answers.move_to_end(place)
            if len(self._answers) > LAST_COMMITS_REMEMBERED_MAX:
                self._answers.popitem(last=False)


@final
class LastCommitWalk:
    """One walk over one folder; for one thread."""

    def __init__(self, objects: Objects, history: History, path: bytes) -> None:
        self._objects = objects
        self._history = history
        self._watched = Watched(objects, path) if path else None
        self._folders: dict[bytes, dict[bytes, Entry]] = {}
        self._heap: list[tuple[int, int, bytes]] = []
        self._carried: dict[bytes, set[bytes]] = {}
        self._count = 0
        self._left = 0
        self._cut = False
        """Whether the bound came between two parents of a merge."""
        self.found: dict[bytes, bytes] = {}

    def walk(self, tip: bytes, known: Answer | None, commits_max: int) -> bool:
        """Fill `found` as far as the bound allows; whether that is all of it."""
        folder = self._folder(tip)
        if folder is not None:
            self._carry(tip, set(self._entries(folder)))
        self._left = commits_max
        while self._heap and self._left > 0:
            self._left -= 1
            _, _, commit = heappop(self._heap)
            names = self._carried.pop(commit)
            if known is not None and known.commit == commit:
                # What is carried is here as it was asked for, so what was found from here on holds.
                self.found.update((name, known.found[name]) for name in names)
            else:
                self._pass_on(commit, names)
        return not self._heap and not self._cut

    def _carry(self, commit: bytes, names: set[bytes]) -> None:
        if commit in self._carried:
            self._carried[commit] |= names
        elif names:
            self._carried[commit] = names
            self._count += 1
            heappush(self._heap, (-self._history.meta(commit).time, self._count, commit))

    def _pass_on(self, commit: bytes, names: set[bytes]) -> None:
        here = self._folder(commit)
        assert here is not None
        for number, parent in enumerate(self._history.meta(commit).parents):
            if number and self._left <= 0:
                self._cut = True
                return
            self._left -= (number > 0) + len(names) // _NAMES_PER_COMMIT
            there = self._folder(parent)
            if there == here:
                self._carry(parent, names)
                return
            if there is not None:
                entries, others = self._entries(here), self._entries(there)
                same = {name for name in names if entries[name] == others.get(name)}
                self._carry(parent, same)
                names -= same
        self.found.update(dict.fromkeys(names, commit))

    def _folder(self, commit: bytes) -> bytes | None:
        tree = self._history.meta(commit).tree
        if self._watched is None:
            return tree
        entry = self._watched.at(tree)
        return entry.oid if entry is not None and entry.mode == FOLDER else None

    def _entries(self, folder: bytes) -> dict[bytes, Entry]:
        """Those of the two folders being compared are kept: each is compared with the next one, too."""
        entries = self._folders.pop(folder, None)
        if entries is None:
            entries = trees.parsed(self._objects.typed(folder, TREE))
        self._folders[folder] = entries
        while len(self._folders) > 8:
            del self._folders[next(iter(self._folders))]
        return entries


def last_commits(
    objects: Objects,
    history: History,
    tip: bytes,
    path: bytes,
    remembered: Remembered,
    place: object,
    commits_max: int = LAST_COMMITS_VISITED_MAX,
) -> LastCommits:
    """Of each entry of the folder `path` at `tip`; `place` stands for the repository in what is remembered."""
    known = remembered.get((place, path))
    if known is None or known.commit != tip:
        walk = LastCommitWalk(objects, history, path)
        complete = walk.walk(tip, known if known is not None and known.complete else None, commits_max)
        known = Answer(tip, walk.found, complete)
        remembered.put((place, path), known)
    return LastCommits({shown(name): commit.decode() for name, commit in known.found.items()}, known.complete)
