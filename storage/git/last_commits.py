"""Which commit last changed each entry of a folder: `git log -1 -- <entry>`, for all of them in one walk.

For one entry git's walk is a single line: a commit that has the entry as one of its parents has it leads to the first
such parent and nowhere else, and the first commit that has no such parent is the answer. Entries share the line until
they part, so all are carried along together. What is known of an older commit of the same folder is an answer at once.
"""

from __future__ import annotations

import re
from heapq import heappop, heappush
from typing import TYPE_CHECKING, final

from domain.ports_files import LastCommits
from storage.git import trees
from storage.git.history import Watched
from storage.git.last_answers import Answer
from storage.git.last_by_tables import TabledWalk
from storage.git.names import shown
from storage.git.objects import TREE
from storage.git.read_limits import LAST_COMMITS_VISITED_MAX
from storage.git.trees import FOLDER

if TYPE_CHECKING:
    from storage.git.history import History
    from storage.git.last_answers import Remembered
    from storage.git.objects import Objects

_NAMES_PER_COMMIT = 1_024
"""So many entries cost as much to compare as another commit."""
_FOLDERS_KEPT = 8
_ROWS = re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL)

_Row = tuple[bytes, bytes, bytes]
"""A line of a tree object as it is: mode, name, oid."""


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
        else:
            self._carry(tip, self.names(tip))
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
        for number, parent in enumerate(self._history.meta(commit).parents):
            if number and self._left <= 0:
                self._carry(commit, names)
                return
            self._left -= self.cost(names) - (number == 0)
            same = self.kept(commit, parent, names)
            self._carry(parent, same)
            names = names - same
            if not names:
                return
        self._found.update(dict.fromkeys(names, commit))

    def names(self, commit: bytes) -> set[bytes]:
        """Of all entries of the folder."""
        folder = self._folder(commit)
        return set() if folder is None else {name for _, name, _ in self._rows(folder)}

    def kept(self, commit: bytes, parent: bytes, names: set[bytes]) -> set[bytes]:
        """Those of some entries of a commit that its parent has as it has them."""
        here, there = self._folder(commit), self._folder(parent)
        if here is None or there is None:
            return set()
        return names - _changed(self._rows(here), self._rows(there)) if here != there else names

    @staticmethod
    def cost(names: set[bytes]) -> int:
        """Of comparing these entries with a parent's, in commits."""
        return 1 + len(names) // _NAMES_PER_COMMIT

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
        reading = LastCommitWalk(objects, history, path)
        tables = history.tables
        tabled = None if tables is None or tables.place(tip) < 0 else TabledWalk(reading, tables, path)
        known = (tabled or reading).walk(tip, known, commits_max)
        remembered.put((place, path), known)
    return LastCommits({shown(name): commit.decode() for name, commit in known.found.items()}, known.complete)
