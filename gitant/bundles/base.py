"""What a bundle goes on from: the heads and git objects that another one says its holder has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from gitant.bundles.files import opened_once, parts_of
from replication.bundle.filing import BundleReader
from replication.bundle.parts import ID_BYTES, OID_BYTES, Objects, Stream, unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping


@final
@dataclass(frozen=True, slots=True)
class Held:
    """What somebody has of one stream."""

    heads: tuple[bytes, ...] = ()
    tips: tuple[bytes, ...] = ()


def read_base(name: str) -> Mapping[bytes, Held]:
    """By stream, what whoever took in the bundle (or frontier) `name` has; raises `InvalidInput` for what is none."""
    found: dict[bytes, Held] = {}
    at = b""
    with opened_once(name) as file:
        for part in parts_of(file, BundleReader()):
            match part:
                case Stream():
                    at = part.stream
                    found[at] = Held(tuple(unpacked(part.heads, ID_BYTES)))
                case Objects():
                    found[at] = Held(found[at].heads, tuple(unpacked(part.tips, OID_BYTES)))
                case _:
                    pass
    return found
