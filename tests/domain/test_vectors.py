"""The published vectors, read as another implementation would read them, and the page that explains them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain import limits
from domain.authority.roles import BY_WORD
from domain.canonical import NotCanonical, decode, encode
from domain.envelope import RawEvent
from domain.errors import Rejected
from domain.header import GENESIS_FIELDS, KNOWN_FIELDS
from domain.keys import SigningKey, is_did, is_sound_key, is_sound_signature, verify
from domain.kinds import KINDS
from domain.policy import ACTIONS
from domain.verdict import CARRIES, REJECTIONS, VOIDS
from tests.docs_tables import (
    BUNDLE_PAGE,
    PAGE,
    REPLICATION_PAGE,
    ROLES_PAGE,
    bundle_tables,
    filled,
    replication_tables,
    role_tables,
)
from tests.making import Node
from tests.vectors import FOLDER, render, vectors

WRITTEN = {path.name: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
Row = dict[str, Any]


def rows(file: str, name: str = "cases") -> list[Any]:
    """Parameters from a file, with ids."""
    return [pytest.param(row, id=f"{row.get('code', '')} {row.get('name', '')}".strip()) for row in WRITTEN[file][name]]


def raw(row: Row) -> RawEvent:
    payload = row["payload"]
    return RawEvent(
        bytes.fromhex(row["header"]),
        bytes.fromhex(row["signature"]),
        None if payload is None else bytes.fromhex(payload),
    )


def node_with(file: str, log: list[str]) -> Node:
    node = Node()
    for name in log:
        applied = node.receive(raw(WRITTEN[file]["events"][name]))
        assert applied is not None
        assert applied.event.hex() == name
    return node


def test_the_files_are_what_the_code_makes() -> None:
    """If this fails after a change of the format: python -m tests.vectors."""
    made = vectors()
    assert set(made) == set(WRITTEN)
    for name, content in made.items():
        assert (FOLDER / name).read_text() == render(content), f"{name} is stale"


@pytest.mark.parametrize("row", rows("encoding.json", "taken"))
def test_taken(row: Row) -> None:
    data = bytes.fromhex(row["hex"])
    assert encode(decode(data)) == data


@pytest.mark.parametrize("row", rows("encoding.json", "refused"))
def test_refused(row: Row) -> None:
    with pytest.raises(NotCanonical):
        decode(bytes.fromhex(row["hex"]))


@pytest.mark.parametrize("row", rows("keys.json", "people"))
def test_people(row: Row) -> None:
    signer = SigningKey(bytes.fromhex(row["seed"]))
    assert (signer.device.hex(), signer.did) == (row["public"], row["did"])
    assert is_sound_key(signer.device)
    assert is_did(row["did"])


def test_weak_keys() -> None:
    for name in ("small_order", "not_canonical"):
        assert WRITTEN["keys.json"][name]
        for encoded in WRITTEN["keys.json"][name]:
            assert not is_sound_key(bytes.fromhex(encoded))


def test_signatures() -> None:
    people = {row["name"]: SigningKey(bytes.fromhex(row["seed"])) for row in WRITTEN["keys.json"]["people"]}
    for row in WRITTEN["keys.json"]["signatures"]:
        signature = bytes.fromhex(row["signature"])
        assert is_sound_signature(signature) == row["sound"]
        if row["sound"]:
            assert verify(people[row["by"]].device, signature, bytes.fromhex(row["message"]))


def test_accepted() -> None:
    node = Node()
    for row in WRITTEN["accepted.json"]["events"]:
        applied = node.receive(raw(row))
        assert applied is not None
        assert (applied.event.hex(), applied.verdict.standing) == (row["id"], "accepted")
    assert {row["kind"] for row in WRITTEN["accepted.json"]["events"]} == set(KINDS)


@pytest.mark.parametrize("row", rows("rejected.json"))
def test_rejected(row: Row) -> None:
    node = node_with("rejected.json", row["log"])
    with pytest.raises(Rejected) as refusal:
        node.receive(raw(row))
    assert refusal.value.reason == row["code"]


@pytest.mark.parametrize("row", rows("judged.json"))
def test_judged(row: Row) -> None:
    applied = node_with("judged.json", row["log"]).receive(raw(row))
    assert applied is not None
    assert applied.event.hex() == row["id"]
    assert applied.verdict.reason == row["code"]
    assert applied.verdict.standing == ("void" if row["code"] in VOIDS else "carried")


def test_every_code_has_a_vector() -> None:
    assert {row["code"] for row in WRITTEN["rejected.json"]["cases"]} == set(REJECTIONS)
    assert {row["code"] for row in WRITTEN["judged.json"]["cases"]} == {*VOIDS, *CARRIES}


def test_the_page_is_fresh() -> None:
    """If this fails: python -m tests.docs_tables."""
    assert filled(PAGE.read_text()) == PAGE.read_text()
    assert filled(ROLES_PAGE.read_text(), role_tables()) == ROLES_PAGE.read_text()
    assert filled(REPLICATION_PAGE.read_text(), replication_tables()) == REPLICATION_PAGE.read_text()
    assert filled(BUNDLE_PAGE.read_text(), bundle_tables()) == BUNDLE_PAGE.read_text()


def test_the_page_names_everything() -> None:
    page = PAGE.read_text()
    fields = {name for kind in KINDS.values() for name in kind.payload.__struct_fields__}
    names = {*KINDS, *REJECTIONS, *VOIDS, *CARRIES, *KNOWN_FIELDS, *GENESIS_FIELDS, *fields, *WRITTEN}
    names -= {"messages.json", "records.json", "bundles.json"}  # which are of other pages
    names |= {name for name in vars(limits) if name.isupper()}
    assert sorted(name for name in names if f"`{name}`" not in page) == []
    assert {role for row in ACTIONS.values() for role in row} <= {"author", "anyone", *BY_WORD}


def test_the_page_says_what_every_kind_does() -> None:
    effects = PAGE.read_text().split("What each does")[1].split("**Register.**")[0]
    for name in KINDS:
        sort, verb = name.split(".", 1)
        assert f"`{name}`" in effects or (f"`{sort}." in effects and f"`.{verb}`" in effects), name
