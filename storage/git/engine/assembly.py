"""From chosen objects to the pieces of a pack: entries are copied as they lie, and only what must change is made anew.

An entry goes out verbatim when it is whole, or a delta whose base lies as far before it as in its own pack. Else it
gets another header: a new distance, or its base's id where the client has the base, or cannot take distances. A delta
whose base the client neither gets nor has is resolved and deflated again.

No loop is over objects, except over those that are resolved; memory is a few columns of 8 bytes an object.
"""

from __future__ import annotations

from contextlib import closing
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from storage.git.engine.plan import Plan, Source
from storage.git.engine.spill import Spill
from storage.git.engine.tables import OFS_DELTA, REF_DELTA, WHOLE, Entries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from storage.git.engine.deflated import Deflated
    from storage.git.engine.tables import Numbers, PackFile, Selection, Tables

    Longs = NDArray[np.int64]

_NAME_BYTES: Final = 20
_HEADER_BYTES: Final = 12
_MORE: Final = 0x80
"""Set in a byte of a number that another one follows."""
_ROUNDS_MAX: Final = 8
_LOOK_EVERY: Final = 64
_VERBATIM, _OFS, _REF, _MADE = 0, 1, 2, 3


class _Row(NamedTuple):
    """The objects to send, in the order of the pack to be."""

    numbers: Numbers
    entries: Entries
    at: Longs
    """Of each delta's base, its place in this order; -1 for one that is not sent, and for what is no delta."""
    base: Numbers
    """Canonical number of each delta's base, -1 for what is no delta."""
    mode: NDArray[np.uint8]


def assemble(
    tables: Tables,
    selection: Selection,
    *,
    thin: bool,
    ofs_delta: bool,
    scratch: Path,
    deflated: Deflated,
    still_wanted: Callable[[], None] = lambda: None,
) -> Plan:
    """What the pack of these objects is made of; files that it may need are made in `scratch` and have no name.

    `still_wanted` is called now and then and may raise to end the work.
    """
    row = _in_order(tables, selection.numbers)
    row = row._replace(mode=_modes(row, selection, thin=thin, ofs_delta=ofs_delta))
    with closing(Spill(scratch)) as made:
        made_start, made_end = _resolve(tables, row, made, deflated, still_wanted)
        still_wanted()
        head = _head_bytes(tables.packs, row)
        offsets = _layout(row, head, made_end - made_start)
        fresh, fresh_start, fresh_end = _headers(tables, row, head, offsets)
        begin = made.size
        made.add(fresh)
        made_start[fresh_end > 0] = fresh_start[fresh_end > 0] + begin
        made_end[fresh_end > 0] = fresh_end[fresh_end > 0] + begin
        sources = [*(Source(pack.path.name, pack.data) for pack in tables.packs), Source("", made.view())]
    source, start, end = _runs(row, made_start, made_end, made=len(sources) - 1)
    used, places = np.unique(source, return_inverse=True)
    # Packs that are not needed need not stay mapped as long as the plan does.
    held = [sources[int(number)] for number in used]
    return Plan(held, places.astype(np.int32), start, end, objects=len(row.numbers))


def _in_order(tables: Tables, numbers: Numbers) -> _Row:
    """As they lie in their packs, one pack after the other: bases come before what builds on them, mostly."""
    entries = tables.entries(numbers)
    order = np.lexsort((entries.start, entries.pack))
    numbers, ascending = numbers[order], numbers
    entries = Entries(
        pack=entries.pack[order],
        start=entries.start[order],
        body=entries.body[order],
        end=entries.end[order],
        kind=entries.kind[order],
        delta=entries.delta[order],
        base=entries.base[order],
        size=entries.size[order],
    )
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    base = entries.base.copy()
    deltas = np.flatnonzero(base >= 0)
    base[deltas] = tables.canonical(base[deltas])
    at = np.full(len(order), -1, np.int64)
    if len(deltas):
        found = np.searchsorted(ascending, base[deltas])
        found[found == len(ascending)] = 0
        sent = ascending[found] == base[deltas]
        at[deltas[sent]] = place[found[sent]]
    return _Row(numbers, entries, at, base, np.zeros(len(order), np.uint8))


