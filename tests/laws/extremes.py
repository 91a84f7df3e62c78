"""Histories whose payloads go to their limits and a little beyond: longest lists, extreme numbers, odd text."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import inspect

from domain.canonical import encode
from domain.kinds import KINDS
from domain.limits import PAYLOAD_BYTES_MAX
from tests.laws.generators import GENERATORS
from tests.laws.world import World, quiet
from tests.making import SALT, key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.keys import SigningKey

TEXTS: Final = (
    "\U0010ffff",
    "\u0301",
    "\u200d",
    "\u200b",
    "\u202e",
    "\ufeff",
    "\ufffe",
    "\0",
    "\x1b[2J",
    "\n",
    "\u2028",
    "ß",
    "ﬃ",
    "İ",
    "a",
    "%",
    "'",
    "refs/heads/",
    "../",
    "-",
    "*",
)
NUMBERS: Final = (0, 1, -1, 2**31 - 1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64 - 1, -(2**63))
_LENGTHS: Final = (0, 1, 2, 19, 20, 31, 32, 33, 64, 255, 256, 1_000)
_LENGTH_MAX: Final = 20_000


class Extremes(World):
    """Everybody writes honest headers; every other payload has some fields at their limits."""

    def __init__(self, data: bytes, sign: Callable[[str], SigningKey]) -> None:
        super().__init__(data, sign)
        self._dice = random.Random(data)

    def writer(self) -> str:
        """Mostly whoever may do everything, so that it is payloads that are judged."""
        return "root" if self.choices.below(3) else super().writer()

    def _odd_header(self) -> dict[str, Any]:
        return {}

    def _odd_payload(self, kind: str, payload: dict[str, Any]) -> dict[str, Any] | bytes:
        if not self.choices.below(2):
            return payload
        fields = msgspec.structs.fields(KINDS[kind].payload)
        chosen = self._dice.sample(fields, min(len(fields), 1 + self.choices.below(2)))
        odd = {field.encode_name: self._value(inspect.type_info(field.type)) for field in chosen}
        data = encode({"salt": SALT, **payload, **odd})
        return data if len(data) <= PAYLOAD_BYTES_MAX else payload

    def _value(self, sort: inspect.Type, depth: int = 0) -> Any:
        dice = self._dice
        if dice.randrange(12) == 0:
            return dice.choice((None, True, 0, "", b"", [], {}))
        match sort:
            case inspect.StrType():
                if dice.randrange(4) == 0:
                    return key(dice.choice(("root", "eve", "ann"))).did
                text = dice.choice(TEXTS)
                return (text * self._length(sort.min_length, sort.max_length))[: sort.max_length or _LENGTH_MAX]
            case inspect.BytesType():
                if dice.randrange(2):
                    return dice.choice(self.events).id
                return bytes([dice.randrange(256)]) * self._length(sort.min_length, sort.max_length)
            case inspect.IntType():
                return dice.choice(
                    (*NUMBERS, *(each for each in (sort.ge, sort.le, sort.gt, sort.lt) if each is not None))
                )
            case inspect.BoolType():
                return dice.choice((True, False))
            case inspect.ListType():
                return self._items(sort, depth)
            case inspect.StructType():
                return {field.encode_name: self._value(field.type, depth + 1) for field in sort.fields}
            case inspect.UnionType():
                return self._value(dice.choice(sort.types), depth)
            case inspect.LiteralType():
                return dice.choice(sort.values)
            case _:
                return None

    def _items(self, sort: inspect.ListType, depth: int) -> Sequence[Any]:
        count = self._length(sort.min_length, sort.max_length) if depth < 2 else 2
        if (
            isinstance(sort.item_type, inspect.BytesType)
            and sort.item_type.max_length == 32
            and self._dice.randrange(3)
        ):
            known = [event.id for event in self.events][-count:]
            return sorted(known) if self._dice.randrange(2) else known
        few = [self._value(sort.item_type, depth + 1) for _ in range(min(count, 3))]
        return [few[at % len(few)] for at in range(count)] if few else []

    def _length(self, least: int | None, most: int | None) -> int:
        most = min(_LENGTH_MAX, 1_000 if most is None else most)
        return self._dice.choice((least or 0, most, most, max(0, most - 1), most + 1, *_LENGTHS))


def extremes(data: bytes, sign: Callable[[str], SigningKey] = quiet) -> World:
    """The history that `data` stands for."""
    world = Extremes(data, sign)
    world.begin("root", "repository.created.v1", {"name": "project"})
    world.begin("eve", "identity.created.v1", {"name": "eve"})
    for kind in ("label.created.v1", "issue.opened.v1", "comment.added.v1"):
        world.step(kind, GENERATORS[kind], "root")
    kinds = list(GENERATORS)
    while not world.choices.used_up:
        kind = world.choices.pick(kinds)
        world.step(kind, GENERATORS[kind])
    return world
