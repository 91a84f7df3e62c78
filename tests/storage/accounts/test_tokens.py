"""Tokens at rest, as several processes see them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.errors import Conflict
from domain.ids import DeviceKey, Did, StreamId
from domain.ports_accounts import Account, KeptDevice
from domain.ports_tokens import TOKENS_MAX, USED_GRAIN_MS, Token
from storage.accounts.people import SqliteAccounts
from storage.accounts.shelf import Glance, make_accounts
from storage.accounts.tokens import SqliteTokenGlance, SqliteTokens
from storage.kept import KeptFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1_790_000_000_000
ALICE, BOB, OPERATOR = (Did(f"did:key:z{name}") for name in ("Alice", "Bob", "Operator"))
REPO, OTHER = StreamId(b"\x01" * 32), StreamId(b"\x02" * 32)
PLAIN = Token("t1", ALICE, "builder", frozenset({"repo:read", "issue:write"}), frozenset({REPO, OTHER}), NOW, NOW + 9)
KEY = Token("k1", ALICE, "robot", frozenset({"repo:read"}), frozenset({REPO}), NOW + 1, None, deploys=REPO)


class _Worker:
    """What one process has of the file."""

    def __init__(self, path: Path) -> None:
        self.file, self.looks = KeptFile(path), Glance(path)
        self.tokens, self.glance = SqliteTokens(self.file), SqliteTokenGlance(self.looks)
        self.people = SqliteAccounts(self.file)

    def close(self) -> None:
        self.file.close()
        self.looks.close()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[list[_Worker]]:
    make_accounts(tmp_path / "accounts.sqlite")
    made = [_Worker(tmp_path / "accounts.sqlite") for _ in range(2)]
    device = KeptDevice(DeviceKey(b"d" * 32), ALICE, b"s", None, NOW)
    made[0].people.add(Account(ALICE, "alice", "", "active", NOW, "x"), device, [])
    yield made
    for worker in made:
        worker.close()


def _digest(token: Token) -> bytes:
    return hashlib.sha256(token.id.encode()).digest()


def test_what_one_process_does_the_next_request_of_another_sees(workers: list[_Worker]) -> None:
    one, two = workers
    assert two.glance.token(_digest(PLAIN)) is None
    for token in (PLAIN, KEY):
        one.tokens.add(token, _digest(token))
        assert two.glance.token(_digest(token)) == token
    assert one.tokens.of(ALICE) == [PLAIN]
    assert two.tokens.deploying(REPO) == [KEY]
    assert (two.tokens.of(BOB), one.tokens.deploying(OTHER)) == ([], [])
    assert one.tokens.revoke("t1", did=BOB) is None
    assert one.tokens.revoke("k1", deploys=OTHER) is None
    assert one.tokens.revoke("t1", did=ALICE) == PLAIN
    assert two.tokens.revoke("k1", deploys=REPO) == KEY
    assert (two.glance.token(_digest(PLAIN)), one.glance.token(_digest(KEY))) == (None, None)


def test_a_token_s_use_is_written_once_a_minute_and_first_once(workers: list[_Worker]) -> None:
    one, two = workers
    one.tokens.add(PLAIN, _digest(PLAIN))
    assert [worker.tokens.used("t1", NOW + 5) for worker in (one, two, one)] == [True, False, False]
    assert two.tokens.of(ALICE) == [replace(PLAIN, used_ms=NOW + 5)]
    one.tokens.used("t1", NOW + 4 + USED_GRAIN_MS)
    assert two.tokens.of(ALICE)[0].used_ms == NOW + 5
    one.tokens.used("t1", NOW + 5 + USED_GRAIN_MS)
    assert two.tokens.of(ALICE)[0].used_ms == NOW + 5 + USED_GRAIN_MS
    assert not one.tokens.used("none", NOW)


def test_tokens_rest_with_their_account_and_go_with_it(workers: list[_Worker]) -> None:
    one, two = workers
    own = Token("o1", OPERATOR, "own", frozenset({"node:admin"}), None, NOW, None)
    for token in (PLAIN, KEY, own):
        one.tokens.add(token, _digest(token))
    one.people.set_standing(ALICE, "suspended")
    assert [two.glance.token(_digest(token)) for token in (PLAIN, KEY, own)] == [None, None, own]
    one.people.set_standing(ALICE, "active")
    assert two.glance.token(_digest(KEY)) == KEY
    one.people.erase(ALICE)
    assert (two.tokens.of(ALICE), two.tokens.deploying(REPO)) == ([], [])


def test_nobody_has_too_many(workers: list[_Worker]) -> None:
    tokens = workers[0].tokens
    for number in range(TOKENS_MAX):
        token = replace(PLAIN, id=f"t{number}", deploys=REPO if number % 2 else None)
        tokens.add(token, _digest(token))
    with pytest.raises(Conflict, match="200 tokens already"):
        tokens.add(replace(PLAIN, id="more"), b"d" * 32)
    tokens.add(replace(PLAIN, id="bobs", did=BOB), b"e" * 32)
