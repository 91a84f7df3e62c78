"""A blob from a peer that breaks off, lies, or sends too much: nothing wrong is kept, nothing is asked for twice."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import pytest

from domain.ids import StreamId
from domain.ports_replication import GitObject
from storage.blobs import DiskBlobs
from storage.git.store import DiskGitStore
from tests.transport.carrier.kit import in_real_time, node
from transport.carrier.memory import MemoryGround
from transport.objects.getting import Getter
from transport.objects.messages import Answer, AskBlob, hear, say

if TYPE_CHECKING:
    from pathlib import Path

    from transport.carrier.seam import Channel, Wire

DATA: Final = bytes(range(256)) * 1_024
NAME: Final = hashlib.sha256(DATA).digest()
STREAM: Final = StreamId(b"\x05" * 32)


async def _whole(channel: Channel, asked: AskBlob) -> None:
    await say(channel, Answer(size=len(DATA)))
    await channel.send_all(DATA[asked.offset :])


async def _half(channel: Channel, asked: AskBlob) -> None:
    await say(channel, Answer(size=len(DATA)))
    await channel.send_all(DATA[asked.offset : len(DATA) // 2])


async def _other_bytes(channel: Channel, asked: AskBlob) -> None:
    await say(channel, Answer(size=len(DATA)))
    await channel.send_all(bytes(len(DATA) - asked.offset))


async def _too_many(channel: Channel, _: AskBlob) -> None:
    await say(channel, Answer(size=10))
    await channel.send_all(DATA)


async def _too_large(channel: Channel, _: AskBlob) -> None:
    await say(channel, Answer(size=1 << 40))


async def _refusing(channel: Channel, _: AskBlob) -> None:
    await say(channel, Answer(refused="there is no such blob here"))


def got(folder: Path, *givings: Any) -> tuple[list[bool], list[int], DiskBlobs]:
    """Ask peers in turn for the blob: whether it was here after each, and from which byte each was asked."""
    asked: list[int] = []
    outcomes: list[bool] = []
    blobs = DiskBlobs(folder / "blobs")
    waiting = list(givings)

    async def give(wire: Wire) -> None:
        while True:
            channel = await wire.accept()
            question, _ = await hear(channel, AskBlob)
            asked.append(question.offset)
            await waiting.pop(0)(channel, question)
            await channel.send_eof()

    async def published(_: StreamId, __: str | None) -> None:
        raise AssertionError("no objects were asked for")

    async def main() -> None:
        ground = MemoryGround()
        getter = Getter(DiskGitStore(folder / "repos"), blobs, folder / "incoming", 1 << 20, published)
        async with node("alice", ground) as alice, node("bob", ground, give) as bob:
            wire = await alice.dial(bob)
            for _ in givings:
                here = await getter.fetch(wire, STREAM, [GitObject(NAME, blob=True)])
                outcomes.append(here)

    in_real_time(main)
    return outcomes, asked, blobs


def test_a_blob_that_was_cut_off_goes_on_where_it_ended(tmp_path: Path) -> None:
    outcomes, asked, blobs = got(tmp_path, _half, _whole)
    assert (outcomes, asked) == ([False, True], [0, len(DATA) // 2])
    assert blobs.is_sound(NAME)
    assert list((tmp_path / "incoming").iterdir()) == []


def test_other_bytes_are_thrown_away_and_the_next_peer_is_asked_from_the_start(tmp_path: Path) -> None:
    outcomes, asked, blobs = got(tmp_path, _other_bytes, _whole)
    assert (outcomes, asked) == ([False, True], [0, 0])
    assert blobs.is_sound(NAME)


@pytest.mark.parametrize("giving", [_too_many, _too_large, _refusing])
def test_what_is_not_the_blob_is_not_kept(tmp_path: Path, giving: Any) -> None:
    outcomes, _, blobs = got(tmp_path, giving, _whole)
    assert outcomes == [False, True]
    assert [kept.name for kept in blobs.kept()] == [NAME]
