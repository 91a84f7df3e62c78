"""Accounts, sessions and kept keys at rest, as several processes see them."""

from __future__ import annotations

import hashlib
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.envelope import RawEvent
from domain.errors import Conflict, Unavailable
from domain.keys import SigningKey
from domain.ports_accounts import (
    DAY_MS,
    SESSION_IDLE_MS_MAX,
    SESSION_MS_MAX,
    SESSIONS_MAX,
    Account,
    KeptDevice,
    Session,
)
from storage.accounts.devices import SqliteDevices
from storage.accounts.known import SqliteKnown, SqliteNames
from storage.accounts.people import SqliteAccounts
from storage.accounts.sessions import SqliteSessions
from storage.accounts.shelf import Glance, make_accounts
from storage.kept import KeptFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from domain.ids import Did

NOW = 1_790_000_000_000
KEYS = [SigningKey(bytes([number]) * 32) for number in range(1, 6)]
EVENTS = [RawEvent(b"header", b"signature", b"payload"), RawEvent(b"second", b"signature", b"")]


class _Worker:
    """What one process has of the file."""

    def __init__(self, path: Path) -> None:
        self.file, self.glance = KeptFile(path), Glance(path)
        self.people, self.sessions = SqliteAccounts(self.file), SqliteSessions(self.file)
        self.devices = SqliteDevices(self.file, self.glance)
        self.known, self.names = SqliteKnown(self.glance), SqliteNames(self.glance)

    def close(self) -> None:
        self.file.close()
        self.glance.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file as a start leaves it."""
    made = tmp_path / "accounts.sqlite"
    make_accounts(made)
    return made


@pytest.fixture
def worker(path: Path) -> Iterator[_Worker]:
    """One process."""
    made = _Worker(path)
    yield made
    made.close()


@pytest.fixture
def other(path: Path) -> Iterator[_Worker]:
    """Another process."""
    made = _Worker(path)
    yield made
    made.close()


def _account(number: int, name: str, **more: object) -> Account:
    account = Account(KEYS[number].did, name, f"{name.lower()}@example.org", "active", NOW + number, "stretched")
    return replace(account, **more)  # type: ignore[arg-type]  # a test's own words


def _device(did: Did, number: int = 9) -> KeptDevice:
    return KeptDevice(SigningKey(bytes([number]) * 32).device, did, b"sealed", ((b"certificate", b"signature"),), NOW)


def _add(worker: _Worker, number: int, name: str, **more: object) -> Did:
    account = _account(number, name, **more)
    worker.people.add(account, _device(account.did, 100 + number), EVENTS)
    return account.did


def _session(did: Did, secret: str, *, at: int = NOW) -> tuple[Session, bytes]:
    session = Session(f"id-{secret}", did, "curl/8", "192.0.2.1", at, at, at + SESSION_MS_MAX)
    return session, hashlib.sha256(secret.encode()).digest()


def test_the_file_is_its_owners_and_nobody_makes_it_by_looking(path: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    absent = _Worker(tmp_path / "none.sqlite")
    assert absent.names.did_of("kay") is None
    with pytest.raises(Unavailable):
        absent.people.by_name("kay")
    assert not (tmp_path / "none.sqlite").exists()


def test_an_account_is_found_by_did_name_and_email_whatever_their_case(worker: _Worker) -> None:
    did = _add(worker, 0, "Kay")
    account = _account(0, "Kay")
    found = worker.people.by_did(did), worker.people.by_name("KAY"), worker.people.by_email("KAY@example.ORG")
    assert found == (account, account, account)
    assert worker.people.by_name("kai") is None


def test_a_name_in_another_case_is_the_same_name(worker: _Worker) -> None:
    _add(worker, 0, "Kay")
    with pytest.raises(Conflict, match="taken"):
        _add(worker, 1, "kAY")
    assert worker.people.count() == 1
    assert worker.devices.device_of(KEYS[1].did) is None, "nothing of it is left"


def test_a_race_for_a_name_has_one_winner(path: Path) -> None:
    workers = [_Worker(path) for _ in range(4)]

    def race(number: int) -> bool:
        try:
            _add(workers[number], number, "kay")
        except Conflict:
            return False
        return True

    try:
        with ThreadPoolExecutor() as pool:
            won = list(pool.map(race, range(4)))
        account = workers[0].people.by_name("kay")
        assert won.count(True) == 1
        assert account is not None
        assert account.did == KEYS[won.index(True)].did
    finally:
        for each in workers:
            each.close()


def test_the_oldest_of_those_who_gave_one_email_has_it(worker: _Worker) -> None:
    did = _add(worker, 0, "kay", email="both@example.org")
    _add(worker, 1, "eve", email="Both@example.org")
    account = worker.people.by_email("both@example.org")
    assert account is not None
    assert account.did == did


def test_events_are_kept_until_they_are_published(worker: _Worker) -> None:
    did = _add(worker, 0, "kay")
    assert worker.people.unpublished(did) == EVENTS
    worker.people.published(did)
    assert worker.people.unpublished(did) == []


def test_every_name_stays_reserved_after_renaming_and_erasing(worker: _Worker, other: _Worker) -> None:
    did = _add(worker, 0, "kay")
    assert other.names.name_of(did) == "kay"
    worker.people.rename(did, "Kai", NOW)
    assert (other.names.did_of("kay"), other.names.did_of("kai"), other.names.name_of(did)) == (did, did, "Kai")
    worker.people.erase(did)
    for name in ("kay", "KAI"):
        with pytest.raises(Conflict):
            _add(worker, 1, name)
    worker.people.rename(did, "kay", NOW)  # one's own old name is one's own
    erased = worker.people.by_did(did)
    assert erased is not None
    assert (erased.email, erased.password, erased.standing) == ("", "", "deleted")
    assert worker.devices.device_of(did) is None


def test_a_session_is_known_to_every_process_until_it_ends(worker: _Worker, other: _Worker) -> None:
    did = _add(worker, 0, "kay")
    session, digest = _session(did, "one")
    worker.sessions.begin(session, digest)
    assert other.known.session(digest, NOW) == session
    assert other.sessions.of(did, NOW) == [session]
    assert not other.sessions.end(KEYS[1].did, session.id), "it is somebody else's"
    assert worker.sessions.end(did, session.id)
    assert other.known.session(digest, NOW) is None


def test_a_session_ends_of_age_and_of_disuse(worker: _Worker) -> None:
    did = _add(worker, 0, "kay")
    session, digest = _session(did, "one")
    worker.sessions.begin(session, digest)
    assert worker.known.session(digest, NOW + SESSION_IDLE_MS_MAX - 1)
    assert worker.known.session(digest, NOW + SESSION_IDLE_MS_MAX) is None
    for days in range(20, 90, 20):
        worker.sessions.seen(session.id, NOW + days * DAY_MS)
    assert worker.known.session(digest, NOW + SESSION_MS_MAX - 1)
    assert worker.known.session(digest, NOW + SESSION_MS_MAX) is None
    assert worker.sessions.of(did, NOW + SESSION_MS_MAX) == []


def test_of_too_many_sessions_the_least_used_ends(worker: _Worker) -> None:
    did = _add(worker, 0, "kay")
    for number in range(SESSIONS_MAX + 2):
        worker.sessions.begin(*_session(did, f"{number}", at=NOW + number))
    left = worker.sessions.of(did, NOW)
    assert len(left) == SESSIONS_MAX
    assert {"id-0", "id-1"}.isdisjoint(session.id for session in left)


@pytest.mark.parametrize("standing", ["waiting", "suspended", "deleted"])
def test_who_is_not_active_has_no_session_and_gets_none(worker: _Worker, other: _Worker, standing: str) -> None:
    did = _add(worker, 0, "kay")
    worker.sessions.begin(*_session(did, "one"))
    worker.people.set_standing(did, standing)  # type: ignore[arg-type]  # one of them
    worker.sessions.begin(*_session(did, "two"))
    for secret in ("one", "two"):
        assert other.known.session(_session(did, secret)[1], NOW) is None
    assert not other.known.is_active(did)
    assert other.known.is_active(KEYS[4].did), "who has no account here is none of its business"
    worker.people.set_standing(did, "active")
    assert other.known.session(_session(did, "one")[1], NOW) is None, "it does not come back"


def test_another_password_ends_all_sessions(worker: _Worker) -> None:
    did = _add(worker, 0, "kay")
    for secret in ("one", "two"):
        worker.sessions.begin(*_session(did, secret))
    worker.people.set_password(did, "another")
    assert worker.sessions.of(did, NOW) == []
    worker.people.strengthen(did, "stretched", "too late")
    account = worker.people.by_did(did)
    assert account is not None
    assert account.password == "another"


def test_a_reset_code_works_once_and_for_a_while(worker: _Worker) -> None:
    did = _add(worker, 0, "kay")
    worker.sessions.begin(*_session(did, "one"))
    digest = hashlib.sha256(b"code").digest()
    worker.people.set_reset(did, digest, NOW + DAY_MS)
    account = worker.people.by_did(did)
    assert account is not None
    assert (account.password, worker.sessions.of(did, NOW)) == ("", [])
    assert not worker.people.take_reset(did, hashlib.sha256(b"guess").digest(), "new", NOW)
    assert not worker.people.take_reset(did, digest, "new", NOW + DAY_MS)
    assert worker.people.take_reset(did, digest, "new", NOW + DAY_MS - 1)
    assert not worker.people.take_reset(did, digest, "newer", NOW)


def test_a_custodial_device_is_kept_enrolled_and_dropped(worker: _Worker, other: _Worker) -> None:
    did = KEYS[0].did
    pending = replace(_device(did), chain=None)
    worker.devices.keep(pending)
    assert other.devices.device_of(did) is None
    assert other.devices.device(pending.device) == pending
    worker.devices.keep(_device(did))
    assert other.devices.device_of(did) == _device(did)
    worker.devices.drop(pending.device)
    assert other.devices.device_of(did) is None


def test_accounts_are_listed_by_name(worker: _Worker) -> None:
    for number, name in enumerate(("kay", "ann", "eve")):
        _add(worker, number, name, standing="waiting" if name == "eve" else "active")
    assert [account.name for account in worker.people.page()] == ["ann", "eve", "kay"]
    assert [account.name for account in worker.people.page(after="ann", limit=1)] == ["eve"]
    assert [account.name for account in worker.people.page(standing="waiting")] == ["eve"]
    assert (worker.people.count(), worker.people.count("waiting")) == (3, 1)
