"""Keys that a node keeps for others: what seals them, when they sign, and the principals they are made for."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher

from domain.authority.enrolment import RANK_PLAIN
from domain.envelope import open_event
from domain.errors import Damaged
from domain.ids import StreamId
from domain.keys import SigningKey
from domain.ports_accounts import Account
from gitant.custody import Custody, Vault
from gitant.passwords import Passwords
from gitant.reception.making import make_principal
from gitant.reception.parts import AccountParts
from gitant.recovery import seed_of
from storage.accounts.shelf import make_accounts
from storage.datadir import DataDir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NODE = SigningKey(b"\x01" * 32)
NOW = 1_790_000_000_000


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[AccountParts]:
    make_accounts(tmp_path / "accounts.sqlite")
    parts = AccountParts(DataDir(tmp_path))
    yield parts
    parts.close()


def test_what_one_node_sealed_for_one_device_opens_nowhere_else() -> None:
    vault, seed = Vault(b"\x01" * 32), b"\x02" * 32
    device, sealed = vault.seal(seed)
    assert seed not in sealed
    assert vault.open(device, sealed).device == device == SigningKey(seed).device
    other, _ = vault.seal(b"\x03" * 32)
    for another, whose, kept in (
        (vault, other, sealed),
        (Vault(b"\x04" * 32), device, sealed),
        (vault, device, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (vault, device, b""),
    ):
        with pytest.raises(Damaged, match="cannot be unsealed"):
            another.open(whose, kept)


def test_a_principal_is_made_whole_and_its_root_key_is_in_the_recovery_line_alone() -> None:
    vault = Vault(b"\x01" * 32)
    made = make_principal("kay", "Kay", node=NODE.did, vault=vault, now_ms=NOW, random_bytes=random.Random(1).randbytes)
    events = [open_event(raw) for raw in made.events]
    seed, chain = seed_of(made.recovery)
    assert (SigningKey(seed).did, chain) == (made.did, ())
    assert [event.kind.split(".")[1] for event in events] == ["created", "device_enrolled", "described"]
    assert {event.author for event in events} == {made.did}
    assert [event.seq for event in events] == [1, 2, 3]
    kept = vault.open(made.device.device, made.device.sealed)
    assert kept.did != made.did
    held = b"".join((made.device.sealed, *(part for link in made.device.chain or () for part in link)))
    held += b"".join(raw.header + (raw.payload or b"") for raw in made.events)
    assert seed not in held


def test_a_pen_is_handed_out_while_its_account_is_active_and_its_key_is_kept(parts: AccountParts) -> None:
    vault = Vault(b"\x01" * 32)
    custody = Custody(parts.devices, parts.known, vault)
    made = make_principal("kay", "", node=NODE.did, vault=vault, now_ms=NOW, random_bytes=random.Random(1).randbytes)
    assert custody.pen(made.did) is None
    parts.people.add(Account(made.did, "kay", "", "active", NOW, "x"), made.device, made.events)
    pen = custody.pen(made.did)
    assert pen is not None
    enrolment = pen.enrolment(StreamId(b"\x07" * 32))
    assert (enrolment.principal, enrolment.node, enrolment.rank, enrolment.fault) == (
        made.did,
        NODE.did,
        RANK_PLAIN,
        "",
    )
    assert custody.pen(made.did) is pen
    parts.people.set_standing(made.did, "suspended")
    assert custody.pen(made.did) is None
    parts.people.set_standing(made.did, "active")
    assert custody.pen(made.did) is not None
    parts.devices.drop(made.device.device)
    assert custody.pen(made.did) is None


def test_a_password_fits_what_was_made_of_it_and_nothing_else() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=16, parallelism=1))

    async def run() -> None:
        kept = await passwords.stretched("many small drawers")
        assert kept.startswith("$argon2id$")
        assert await passwords.fits(kept, "many small drawers")
        for wrong in ("many small drawer", "", "Many small drawers"):
            assert not await passwords.fits(kept, wrong)
        for nothing in ("", "damaged"):
            assert not await passwords.fits(nothing, "nobody has this one")
        old = weak.hash("many small drawers")
        assert await passwords.fits(old, "many small drawers")
        assert (passwords.is_weak(old), passwords.is_weak(kept)) == (True, False)

    asyncio.run(run())
