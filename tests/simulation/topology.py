"""Who knows whom: the honest are joined whatever liars do, and liars sit among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random


def edges(shape: str, honest: int, nodes: int, chance: random.Random) -> list[tuple[int, int]]:
    """Pairs of node numbers, the lower first; the nodes from `honest` on are liars."""
    pairs = _shape(shape, honest, chance)
    for liar in range(honest, nodes):
        pairs |= {(other, liar) for other in chance.sample(range(honest), min(honest, chance.randint(1, 3)))}
    return sorted(pairs)


def _shape(shape: str, nodes: int, chance: random.Random) -> set[tuple[int, int]]:
    match shape:
        case "line" | "ring":
            pairs = {(number, number + 1) for number in range(nodes - 1)}
            return pairs | {(0, nodes - 1)} if shape == "ring" and nodes > 2 else pairs
        case "star":
            return {(0, number) for number in range(1, nodes)}
        case _:
            pairs = {(chance.randrange(number), number) for number in range(1, nodes)}
            extra = range(nodes if shape == "mesh" else 0)
            return pairs | {_pair(chance.sample(range(nodes), 2)) for _ in extra}


def _pair(two: list[int]) -> tuple[int, int]:
    return min(two), max(two)
