"""What one set of refs leads to: `View`. What lies beyond it does not exist here."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, final

import numpy as np

from domain.errors import NotFound
from storage.git.engine.cutting import cut_history
from storage.git.engine.selecting import everything, select
from storage.git.engine.tables import COMMIT, TAG

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from domain.ports_git import AdvertisedRef
    from domain.ports_serving import Cut, Deepening, PackRequest
    from storage.git.engine.linked import LinkedTables
    from storage.git.engine.tables import Mask, Numbers, Selection

_OID_DIGITS: Final = 40
_TAG_CHAIN_MAX: Final = 4_096


@final
class SeenThrough:
    """`View`. What takes a walk is found out when it is first asked for, and remembered."""

    def __init__(self, tables: LinkedTables, refs: Sequence[AdvertisedRef]) -> None:
        self.tables = tables
        self.refs = refs

    @cached_property
    def tips(self) -> tuple[str, ...]:
        return tuple(sorted({ref.oid for ref in self.refs}))

    @cached_property
    def shown(self) -> frozenset[str]:
        """What refs and their tags lead to."""
        peeled = (ref.peeled for ref in self.refs if ref.peeled is not None)
        return frozenset(self.tips) | frozenset(peeled)

    @cached_property
    def past(self) -> Mask:
        """Which commits the refs lead to."""
        return self.tables.graph.past(self.commits(self.tips))

    @cached_property
    def _everything(self) -> Numbers:
        return everything(self)

    @cached_property
    def _reached(self) -> Mask:
        """Which objects the refs lead to."""
        reached = np.zeros(self.tables.count, np.bool_)
        reached[self._everything] = True
        return reached

    def everything(self) -> Numbers:
        return self._everything

    def select(self, request: PackRequest, still_wanted: Callable[[], None] = lambda: None) -> Selection:
        return select(self, request, still_wanted)

    def cut(self, wants: Sequence[str], client_shallow: Collection[str], deepening: Deepening) -> Cut:
        return cut_history(self, wants, client_shallow, deepening)

    def has(self, oid: str) -> bool:
        number = self._number(oid)
        if number < 0 or self.tables.kind(number) != COMMIT:
            return False
        return oid in self.shown or bool(self.past[self.tables.graph.place(number)])

    def missing(self, oids: Collection[str]) -> set[str]:
        absent = set[str]()
        for oid in set(oids) - self.shown:
            number = self._number(oid)
            if number < 0:
                absent.add(oid)
            elif self.tables.kind(number) == COMMIT:
                if not self.past[self.tables.graph.place(number)]:
                    absent.add(oid)
            elif not self._reached[number]:
                absent.add(oid)
        return absent

    def sizes(self, oids: Collection[str]) -> dict[str, int]:
        seen = sorted(set(oids) - self.missing(oids))
        sizes = self.tables.column(lambda columns: columns.size, self.tables.find(seen))
        return dict(zip(seen, sizes.tolist(), strict=True))

    def all_meet(self, wants: Sequence[str], common: Collection[str]) -> bool:
        return self.tables.graph.all_meet(self.commits(wants), frozenset(self.commits(common)))

    def commits(self, oids: Iterable[str]) -> list[int]:
        """The places of the commits that these are or, as tags, lead to, each once; what is not here is left out."""
        numbers = self.tables.find(list(oids))
        numbers = numbers[numbers >= 0]
        kinds = self.tables.column(lambda columns: columns.kind, numbers)
        found = numbers[kinds == COMMIT]
        ends = [self.chain(number)[-1] for number in numbers[kinds == TAG].tolist()]
        peeled = [number for number in ends if self.tables.kind(number) == COMMIT]
        places: list[int] = np.unique(self.tables.graph.places(np.append(found, peeled))).tolist()
        return places

    def chain(self, number: int) -> list[int]:
        """An object and, of a tag, what it leads to step by step; raises `NotFound` where that is not here."""
        steps = [number]
        targets = self.tables.tag_targets
        while steps[-1] in targets:
            steps.append(targets[steps[-1]])
            if steps[-1] < 0 or len(steps) > _TAG_CHAIN_MAX:
                raise NotFound(f"what the tag {self.tables.name(number).hex()} leads to is not in this repository")
        return steps

    def _number(self, oid: str) -> int:
        try:
            raw = bytes.fromhex(oid)
        except ValueError:
            return -1
        return self.tables.number(raw) if len(oid) == _OID_DIGITS else -1
