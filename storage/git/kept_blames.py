"""Who wrote the lines of files that somebody asked about: a commit says the same for ever.

What a bound ended is kept, too: whoever asks next goes on from there.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, final

from storage.git.read_limits import BLAMED_RANGES_REMEMBERED_MAX

if TYPE_CHECKING:
    from storage.git.blame import Blamed

BlamedFile = tuple[object, bytes, bytes]
"""A repository, the commit that was the last to touch the file, and its path."""


@final
class KeptBlames:
    """The answers asked for last, for any number of threads."""

    def __init__(self, ranges_max: int = BLAMED_RANGES_REMEMBERED_MAX) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[BlamedFile, Blamed] = OrderedDict()
        self._left = ranges_max

    def get(self, file: BlamedFile) -> Blamed | None:
        with self._lock:
            found = self._answers.get(file)
            if found is not None:
                self._answers.move_to_end(file)
            return found

    def peek(self, file: BlamedFile) -> Blamed | None:
        """The answer, for one that will take its place: it does not stay longer for that."""
        with self._lock:
            return self._answers.get(file)

    def put(self, file: BlamedFile, answer: Blamed) -> None:
        with self._lock:
            known = self._answers.pop(file, None)
            if known is not None:
                self._left += _cost(known)
                answer = answer if known.left else known  # of two threads, the other may have come to the end
            self._answers[file] = answer
            self._left -= _cost(answer)
            while self._left < 0:
                self._left += _cost(self._answers.popitem(last=False)[1])


def _cost(answer: Blamed) -> int:
    return 1 + len(answer.blame.ranges) + sum(len(left.spans) for left in answer.left)
