"""A plan in a file: long slices of packs by the packs' names, everything else as it is sent.

    head: one line of JSON · rows: (source, start, end) of each slice · what is sent as it is

Source 0 is the last part of the file, the others are the packs of the head.
"""

from __future__ import annotations

import mmap
import os
import re
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from storage.git.engine.plan import Plan, Source

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

VERSION: Final = 1
SLICE_BYTES_MIN: Final = 256 << 10
"""What is shorter is copied, so that a pack is sent in long slices."""
_HEAD_BYTES_MAX: Final = 1 << 20
_PACK: Final = re.compile(r"pack-[0-9a-f]{40}\.pack")
_ROW: Final = np.dtype([("source", "<i4"), ("start", "<i8"), ("end", "<i8")])


class _Head(msgspec.Struct, frozen=True):
    version: int
    objects: int
    trailer: str
    packs: list[tuple[str, int]]
    """Names and sizes."""
    rows: int
    copied: int
    """How many bytes the last part has."""


def copied_bytes(plan: Plan) -> int:
    """How large the file would be, or about that."""
    short = ~_is_long(plan)
    return int((plan.end[short] - plan.start[short]).sum())


def write_plan(file: BinaryIO, plan: Plan) -> None:
    """Write a plan whose checksum is known."""
    assert plan.trailer is not None, "it was sent once"
    long = _is_long(plan)
    short = ~long
    copied = np.where(short, plan.end - plan.start, 0)
    rows = np.empty(len(long), _ROW)
    rows["end"] = np.where(short, np.cumsum(copied), plan.end)
    rows["start"] = np.where(short, rows["end"] - copied, plan.start)
    used, rows["source"][long] = np.unique(plan.source[long], return_inverse=True)
    rows["source"][long] += 1
    rows["source"][short] = 0
    # Copies of neighbours are one slice.
    first = np.flatnonzero(long | np.concatenate(([True], long[:-1])))[: len(long)]
    last = np.append(first[1:] - 1, len(long) - 1)[: len(first)]
    joined = rows[first]
    joined["end"] = rows["end"][last]
    packs = [plan.sources[int(number)] for number in used]
    named = [(pack.name, len(pack.data)) for pack in packs]
    head = _Head(VERSION, plan.objects, plan.trailer.hex(), named, len(joined), int(copied.sum()))
    file.write(msgspec.json.encode(head) + b"\n")
    file.write(joined.tobytes())
    rest = Plan(plan.sources, plan.source[short], plan.start[short], plan.end[short], objects=0)
    file.writelines(rest.body())


def read_plan(path: Path, packs: Path) -> Plan:
    """The plan in a file; `packs` is the folder of the packs. Raises `ValueError` where it cannot be followed."""
    data = _mapped(path)
    head_end = bytes(data[:_HEAD_BYTES_MAX]).find(b"\n") + 1
    try:
        head = msgspec.json.decode(data[:head_end], type=_Head)
    except msgspec.DecodeError as fault:
        raise ValueError(str(fault)) from fault
    if head.version != VERSION or not 0 <= head.objects < 1 << 32 or head.rows < 0:
        raise ValueError("another version")
    rows = np.frombuffer(data, _ROW, head.rows, head_end)
    made = data[head_end + rows.nbytes :]
    if len(made) != head.copied:
        raise ValueError("cut off")
    sources = [Source("", made), *(_pack(packs, name, size) for name, size in head.packs)]
    sizes = np.array([len(source.data) for source in sources])
    source, start, end = rows["source"].copy(), rows["start"].copy(), rows["end"].copy()
    if len(rows) and (source.min() < 0 or source.max() >= len(sources) or (end > sizes[source]).any()):
        raise ValueError("beyond its end")
    plan = Plan(sources, source, start, end, objects=head.objects, trailer=bytes.fromhex(head.trailer))
    plan.filed = True
    return plan


def _pack(folder: Path, name: str, size: int) -> Source:
    if not _PACK.fullmatch(name):
        raise ValueError(f"no pack: {name!r}")
    source = Source(name, _mapped(folder / name))
    if len(source.data) != size:
        raise ValueError("another pack")
    return source


def _is_long(plan: Plan) -> NDArray[np.bool_]:
    named = np.array([bool(source.name) for source in plan.sources], np.bool_)
    return (plan.end - plan.start >= SLICE_BYTES_MIN) & named[plan.source]


def _mapped(path: Path) -> memoryview[int]:
    """A `ValueError` for an empty file comes from the system."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ))
    finally:
        os.close(descriptor)
