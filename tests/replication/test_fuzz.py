"""Bytes of all sorts, whole and byte by byte: no crash, no hang, nothing over the limits. The corpus is kept beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.replication.fuzzing import CORPUS, mutated, seeds, throw

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.bin")), ids=lambda path: path.stem)
@pytest.mark.parametrize("piece", [1, 1 << 20], ids=["byte by byte", "whole"])
def test_the_corpus(path: Path, piece: int) -> None:
    throw(path.read_bytes(), piece)


@settings(max_examples=40)
@given(st.binary(max_size=200), st.sampled_from([1, 13, 1 << 20]))
def test_any_bytes(data: bytes, piece: int) -> None:
    throw(data, piece)


@settings(max_examples=60)
@given(st.data())
def test_messages_with_something_wrong(data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(seeds()))
    where, what = data.draw(st.integers(0, len(seed) - 1)), data.draw(st.integers(0, 255))
    throw(mutated(seed, where, what, fix=data.draw(st.booleans())), 1 << 20)
    throw(seed + data.draw(st.binary(min_size=1, max_size=20)), 1 << 20)
