"""What every request passes first: its id, its Host, its address, its rate."""

from __future__ import annotations

import asyncio
import contextvars
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest
from structlog.contextvars import merge_contextvars

from api.entrance.buckets import SETS, Buckets, Rate
from api.entrance.clients import Clients
from api.entrance.entrance import REQUEST_ID, Entrance
from api.entrance.hosts import Hosts
from api.faults import UnknownHost
from domain.actor import Actor
from domain.errors import TooLarge, Unauthenticated
from domain.ids import Did
from tests.api.client import Client, http_to
from tests.api.node import Node, node_on

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.ports import Asked


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


# --- ids ---


def test_every_answer_has_an_id_and_every_problem_names_it(api: Client, anyone: Client) -> None:
    first, second = (api.get("/api/v1/version").headers["x-request-id"] for _ in range(2))
    assert first != second
    for path, status in (("/nowhere", 404), ("/api/v1/repos?page=2", 422), ("/api/v1/repos/none", 404)):
        answer = anyone.get(path, status)
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
    kept = anyone.get("/nowhere", 404, headers={"x-request-id": "trace/7f:1"})
    assert kept.json()["request_id"] == kept.headers["x-request-id"] == "trace/7f:1"


@pytest.mark.parametrize("given", ['a"b', "a b", "x" * 129, "é", "", "a\x7f"])
def test_an_id_that_would_do_harm_is_replaced(anyone: Client, given: str) -> None:
    answer = anyone.get("/nowhere", 404, headers={"x-request-id": given.encode("latin-1")})
    assert answer.headers["x-request-id"] != given
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_a_log_line_of_a_request_has_its_id() -> None:
    """By what `gitant.log` merges into every line."""
    entrance = Entrance(_Doors())
    scope: dict[str, Any] = {}
    told = contextvars.copy_context().run(
        lambda: (entrance.name(scope, {}), merge_contextvars(None, "info", {"event": "x"}))
    )
    assert told == (scope[REQUEST_ID].encode(), {"event": "x", "request_id": scope[REQUEST_ID]})


# --- names ---


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST:7777", "127.0.0.1", "127.9.9.9:80", "[::1]:7777", "a.localhost", "", "localhost."),
        *("forge.example", "Forge.Example:443", "x.team.example", "[fd00::1]:7777"),
    ],
)
def test_names_of_this_node(host: str) -> None:
    Hosts(["forge.example", ".team.example", "fd00::1"]).check(host.encode())


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "team.example", "10.0.0.1", "0.0.0.0"),
        *("notlocalhost", "forge.example.evil", "[fd00::2]", "forge.example@evil", "evil:forge.example", " "),
    ],
)
def test_names_of_others(host: str) -> None:
    with pytest.raises(UnknownHost):
        Hosts(["forge.example", ".team.example", "fd00::1"]).check(host.encode())


# --- addresses ---