def _modes(row: _Row, selection: Selection, *, thin: bool, ofs_delta: bool) -> NDArray[np.uint8]:
    """How each object is sent. No two deltas can come to need one another: see `tests/storage/git/engine`."""
    mode = np.full(len(row.numbers), _VERBATIM, np.uint8)
    delta, pack, at = row.entries.delta, row.entries.pack, row.at
    deltas, sent = delta != WHOLE, at >= 0
    before = sent & (at < np.arange(len(at)))
    # A base that comes later in another pack may itself need this object.
    usable = before | (sent & (pack[at] == pack))
    mode[deltas & usable] = _REF
    mode[deltas & before & ofs_delta & (delta == OFS_DELTA)] = _OFS
    lost = np.flatnonzero(deltas & ~usable)
    mode[lost] = _MADE
    if thin and len(lost):
        away = lost[~sent[lost]]
        mode[away[selection.held(row.base[away])]] = _REF
    # An entry that names its base by id goes out as it is.
    mode[(mode == _REF) & (delta == REF_DELTA)] = _VERBATIM
    return mode


def _resolve(
    tables: Tables, row: _Row, made: Spill, deflated: Deflated, still_wanted: Callable[[], None]
) -> tuple[Longs, Longs]:
    """Make anew what must be; where each of those lies in `made`, 0 to 0 for the others."""
    start, end = np.zeros(len(row.mode), np.int64), np.zeros(len(row.mode), np.int64)
    for done, place in enumerate(np.flatnonzero(row.mode == _MADE).tolist()):
        if done % _LOOK_EVERY == 0:
            still_wanted()
        number = int(row.numbers[place])
        start[place] = made.size
        made.add(deflated.entry(tables.names(row.numbers[place : place + 1]).tobytes(), partial(tables.read, number)))
        end[place] = made.size
    return start, end


def _head_bytes(packs: Sequence[PackFile], row: _Row) -> Longs:
    """How many bytes type and size take at the beginning of each entry that may get a new header; 0 for others."""
    head = np.zeros(len(row.mode), np.int64)
    changing = (row.mode == _OFS) | (row.mode == _REF)
    for pack in np.unique(row.entries.pack[changing]):
        data = np.frombuffer(packs[int(pack)].data, np.uint8)
        left = np.flatnonzero(changing & (row.entries.pack == pack))
        while len(left):
            more = data[row.entries.start[left] + head[left]] >= _MORE
            head[left] += 1
            left = left[more]
    return head


def _layout(row: _Row, head: Longs, made_sizes: Longs) -> Longs:
    """Where each entry begins in the new pack, and where the last one ends.

    How long a distance is when written depends on the distances, so lengths are tried until they agree.
    """
    entries, mode, at = row.entries, row.mode, row.at
    ofs = np.flatnonzero(mode == _OFS)
    fixed = np.where(mode == _VERBATIM, entries.end - entries.start, head + entries.end - entries.body)
    fixed = np.where(mode == _REF, fixed + _NAME_BYTES, np.where(mode == _MADE, made_sizes, fixed))
    written = np.zeros(len(mode), np.int64)
    written[ofs] = entries.body[ofs] - entries.start[ofs] - head[ofs]
    offsets = np.full(len(mode) + 1, _HEADER_BYTES, np.int64)
    for rounds in count():
        np.cumsum(fixed + written, out=offsets[1:])
        offsets[1:] += _HEADER_BYTES
        needed = _ofs_bytes(offsets[ofs] - offsets[at[ofs]])
        if np.array_equal(needed, written[ofs]):
            break
        if rounds == _ROUNDS_MAX:
            needed = np.ones_like(needed)
        elif rounds > _ROUNDS_MAX:  # from below they only grow, and they have an end
            needed = np.maximum(needed, written[ofs])
        written[ofs] = needed
    return offsets


