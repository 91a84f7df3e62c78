"""Plans that are at hand: a few in memory, those of whole clones in files, and each made by one thread at a time."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Lock
from typing import TYPE_CHECKING, Final, NamedTuple, final

from domain.errors import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from domain.ids import StreamId
    from storage.git.engine.plan import Plan
    from storage.git.engine.shelf import Shelf

MEMORY_BYTES_MAX: Final = 32 << 20
"""Of all plans held in one process."""
PLANS_MAX: Final = 512
_LOOK_UP_S: Final = 1.0
_FILE_BYTES_MIN: Final = 128 << 10
"""A smaller pack is made again in no time."""


class Wish(NamedTuple):
    """What somebody asked for, of which repository, and where its packs are."""

    repo: StreamId
    key: str
    packs: Path
    lasting: bool
    """Whether others may ask for the same tomorrow."""


@final
class Plans:
    """For any thread of one process; what is in files is shared with other processes."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._lock = Lock()
        self._held: OrderedDict[str, tuple[Plan, int]] = OrderedDict()
        self._bytes = 0
        self._making: dict[str, Event] = {}
        self._filing = ThreadPoolExecutor(1, thread_name_prefix="git-plans")

    def get(self, wish: Wish, make: Callable[[], Plan], still_wanted: Callable[[], None]) -> OutgoingPlan:
        """What is asked for, from memory, from a file, or made; `still_wanted` may raise to end the waiting."""
        mine = Event()
        while (turn := self._turn(wish.key, mine)) is not mine:
            if not isinstance(turn, Event):
                return OutgoingPlan(turn, wish, self)
            turn.wait(_LOOK_UP_S)
            still_wanted()
        try:
            plan = self._shelf.load(wish.repo, wish.key, wish.packs) if wish.lasting else None
            plan = plan or make()
            self._hold(wish.key, plan)
            return OutgoingPlan(plan, wish, self)
        finally:
            with self._lock:
                del self._making[wish.key]
            mine.set()

    def _turn(self, key: str, mine: Event) -> Plan | Event:
        """The plan, or the event after which to look again: `mine` for the one who is to make it."""
        with self._lock:
            held = self._held.get(key)
            if held is not None:
                self._held.move_to_end(key)
                return held[0]
            return self._making.setdefault(key, mine)

    def sent(self, wish: Wish, plan: Plan) -> None:
        """Somebody has taken all of it: if it is to last, it goes into a file, and is held as that."""
        if not wish.lasting or plan.filed or plan.size < _FILE_BYTES_MIN:
            return
        plan.filed = True
        with suppress(RuntimeError):  # of a process that is about to end
            self._filing.submit(self._file, wish, plan)  # the client need not wait for that

    def _file(self, wish: Wish, plan: Plan) -> None:
        self._shelf.store(wish.repo, wish.key, plan)
        filed = self._shelf.load(wish.repo, wish.key, wish.packs)
        if filed is not None:
            filed.proven = True  # made of bytes that were summed
            self._hold(wish.key, filed)

    def spoiled(self, wish: Wish) -> None:
        """What was sent was not what it should be: make it anew the next time."""
        self._shelf.drop(wish.repo, wish.key)
        with self._lock:
            self._let_go(wish.key)

    def close(self) -> None:
        """Finish what is being filed, and let go of all that is in memory."""
        self._filing.shutdown()
        with self._lock:
            self._held.clear()
            self._bytes = 0

    def _hold(self, key: str, plan: Plan) -> None:
        size = plan.memory_bytes + 1_000
        with self._lock:
            self._let_go(key)
            self._held[key] = plan, size
            self._bytes += size
            # The last one stays, however large: others may be waiting for it.
            while (self._bytes > MEMORY_BYTES_MAX or len(self._held) > PLANS_MAX) and len(self._held) > 1:
                self._let_go(next(iter(self._held)))

    def _let_go(self, key: str) -> None:
        _, size = self._held.pop(key, (None, 0))
        self._bytes -= size


@final
class OutgoingPlan:
    """`OutgoingPack`: a plan on its way to one client."""

    def __init__(self, plan: Plan, wish: Wish, plans: Plans) -> None:
        self._plan = plan
        self._wish = wish
        self._plans = plans
        self.objects = plan.objects
        self.size: int | None = plan.size

    def chunks(self) -> Iterator[bytes | memoryview]:
        """The pack's bytes, in pieces of up to 1 MiB."""
        try:
            yield from self._plan.chunks()
        except Damaged:
            self._plans.spoiled(self._wish)
            raise
        self._plans.sent(self._wish, self._plan)