@pytest.mark.parametrize(
    ("peer", "headers", "name"),
    [
        ("9.9.9.9", {}, "9.9.9.9"),
        ("9.9.9.9", {"x-forwarded-for": "1.1.1.1"}, "9.9.9.9"),
        ("127.0.0.1", {"x-forwarded-for": "1.1.1.1"}, "1.1.1.1"),
        ("127.0.0.1", {"x-forwarded-for": "6.6.6.6, 1.1.1.1"}, "1.1.1.1"),
        ("127.0.0.1", {"x-forwarded-for": "6.6.6.6, 1.1.1.1:4711, 10.1.1.1, 127.0.0.1"}, "1.1.1.1"),
        ("127.0.0.1", {"x-forwarded-for": "6.6.6.6, garbage"}, "127.0.0.1"),
        ("127.0.0.1", {"x-forwarded-for": ""}, "127.0.0.1"),
        ("::1", {"forwarded": 'for=6.6.6.6, for="[2001:db8:1:2:3::4]:80";proto=https'}, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", {}, "2001:db8:1:2::/64"),
        ("::ffff:9.9.9.9", {}, "9.9.9.9"),
        ("127.0.0.1", {"x-forwarded-for": ", ".join(["10.0.0.1"] * 99)}, "10.0.0.1"),
        ("", {}, "elsewhere"),
    ],
)
def test_whose_address_it_is(peer: str, headers: dict[str, str], name: str) -> None:
    clients = Clients(map(ip_network, ["127.0.0.0/8", "::1/128", "10.0.0.0/8"]))
    assert clients.name(peer, {key.encode(): value.encode() for key, value in headers.items()}) == name


# --- rates ---


def test_a_bucket_empties_and_fills() -> None:
    clock = Clock()
    buckets = Buckets.in_memory(now=clock)
    rate = Rate(10, 50)
    assert rate.window_s == 5
    taken = [buckets.take("a", rate) for _ in range(50)]
    assert [(each.ok, each.left) for each in taken] == [(True, left) for left in range(49, -1, -1)]
    refused = buckets.take("a", rate)
    assert (refused.ok, refused.left) == (False, 0)
    assert refused.again_after_s == pytest.approx(0.1)
    assert refused.full_after_s == pytest.approx(5)
    assert buckets.take("b", rate).left == 49
    clock.now += 1
    assert [buckets.take("a", rate).ok for _ in range(11)] == [True] * 10 + [False]
    clock.now += 5
    assert buckets.take("a", rate).left == 49


def test_in_the_long_run_it_is_the_rate() -> None:
    clock = Clock()
    buckets = Buckets.in_memory(now=clock)
    taken = 0
    for _ in range(10_000):
        clock.now += 0.01
        taken += buckets.take("greedy", Rate(20, 200)).ok
    assert taken == pytest.approx(200 + 100 * 20, abs=1)


def test_two_workers_share_a_table_and_a_restart_of_the_machine_locks_nobody_out(tmp_path: Path) -> None:
    one, two = (Buckets.shared(tmp_path / "rates", b"secret") for _ in range(2))
    rate = Rate(1, 100)
    left = [buckets.take("a", rate).left for _ in range(20) for buckets in (one, two)]
    assert left == sorted(left, reverse=True)
    assert left[-1] <= 61
    clock = Clock()
    clock.now = -1e9  # as if the machine's clock had begun anew
    shared = bytearray((tmp_path / "rates").read_bytes())
    assert Buckets(shared, b"secret", now=clock).take("a", rate).left == 99


def test_the_table_does_not_grow_and_forgets_who_has_asked_least() -> None:
    clock = Clock()
    buckets = Buckets.in_memory(now=clock)
    rate = Rate(1, 10)
    for _ in range(10):
        buckets.take("greedy", rate)
    for number in range(SETS):
        buckets.take(f"stranger {number}", rate)
    assert not buckets.take("greedy", rate).ok


class _Doors:
    """Two credentials are known: the operator's, and somebody's."""

    async def actor(self, asked: Asked) -> Actor:
        known = {"Bearer op": Actor(Did("did:key:zOp"), operator=True), "Bearer me": Actor(Did("did:key:zMe"))}
        authorization = asked.header(b"authorization")
        if authorization not in known:
            raise Unauthenticated("these credentials are not valid here")
        return known[authorization]


@pytest.fixture
def counting(tmp_path: Path) -> Iterator[tuple[Client, Clock]]:
    """A node that counts: three at once for an address, five for somebody with credentials."""
    clock = Clock()
    with node_on(tmp_path / "node") as made:
        entrance = Entrance(
            _Doors(),
            clients=Clients([]),
            buckets=Buckets.in_memory(now=clock),
            anonymous=Rate(1, 3),
            principal=Rate(1, 5),
        )
        with http_to(_with(made, entrance)) as http:
            yield Client(http, operator=False), clock


def _with(node: Node, entrance: Entrance) -> Any:
    from dataclasses import replace

    from api.app import create_app

    return create_app(replace(node.ports, entrance=entrance))


def test_who_asks_too_often_is_told_when_to_come_again(counting: tuple[Client, Clock]) -> None:
    client, clock = counting
    for left in (2, 1, 0):
        answer = client.get("/api/v1/version")
        assert answer.headers["ratelimit-policy"] == '"anonymous";q=3;w=3'
        assert answer.headers["ratelimit"] == f'"anonymous";r={left};t={3 - left}'
    refused = client.get("/api/v1/version", 429)
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["ratelimit"].startswith('"anonymous";r=0')
    problem = refused.json()
    assert (problem["type"], problem["request_id"]) == ("/problems/rate-limited", refused.headers["x-request-id"])
    client.get("/live")  # whoever watches over the node is not counted
    # Guessing at credentials is asking, too; but who has some is let in whatever else comes from that address.
    client.get("/api/v1/version", 429, headers={"authorization": "Bearer guess"})
    assert "ratelimit" not in client.get("/api/v1/version", headers={"authorization": "Bearer op"}).headers
    mine = client.get("/api/v1/version", headers={"authorization": "Bearer me"})
    assert mine.headers["ratelimit"] == '"principal";r=4;t=1'
    clock.now += 1
    client.get("/api/v1/version")
    client.get("/api/v1/version", 429)
    clock.now += 1
    client.get("/api/v1/version", 401, headers={"authorization": "Bearer guess"})


def test_the_operator_is_never_counted(counting: tuple[Client, Clock]) -> None:
    client, _ = counting
    for _ in range(20):
        client.get("/api/v1/version", headers={"authorization": "Bearer op"})
    for left in (4, 3, 2, 1, 0):
        answer = client.get("/api/v1/version", headers={"authorization": "Bearer me"})
        assert answer.headers["ratelimit"].startswith(f'"principal";r={left}')
    client.get("/api/v1/version", 429, headers={"authorization": "Bearer me"})


class _NeverAsked:
    """A door that is not to be asked."""

    async def actor(self, asked: Asked) -> Actor:
        raise AssertionError(asked)


@pytest.mark.parametrize("length", ["1001", "9" * 40, "many"])
def test_a_body_that_no_route_takes_is_refused_before_a_signature_is_looked_at(length: str) -> None:
    entrance = Entrance(_NeverAsked(), clients=Clients([]), body_bytes_max=1_000)
    headers = {b"signature": b"sig=:AA==:", b"signature-input": b"sig=()", b"content-length": length.encode()}
    scope = {"path": "/api/v1/repos", "client": ("192.0.2.7", 4), "method": "POST", "query_string": b""}
    with pytest.raises(TooLarge):
        asyncio.run(entrance.admit(scope, headers, []))
    with pytest.raises(AssertionError):
        asyncio.run(entrance.admit(scope, {**headers, b"content-length": b"1000"}, []))
