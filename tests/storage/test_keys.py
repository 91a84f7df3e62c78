"""The node's secrets: made once, whole, for their owner's eyes only."""

from __future__ import annotations

import stat
import threading
from typing import TYPE_CHECKING

import pytest

from domain.errors import Unavailable
from storage.keys import load_or_create, load_or_create_token

if TYPE_CHECKING:
    from pathlib import Path


def test_makes_a_seed_once(tmp_path: Path) -> None:
    path = tmp_path / "identity.key"
    seed = load_or_create(path)
    assert len(seed) == 32
    assert load_or_create(path) == seed
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create(tmp_path / "other.key") != seed
    assert {file.name for file in tmp_path.iterdir()} == {"identity.key", "other.key"}


def test_makes_a_token_once(tmp_path: Path) -> None:
    path = tmp_path / "operator.token"
    token = load_or_create_token(path)
    assert token.startswith("gat_")
    assert len(token) == 47
    assert load_or_create_token(path) == token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_token_written_by_hand_may_lack_the_line_s_end(tmp_path: Path) -> None:
    path = tmp_path / "operator.token"
    token = load_or_create_token(path)
    path.write_text(token)
    assert load_or_create_token(path) == token


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
@pytest.mark.parametrize("load", [load_or_create, load_or_create_token])
def test_refuses_what_others_may_read(tmp_path: Path, mode: int, load: object) -> None:
    assert callable(load)
    path = tmp_path / "secret"
    load(path)
    path.chmod(mode)
    with pytest.raises(Unavailable, match="read by others") as raised:
        load(path)
    assert f"chmod 600 {path}" in raised.value.hint


@pytest.mark.parametrize("size", [0, 31, 33, 5_000])
def test_refuses_a_seed_of_another_length(tmp_path: Path, size: int) -> None:
    path = tmp_path / "identity.key"
    path.touch(0o600)
    path.write_bytes(bytes(size))
    with pytest.raises(Unavailable, match="32"):
        load_or_create(path)
    assert path.stat().st_size == size


@pytest.mark.parametrize("text", [b"", b"gat_short", b"\xff\xfe", b"gat_" + b"A" * 44])
def test_refuses_what_is_not_a_token(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "operator.token"
    path.touch(0o600)
    path.write_bytes(text)
    with pytest.raises(Unavailable, match="does not hold a token"):
        load_or_create_token(path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be used"):
        load_or_create(tmp_path / "nowhere" / "identity.key")


def test_many_at_once_agree(tmp_path: Path) -> None:
    path, seeds = tmp_path / "identity.key", list[bytes]()
    start = threading.Barrier(8)

    def load() -> None:
        start.wait()
        seeds.append(load_or_create(path))

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seeds) == 8
    assert len(set(seeds)) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["identity.key"]
