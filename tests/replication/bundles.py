"""Bundles made by hand: the published one, and any that a test wants to be wrong."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from replication.bundle.filing import BundleReader, BundleWriter
from replication.bundle.parts import VERSION, Blob, Bundle, Objects, Pack, Piece, Rows, Stream, packed
from tests.cases.kinds import identity
from tests.making import Story
from tests.storage.git.packs import BLOB, COMMIT, TREE, commit, oid, tree
from tests.storage.git.packs import Pack as GitPack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.envelope import Event
    from replication.messages import Message

FILE: Final = b"Things we keep.\n"
PICTURE: Final = b"not much of a picture"
MAIN: Final = "refs/heads/main"


def tip() -> bytes:
    """The commit of the published bundle."""
    return bytes.fromhex(oid(COMMIT, _commit()))


def git_pack() -> bytes:
    """The pack that brings it, stored and not deflated, so that it is the same bytes everywhere."""
    pack = GitPack()
    for kind, data in ((BLOB, FILE), (TREE, _tree()), (COMMIT, _commit())):
        pack.add(kind, data, level=0)
    return pack.build()


def story() -> Story:
    """A repository with a branch, an issue, and something attached to it."""
    told = Story()
    told.write("root", "refs.moved.v1", {"moves": [{"ref": MAIN, "old": None, "new": tip(), "replaces": []}]})
    issue = told.issue("bob", "It breaks")
    picture = {"name": "dust.png", "media_type": "image/png", "size": len(PICTURE)}
    told.write("bob", "attachment.added.v1", {**picture, "sha256": hashlib.sha256(PICTURE).digest()}, on=issue)
    return told


def row(event: Event) -> tuple[bytes, bytes, bytes | None]:
    """An event as a bundle has it."""
    return event.header, event.signature, event.payload


def begin(
    events: Sequence[Event], *, base: Iterable[bytes] = (), heads: Iterable[bytes] | None = None, private: bool = False
) -> Stream:
    """What stands before the events of a stream; the last of them is its head if nothing else is said."""
    ends = [events[-1].id] if heads is None else [*heads]
    return Stream(stream=events[0].stream, private=private, base=packed([*base]), heads=packed([*ends]))


def rows(events: Sequence[Event]) -> Rows:
    """Events of one stream in one part."""
    return Rows(rows=[row(event) for event in sorted(events, key=lambda event: event.order)])


def repository_parts(told: Story) -> list[Message]:
    """The parts of the published repository."""
    return [
        begin(told.events),
        rows(told.events),
        Objects(haves=b"", tips=tip()),
        Pack(data=git_pack()),
        Blob(sha256=hashlib.sha256(PICTURE).digest(), size=len(PICTURE)),
        Piece(data=PICTURE),
    ]


def published() -> list[Message]:
    """The parts of the published bundle, its end aside."""
    person = [identity()]
    streams = sorted([[begin(person), rows(person)], repository_parts(story())], key=lambda parts: parts[0].stream)  # type: ignore[attr-defined]
    return [Bundle(version=VERSION, frontier=False), *streams[0], *streams[1]]


def written(parts: Iterable[Message]) -> bytes:
    """A whole file of some parts, whatever they are, with an end that fits."""
    writer = BundleWriter()
    return b"".join([*(writer.put(part) for part in parts), writer.end()])


def read(data: bytes) -> list[Message]:
    """The parts of a file; raises `BundleFault`."""
    reader = BundleReader()
    parts = list(reader.feed(data))
    reader.close()
    return parts


def _tree() -> bytes:
    return tree(("100644", "README.md", oid(BLOB, FILE)))


def _commit() -> bytes:
    return commit(oid(TREE, _tree()))
