"""Addresses of peers: one text form, and a sentence for everything else."""

from __future__ import annotations

import pytest

from domain.errors import InvalidInput
from domain.keys import SigningKey
from transport.carrier.address import PeerAddress, Tcp, Web

DID = SigningKey(bytes(32)).did


@pytest.mark.parametrize(
    ("place", "meant", "shown"),
    [
        ("forge.example:4040", Tcp("forge.example", 4040), None),
        ("203.0.113.7:1", Tcp("203.0.113.7", 1), None),
        ("[2001:DB8::0:7]:65535", Tcp("2001:db8::7", 65535), "[2001:db8::7]:65535"),
        ("[fe80::1%eth0]:4040", Tcp("fe80::1%eth0", 4040), None),
        ("Forge.Example.:4040", Tcp("forge.example", 4040), "forge.example:4040"),
        ("wss://forge.example/peer", Web(True, "forge.example", 443, "/peer"), None),
        ("ws://[::1]:7777/peer", Web(False, "::1", 7777, "/peer"), None),
        ("WSS://forge.example:443", Web(True, "forge.example", 443, "/"), "wss://forge.example/"),
        ("ws://_git.forge.example/a/b", Web(False, "_git.forge.example", 80, "/a/b"), None),
    ],
)
def test_an_address_is_read_and_written(place: str, meant: Tcp | Web, shown: str | None) -> None:
    address = PeerAddress.parse(f" {DID}@{place}\n")
    assert address == PeerAddress(DID, meant)
    assert str(address) == f"{DID}@{shown or place}"
    assert PeerAddress.parse(str(address)) == address


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("forge.example:4040", "no @"),
        ("did:web:forge.example@forge.example:4040", "did:key"),
        (f"{DID[:-1]}@forge.example:4040", "sound Ed25519 key"),
        (f"{DID}@forge.example", "no port"),
        (f"{DID}@forge.example:0", "port from 1"),
        (f"{DID}@forge.example:65536", "port from 1"),
        (f"{DID}@forge.example:04040", "port from 1"),
        (f"{DID}@forge.example:-1", "port from 1"),
        (f"{DID}@2001:db8::7:4040", "without brackets"),
        (f"{DID}@[2001:db8::7:4040", "without its ]"),
        (f"{DID}@[2001:db8::7]4040", "between ]"),
        (f"{DID}@[2001:db8::g]:4040", "IPv6 address belongs"),
        (f"{DID}@[fe80::1%../x]:4040", "zone"),
        (f"{DID}@1.2.3.256:4040", "neither a name nor"),
        (f"{DID}@:4040", "host belongs"),
        (f"{DID}@forge..example:4040", "host belongs"),
        (f"{DID}@förge.example:4040", "host belongs"),
        (f"{DID}@forge.example\r\nx:4040", "host belongs"),
        (f"{DID}@user:pass@forge.example:4040", "without brackets"),
        (f"{DID}@https://forge.example/peer", "ws or wss"),
        (f"{DID}@wss://forge.example/peer?x=1", "path with characters"),
        (f"{DID}@wss://user@forge.example/peer", "host belongs"),
        (f"{DID}@forge.example:4040{' ' * 600}x", "longer than"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(text: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        PeerAddress.parse(text)
