"""Pushes made by hand, for what stock git would never send."""

from __future__ import annotations

import base64
import socket
from typing import TYPE_CHECKING

from domain.ports_git import ZERO_OID
from tests.transport.git.gate import PASSWORD
from transport.git.pktline import FLUSH, pkt, split_pkt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.transport.git.conftest import Answer, Node

PATH = "/operator/demo.git/git-receive-pack"
AUTHORIZATION = "Basic " + base64.b64encode(f"x:{PASSWORD}".encode()).decode()
HEADERS = {"Content-Type": "application/x-git-receive-pack-request", "Authorization": AUTHORIZATION}


def commands(*lines: tuple[str, str] | tuple[str, str, str], capabilities: str = "report-status") -> bytes:
    """The first section of a push; a line is (ref, new) or (ref, new, old)."""
    packets: list[bytes] = []
    for number, line in enumerate(lines):
        ref, new, old = line if len(line) == 3 else (*line, ZERO_OID)
        words = f"\0{capabilities}" if number == 0 else ""
        packets.append(pkt(f"{old} {new} {ref}{words}".encode("utf-8", "surrogateescape")))
    return b"".join(packets) + FLUSH


def post(node: Node, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    return node.http("POST", PATH, body, {**HEADERS, **(headers or {})})


def push(node: Node, ref: str, tip: str, pack: bytes, **headers: str) -> list[str]:
    """The lines of the report."""
    answer = post(node, commands((ref, tip)) + pack, headers)
    assert answer.status == 200, answer
    return report(answer.body)


def report(body: bytes) -> list[str]:
    lines: list[str] = []
    at = 0
    while at < len(body):
        found = split_pkt(body, at)
        assert found is not None
        line, at = found
        if line is not None:
            lines.append(line.decode("utf-8", "surrogateescape").removesuffix("\n"))
    return lines


def open_push(node: Node, pieces: Iterable[bytes]) -> socket.socket:
    """Begin a chunked push and leave it open."""
    connection = socket.create_connection(("127.0.0.1", node.port))
    head = [f"POST {PATH} HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked"]
    head += [f"{name}: {value}" for name, value in HEADERS.items()]
    connection.sendall("\r\n".join([*head, "", ""]).encode())
    for piece in pieces:
        connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
    return connection
