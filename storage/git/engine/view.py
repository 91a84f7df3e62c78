"""What one set of refs leads to: `View`; what lies beyond it does not exist there. And `Tables` that give views."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final, final

import numpy as np

from storage.git.engine.cutting import cut_history
from storage.git.engine.linked import LinkedTables
from storage.git.engine.reach import Reaches
from storage.git.engine.selecting import select
from storage.git.engine.tables import COMMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from domain.ports_git import AdvertisedRef
    from domain.ports_serving import Cut, Deepening, PackRequest
    from storage.git.engine.reach import Reach
    from storage.git.engine.segment import Segment
    from storage.git.engine.tables import Mask, Numbers, Selection

_OID: Final = re.compile("[0-9a-f]{40}")


@final
class RefTables(LinkedTables):
    """`Tables`, whole."""

    def __init__(self, old: RefTables | None = None, segments: Iterable[Segment] = ()) -> None:
        super().__init__(old, segments)
        self.reaches: Reaches = Reaches(old.reaches.seeds() if old else ())

    def view(self, refs: Sequence[AdvertisedRef]) -> SeenThrough:
        return SeenThrough(self, refs, self.reaches.of(self, frozenset(ref.oid for ref in refs)))


@final
class SeenThrough:
    """`View`. What takes a walk is found out when it is first asked for, and remembered."""

    def __init__(self, tables: RefTables, refs: Sequence[AdvertisedRef], reach: Reach) -> None:
        self.tables = tables
        self.refs = refs
        self.reach = reach

    @property
    def tips(self) -> tuple[str, ...]:
        return self.reach.tips

    @cached_property
    def shown(self) -> frozenset[str]:
        """What refs and their tags lead to."""
        peeled = (ref.peeled for ref in self.refs if ref.peeled is not None)
        return frozenset(self.tips) | frozenset(peeled)

    @property
    def past(self) -> Mask:
        """Which commits the refs lead to."""
        return self.reach.past

    def everything(self) -> Numbers:
        return self.reach.everything

    def select(self, request: PackRequest, still_wanted: Callable[[], None] = lambda: None) -> Selection:
        return select(self, request, still_wanted)

    def cut(self, wants: Sequence[str], client_shallow: Collection[str], deepening: Deepening) -> Cut:
        return cut_history(self, wants, client_shallow, deepening)

    def held(self, oids: Sequence[str]) -> list[str]:
        named = [oid for oid in oids if _OID.fullmatch(oid)]
        numbers = self.tables.find(named)
        here = np.flatnonzero(numbers >= 0)
        commits = here[self.tables.column(lambda columns: columns.kind, numbers[here]) == COMMIT]
        strange = [row for row in commits.tolist() if named[row] not in self.shown]
        if strange:  # what leads nowhere but to itself needs no walk
            unseen = ~self.past[self.tables.graph.places(numbers[strange])]
            commits = np.setdiff1d(commits, np.array(strange)[unseen])
        return [named[row] for row in commits.tolist()]

    def missing(self, oids: Collection[str]) -> set[str]:
        absent = set[str]()
        for oid in set(oids) - self.shown:
            number = self._number(oid)
            if number < 0:
                absent.add(oid)
            elif self.tables.kind(number) == COMMIT:
                if not self.past[self.tables.graph.place(number)]:
                    absent.add(oid)
            elif not self.reach.reached[number]:
                absent.add(oid)
        return absent

    def sizes(self, oids: Collection[str]) -> dict[str, int]:
        seen = sorted(set(oids) - self.missing(oids))
        sizes = self.tables.column(lambda columns: columns.size, self.tables.find(seen))
        return dict(zip(seen, sizes.tolist(), strict=True))

    def all_meet(self, wants: Sequence[str], common: Collection[str]) -> bool:
        return self.tables.graph.all_meet(self.tables.commits(wants), frozenset(self.tables.commits(common)))

    def _number(self, oid: str) -> int:
        return self.tables.number(bytes.fromhex(oid)) if _OID.fullmatch(oid) else -1
