"""Which commit last changed each entry of a folder: `git log -1 -- <entry>`, for all of them in one walk.

For one entry git's walk is a single line: a commit that has the entry as one of its parents has it leads to the first
such parent and nowhere else, and the first commit that has no such parent is the answer. Entries share the line until
they part, so all are carried along together. What is known of an older commit of the same folder is an answer at once.
"""

from __future__ import annotations

import re
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
from storage.git.trees import FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage.git.history import History
    from storage.git.objects import Objects

_NAMES_PER_COMMIT = 1_024
"""So many entries cost as much to compare as another commit."""
_FOLDERS_KEPT = 8
_ROWS = re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL)

_Row = tuple[bytes, bytes, bytes]
"""A line of a tree object as it is: mode, name, oid."""

Place = tuple[object, bytes]
"""A repository and the path of a folder in it."""


class Answer(NamedTuple):
    """What was found from a commit on, and by commit the entries that are still to be followed from there."""

    commit: bytes
    found: Mapping[bytes, bytes]
    rest: Mapping[bytes, frozenset[bytes]]

    @property
    def complete(self) -> bool:
        return not self.rest


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
        self._folders: dict[bytes, set[_Row]] = {}
        self._heap: list[tuple[int, int, bytes]] = []
        self._carried: dict[bytes, set[bytes]] = {}
        self._count = 0
        self._left = 0
        self._found: dict[bytes, bytes] = {}

    def walk(self, tip: bytes, known: Answer | None, commits_max: int) -> Answer:
        """What last changed the entries at `tip`, as far as the bound allows; a walk that was cut short goes on."""
        self._left = commits_max
        if known is not None and known.commit == tip:
            self._found.update(known.found)
            for commit, rest in known.rest.items():
                self._carry(commit, set(rest))
        elif (folder := self._folder(tip)) is not None:
            self._carry(tip, {name for _, name, _ in self._rows(folder)})
        while self._heap and self._left > 0:
            self._left -= 1
            _, _, commit = heappop(self._heap)
            names = self._carried.pop(commit)
            if known is not None and known.complete and known.commit == commit:
                # What is carried is here as it was asked for, so what was found from here on holds.
                self._found.update((name, known.found[name]) for name in names)
            else:
                self._pass_on(commit, names)
        return Answer(tip, self._found, {commit: frozenset(names) for commit, names in self._carried.items()})

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
                self._carry(commit, names)
                return
            self._left -= (number > 0) + len(names) // _NAMES_PER_COMMIT
            there = self._folder(parent)
            if there == here:
                self._carry(parent, names)
                return
            if there is not None:
                same = names - _changed(self._rows(here), self._rows(there))
                self._carry(parent, same)
                names -= same
        self._found.update(dict.fromkeys(names, commit))

    def _folder(self, commit: bytes) -> bytes | None:
        tree = self._history.meta(commit).tree
        if self._watched is None:
            return tree
        entry = self._watched.at(tree)
        return entry.oid if entry is not None and entry.mode == FOLDER else None

    def _rows(self, folder: bytes) -> set[_Row]:
        """Those of the last folders are kept: each is compared with the next one, too."""
        rows = self._folders.pop(folder, None)
        if rows is None:
            rows = set(_ROWS.findall(self._objects.typed(folder, TREE)))
        self._folders[folder] = rows
        while len(self._folders) > _FOLDERS_KEPT:
            del self._folders[next(iter(self._folders))]
        return rows


def _changed(here: set[_Row], there: set[_Row]) -> set[bytes]:
    """The names of what is here and not the same there. Odd modes of old commits are read as git reads them."""
    gone = here - there
    if not gone:
        return set()
    others = {name: (mode, oid) for mode, name, oid in there - here}
    return {
        name
        for mode, name, oid in gone
        if name not in others or others[name][1] != oid or trees.entry_mode(others[name][0]) != trees.entry_mode(mode)
    }


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
    if known is None or known.commit != tip or not known.complete:
        known = LastCommitWalk(objects, history, path).walk(tip, known, commits_max)
        remembered.put((place, path), known)
    return LastCommits({shown(name): commit.decode() for name, commit in known.found.items()}, known.complete)
