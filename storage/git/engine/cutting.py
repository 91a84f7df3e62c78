"""Where a shallow history ends, in the way of git's own `upload-pack`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from domain.errors import InvalidInput
from domain.ports_serving import DEPTH_INFINITE, Cut

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from domain.ports_serving import Deepening
    from storage.git.engine.linked import Shown


def cut_history(view: Shown, wants: Sequence[str], client_shallow: Collection[str], deepening: Deepening) -> Cut:
    """The cut that `deepening` asks for; raises `InvalidInput` where nothing would be left."""
    known = {place: oid for oid in client_shallow for place in view.tables.commits([oid]) if view.past[place]}
    if deepening.depth is None:
        ends, kept = _by_walk(view, wants, deepening)
    elif deepening.depth >= DEPTH_INFINITE:
        return Cut(frozenset(), frozenset(known.values()))
    elif deepening.relative:
        ends, kept = view.tables.graph.within(known, deepening.depth + 1)
    else:
        ends, kept = view.tables.graph.within(view.tables.commits(wants), deepening.depth)
    return Cut(
        frozenset(_names(view, ends - known.keys())),
        frozenset(oid for place, oid in known.items() if place in kept),
    )


def _by_walk(view: Shown, wants: Sequence[str], deepening: Deepening) -> tuple[set[int], set[int]]:
    """(commits with a parent that is left out, the others that are kept)."""
    graph = view.tables.graph
    names = {ref.name: ref.oid for ref in view.refs}
    if unknown := [name for name in deepening.excluded if name not in names]:
        raise InvalidInput(f"there is no ref {unknown[0]}")
    kept = graph.past(view.tables.commits(wants)).copy()
    if deepening.since is not None:
        # What is older hides its whole past, wherever a clock was wrong.
        old = np.flatnonzero(kept & (graph.columns.time < deepening.since))
        kept &= ~graph.past(old.tolist())
    kept &= ~graph.past(view.tables.commits(names[name] for name in deepening.excluded))
    places = np.flatnonzero(kept).tolist()
    if not places:
        raise InvalidInput("no commits selected for shallow requests")
    ends = {place for place in places if not all(kept[parent] for parent in graph.parents(place))}
    return ends, set(places) - ends


def _names(view: Shown, places: Iterable[int]) -> list[str]:
    numbers = view.tables.graph.columns.number[np.array(sorted(places), np.int64)]
    return view.tables.hexes(numbers)