def _ofs_bytes(distance: Longs) -> Longs:
    """How many bytes a distance takes: 7 bits each, and no two spellings of a number."""
    size, limit = np.ones(len(distance), np.int64), 1 << 7
    while (longer := distance >= limit).any():
        size += longer
        limit = (limit + 1) << 7
    return size


def _headers(tables: Tables, row: _Row, head: Longs, offsets: Longs) -> tuple[bytes, Longs, Longs]:
    """The headers to be written, one behind the other, and where in them each entry's begins and ends (0: none)."""
    entries, at, mode = row.entries, row.at, row.mode
    places = np.arange(len(mode))
    kept = (mode == _OFS) & (entries.pack[at] == entries.pack)
    kept &= offsets[places] - offsets[at] == entries.start - entries.start[at]
    changed = np.flatnonzero(((mode == _OFS) & ~kept) | (mode == _REF))
    far = mode[changed] == _REF
    distance = offsets[changed] - offsets[at[changed]]
    tail = np.where(far, _NAME_BYTES, 0)
    tail[~far] = _ofs_bytes(distance[~far])
    end = np.cumsum(head[changed] + tail)
    start = end - head[changed] - tail
    flat = np.zeros(int(end[-1]) if len(end) else 0, np.uint8)
    _copy_heads(tables.packs, row, changed, head[changed], start, flat)
    flat[start[far]] = flat[start[far]] & 0x8F | REF_DELTA << 4
    names = (end[far] - _NAME_BYTES)[:, None] + np.arange(_NAME_BYTES)
    flat[names] = tables.names(row.base[changed[far]])
    _write_distances(distance[~far], end[~far], flat)
    starts, ends = np.zeros(len(mode), np.int64), np.zeros(len(mode), np.int64)
    starts[changed], ends[changed] = start, end
    return flat.tobytes(), starts, ends


def _copy_heads(
    packs: Sequence[PackFile], row: _Row, places: Longs, head: Longs, to: Longs, flat: NDArray[np.uint8]
) -> None:
    pack = row.entries.pack[places]
    for number in np.unique(pack):
        data = np.frombuffer(packs[int(number)].data, np.uint8)
        mine, done = np.flatnonzero(pack == number), 0
        while len(mine):
            flat[to[mine] + done] = data[row.entries.start[places[mine]] + done]
            done += 1
            mine = mine[head[mine] > done]


def _write_distances(distance: Longs, end: Longs, flat: NDArray[np.uint8]) -> None:
    """From the last byte to the first, as git spells them."""
    at, left = end - 1, distance
    flat[at] = left & 0x7F
    while len(going := np.flatnonzero(left >> 7)):
        at, left = at[going] - 1, (left[going] >> 7) - 1
        flat[at] = left & 0x7F | _MORE


def _runs(row: _Row, made_start: Longs, made_end: Longs, *, made: int) -> tuple[NDArray[np.int32], Longs, Longs]:
    """(source, start, end) of the slices that make up the pack's body, neighbours joined."""
    entries = row.entries
    fresh, whole = made_end > 0, row.mode == _MADE
    shape = (len(row.mode), 2)
    source = np.full(shape, made, np.int32)
    start, end = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    start[:, 0], end[:, 0] = made_start, made_end
    source[:, 1] = entries.pack
    start[:, 1] = np.where(fresh, entries.body, entries.start)
    end[:, 1] = np.where(whole, start[:, 1], entries.end)
    used = (end > start).ravel()
    source, start, end = source.ravel()[used], start.ravel()[used], end.ravel()[used]
    if not len(source):
        return source, start, end
    edge = np.flatnonzero((source[1:] != source[:-1]) | (start[1:] != end[:-1])) + 1
    first, last = np.concatenate(([0], edge)), np.concatenate((edge - 1, [len(source) - 1]))
    return source[first], start[first], end[last]
