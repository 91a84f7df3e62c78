"""Examples by the number: what a seed draws, what breaks made smaller in bounded time, and how to see it again.

Plain bytes by chance rather than Hypothesis: its shrinking of a long history takes minutes, and nothing bounds it.
A failure keeps its own type; its notes name the example, the history it came down to, and the command.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.envelope import Event

ATTEMPTS_MAX = 40
"""How often a failing example is tried again, shorter."""

Law: TypeAlias = "Callable[[bytes, int], object]"
"""Holds the example that some bytes stand for to its laws; the number picks orders of arrival."""


class Sort(NamedTuple):
    """One sort of example: its name, how long its bytes are, and the history in words, where it is one."""

    name: str
    bytes_min: int
    bytes_max: int
    events: Callable[[bytes], Sequence[Event]] | None = None


def run(law: Law, sort: Sort, examples: int, seed: int, *, shrink: bool = True) -> None:
    """Hold so many examples of a seed to a law; raises whatever the first that breaks it raises, with notes."""
    for number in range(examples):
        data, chance = example(sort, seed, number)
        try:
            law(data, chance)
        except Exception as fault:
            least, found = smaller(law, data, chance, fault) if shrink else (data, fault)
            _explain(found, sort, least, chance, f"example {number} of seed {seed}")
            if found is fault:
                raise
            raise found from None


def example(sort: Sort, seed: int, number: int) -> tuple[bytes, int]:
    """The bytes of one example, and its chance."""
    dice = random.Random(f"{sort.name} {seed} {number}")
    return dice.randbytes(dice.randint(sort.bytes_min, sort.bytes_max)), dice.getrandbits(32)


def smaller(law: Law, data: bytes, chance: int, fault: Exception) -> tuple[bytes, Exception]:
    """A shorter example that breaks the law as well: without its end, then without some of its middle."""
    step, at = len(data) // 2, len(data)
    for _ in range(ATTEMPTS_MAX):
        if step == 0:
            break
        at = min(at, len(data))
        shorter = data[: max(0, at - step)] + data[at:]
        try:
            law(shorter, chance)
        except Exception as found:  # noqa: BLE001  # whatever it is: it is broken
            data, fault, at = shorter, found, at - step
        else:
            at -= step
        if at <= 0:
            step, at = step // 2, len(data)
    return data, fault


def _explain(fault: Exception, sort: Sort, data: bytes, chance: int, which: str) -> None:
    fault.add_note(f"{sort.name}: {which}, in the end {data.hex()} with chance {chance}")
    if sort.events is not None:
        for line in told(sort.events(data)):
            fault.add_note(line)


def told(events: Sequence[Event]) -> list[str]:
    """A history, one line for each event, names cut to what tells them apart here."""
    lines: list[str] = []
    for event in events:
        parents = ",".join(sorted(_short(name) for name in event.parents))
        lines.append(
            f"  {_short(event.id)} {event.kind} by {event.author[-6:]} ({_short(event.device)}#{event.seq})"
            f" on {_short(event.entity)} after {parents or '-'}"
        )
    return lines


def _short(name: Any) -> str:
    return bytes(name)[:3].hex() if name else "-"
