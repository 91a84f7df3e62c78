"""This node's own facts outlive it, and are kept apart from everything that travels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.errors import Unavailable
from storage.local import LocalStore

if TYPE_CHECKING:
    from pathlib import Path


def test_keeps_facts(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "local.sqlite")
    assert store.get("node/stream") is None
    store.put("node/stream", b"1")
    store.put("node/stream", b"2")
    store.put("other", b"")
    assert store.put_if_absent("node/stream", b"3") == b"2"
    assert store.put_if_absent("node/name", b"n") == b"n"
    store.close()
    again = LocalStore(tmp_path / "local.sqlite")
    assert again.get("node/stream") == b"2"
    assert again.get("other") == b""
    assert again.names() == ["node/name", "node/stream", "other"]
    assert again.names("node/") == ["node/name", "node/stream"]
    again.remove("other")
    assert again.get("other") is None
    again.close()


def test_a_file_that_is_none_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "local.sqlite"
    path.write_text("something else" * 1_000)
    with pytest.raises(Unavailable, match="not a SQLite database"):
        LocalStore(path)
