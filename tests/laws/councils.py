"""Histories in which three roots, two of whom decide, name what their repository goes on as."""

from __future__ import annotations

from typing import Final

from tests.laws.examples import Sort, run
from tests.laws.generators import GENERATORS
from tests.laws.laws import assert_laws
from tests.laws.world import World
from tests.making import key

ROOTS: Final = ("root", "friend", "ann")
_KIND: Final = "repository.succeeded.v1"


class Council(World):
    """Hardly anybody but the roots has anything to say here."""

    def writer(self) -> str:
        return self.choices.pick((*ROOTS, *ROOTS, "eve"))


def council(data: bytes) -> World:
    """The history that `data` stands for."""
    world = Council(data)
    roots = sorted(key(root).did for root in ROOTS)
    world.begin("root", "repository.created.v1", {"name": "project"}, roots=roots, threshold=2)
    while not world.choices.used_up:
        world.step(_KIND, GENERATORS[_KIND])
    return world


COUNCILS: Final = Sort("council", 20, 120, lambda data: council(data).events)


def run_councils(examples: int, seed: int, *, shrink: bool = True) -> None:
    """Hold `examples` generated councils to the laws; raises what the first that breaks one raises."""
    run(lambda data, chance: assert_laws(council(data).events, chance), COUNCILS, examples, seed, shrink=shrink)
