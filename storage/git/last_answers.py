"""What was found out about when the entries of folders last changed, remembered for the next who asks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple, final

from storage.git.read_limits import LAST_COMMITS_REMEMBERED_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping

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
