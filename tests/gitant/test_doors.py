"""Who is asking, and what git may do: the operator's door and the gate behind git's URLs."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from api.ports import Asked
from domain.actor import ANONYMOUS, Actor
from domain.errors import Conflict, Forbidden, LocalFault, NotFound, Unauthenticated
from domain.ids import StreamId
from domain.ports_git import ZERO_OID, RefCommand, RepoAddress
from gitant.doors.every import EveryDoor
from gitant.doors.operator import OperatorDoor
from gitant.gitgate import NodeGate
from gitant.writer.request import Request
from tests.gitant.writer.world import KEY, ME, STRANGER, World, make_world

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from domain.ports_views import Answer

TOKEN = "gat_" + "x" * 43
DOOR = EveryDoor([OperatorDoor(TOKEN, KEY.did)])
OTHER = Actor(STRANGER.did)


def _asked(authorization: str) -> Asked:
    return Asked({b"authorization": authorization.encode("utf-8", "surrogatepass")})


def _basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {TOKEN}",
        f"bearer  {TOKEN} ",
        f"token {TOKEN}",
        _basic("anyone", TOKEN),
        _basic("", TOKEN),
        _basic(TOKEN, ""),
        _basic(TOKEN, "x-oauth-basic"),
    ],
)
def test_the_token_opens_the_door(header: str) -> None:
    assert asyncio.run(DOOR.actor(_asked(header))) == Actor(KEY.did, operator=True, door="operator")


def test_nobody_is_nobody() -> None:
    assert asyncio.run(DOOR.actor(Asked({}))) is ANONYMOUS


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        "Bearer ü\udcff",
        f"Basic {TOKEN}",
        "Basic ü",
        "Basic !!!!",
        _basic("operator", "wrong"),
        _basic(":", TOKEN),
        f"Digest {TOKEN}",
        "Bearer " + "x" * 5_000,
    ],
)
def test_anything_else_does_not(header: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        asyncio.run(DOOR.actor(_asked(header)))
    assert "gitant token" in caught.value.hint
    assert TOKEN not in str(caught.value)


class Straight:
    """`Writer` that asks the core without a wire."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def send(
        self, command: str, actor: Actor, args: Mapping[str, Any], *, idempotency: tuple[bytes, bytes] | None = None
    ) -> Answer:
        (outcome,) = self._world.core.execute([Request(command, actor, args, idempotency)])
        if isinstance(outcome, LocalFault):
            raise outcome
        return outcome


@pytest.fixture
def world(tmp_path: Path) -> Generator[World]:
    world = make_world(tmp_path)
    yield world
    world.close()


def _gate(world: World) -> NodeGate:
    return NodeGate(world.views, Straight(world), DOOR)


def _address(repo: bytes) -> RepoAddress:
    return RepoAddress(StreamId(repo), "main")


def test_a_public_repository_is_anyone_s_to_read(world: World) -> None:
    repo = world.repo("attic", default_branch="trunk")
    for path in ("operator/attic", repo.hex(), "attic", "operator~attic"):
        for actor in (ANONYMOUS, OTHER, ME):
            found = asyncio.run(_gate(world).readable(actor, path))
            assert found == RepoAddress(StreamId(repo), "trunk")


@pytest.mark.parametrize("path", ["operator/secret", "operator/missing", "secret", "missing", "00" * 32])
def test_private_and_missing_look_the_same_to_those_outside(world: World, path: str) -> None:
    world.repo("secret", private=True)
    gate = _gate(world)
    with pytest.raises(Unauthenticated) as anonymous:
        asyncio.run(gate.readable(ANONYMOUS, path))
    assert anonymous.value.message == "there is nothing here to see without credentials"
    with pytest.raises(NotFound):
        asyncio.run(gate.readable(OTHER, path))


def test_a_private_repository_is_the_operator_s(world: World) -> None:
    repo = world.repo("secret", private=True)
    assert asyncio.run(_gate(world).readable(ME, "operator/secret")).id == repo


def test_who_may_push(world: World) -> None:
    gate, repo = _gate(world), _address(world.repo())
    asyncio.run(gate.writable(ME, repo))
    with pytest.raises(Unauthenticated):
        asyncio.run(gate.writable(ANONYMOUS, repo))
    with pytest.raises(Forbidden):
        asyncio.run(gate.writable(OTHER, repo))


def test_nobody_pushes_to_an_archived_repository(world: World) -> None:
    repo = world.repo()
    world.run("repository.edit", repo=repo, archived=True)
    with pytest.raises(Conflict, match="attic is archived"):
        asyncio.run(_gate(world).writable(ME, _address(repo)))


def test_nobody_pushes_to_a_deleted_repository(world: World) -> None:
    repo = world.repo()
    world.run("repository.delete", repo=repo)
    with pytest.raises(NotFound):
        asyncio.run(_gate(world).writable(ME, _address(repo)))


def test_a_push_comes_back_with_one_outcome_each(world: World) -> None:
    gate, repo = _gate(world), _address(world.repo())
    commands = [RefCommand("refs/heads/main", ZERO_OID, "12" * 20), RefCommand("refs/heads/gone", "34" * 20, ZERO_OID)]
    outcomes = asyncio.run(gate.push(ME, repo, commands, quarantine=None, atomic=False))
    assert [outcome.ref for outcome in outcomes] == ["refs/heads/main", "refs/heads/gone"]
    assert all(outcome.reason for outcome in outcomes)
