"""The published messages are what this code says and understands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.ids import StreamId
from replication.frames import FrameReader
from replication.messages import BY_NAME, decoded, encoded, name_of
from replication.prints import link_key, stream_tag
from tests.vectors import FOLDER

WRITTEN: dict[str, Any] = json.loads((FOLDER / "messages.json").read_text())


def test_every_message_has_a_vector() -> None:
    assert [row["type"] for row in WRITTEN["messages"]] == list(BY_NAME)


def test_names_on_a_link_follow_from_both_nonces() -> None:
    one, other = (bytes.fromhex(nonce) for nonce in WRITTEN["nonces"])
    assert link_key(one, other) == link_key(other, one) == bytes.fromhex(WRITTEN["link_key"])
    tag = stream_tag(link_key(one, other), StreamId(bytes.fromhex(WRITTEN["stream"])))
    assert tag == bytes.fromhex(WRITTEN["stream_tag"])


@pytest.mark.parametrize("row", WRITTEN["messages"], ids=lambda row: row["type"])
def test_a_message_is_read_and_written_as_published(row: dict[str, str]) -> None:
    message = decoded(bytes.fromhex(row["body"]))
    assert name_of(message) == row["type"]
    assert encoded(message).hex() == row["body"]


def test_the_frames_are_a_link() -> None:
    reader = FrameReader()
    bodies = [body for row in WRITTEN["messages"] for body in reader.bodies(bytes.fromhex(row["frame"]))]
    assert [body.hex() for body in bodies] == [row["body"] for row in WRITTEN["messages"]]
