"""Nodes that find each other on a local network, by real multicast over the loopback interface."""

from __future__ import annotations

import signal
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest
import trio
from zeroconf import ServiceInfo

from gitant.network.lan import ADDRESSES_PER_NODE_MAX, SERVICE, Lan, addresses_in
from tests.gitant.network.meeting import Member
from tests.gitant.running import PATIENCE_S
from tests.making import key
from transport.carrier.address import PeerAddress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OTHER = PeerAddress.parse(f"{key('ann').did}@127.0.0.1:4041")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Member]:
    node = Member(tmp_path / "node", "--mdns")
    try:
        node.wait_ready()
        yield node
    finally:
        node.end(signal.SIGTERM)


def test_a_node_is_found_and_finds_others(node: Member) -> None:
    found = set[str]()

    def known() -> list[Any]:
        return [peer for peer in node.ask("GET", "/peers")["peers"] if peer["did"] == OTHER.did]

    async def main() -> None:
        with trio.fail_after(PATIENCE_S):
            async with trio.open_nursery() as nursery:
                lan = Lan(OTHER.did, "127.0.0.1", [OTHER], lambda address: found.add(str(address)))
                nursery.start_soon(lan.run)
                while node.peer_address() not in found or not await trio.to_thread.run_sync(known):  # noqa: ASYNC110
                    await trio.sleep(0.1)
                nursery.cancel_scope.cancel()

    trio.run(main)
    assert str(OTHER) not in found, "nobody finds himself"
    (peer,) = known()
    assert (peer["source"], peer["addresses"], peer["connected"]) == ("mdns", [str(OTHER)], False)


def announced(did: bytes, *hosts: str, port: int = 4040) -> ServiceInfo:
    addresses = [ip_address(host).packed for host in hosts]
    return ServiceInfo(SERVICE, f"x.{SERVICE}", addresses=addresses, port=port, properties={b"did": did})


def test_an_announcement_may_say_anything() -> None:
    did = OTHER.did.encode()
    assert [str(each) for each in addresses_in(announced(did, "192.168.7.20"))] == [f"{OTHER.did}@192.168.7.20:4040"]
    for wrong in (b"", b"\xff", b"did:key:z6Mk", b"did:web:example.org", did + b"\n", b"x" * 200):
        assert addresses_in(announced(wrong, "192.168.7.20")) == []
    for nowhere in ("0.0.0.0", "224.0.0.251", "240.0.0.1"):
        assert addresses_in(announced(did, nowhere)) == []
    many = [f"192.168.7.{number}" for number in range(1, 50)]
    assert len(addresses_in(announced(did, *many))) == ADDRESSES_PER_NODE_MAX
    assert addresses_in(announced(did, "192.168.7.20", port=0)) == []
