"""Reading a repository as nobody and by every door, one request after the other, in turn."""

from __future__ import annotations

import argparse
import secrets
import socket
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks._servers import call, node
from domain.keys import SigningKey
from domain.signature.request import Message, signed_fields, write_key_name
from gitant.recovery import seed_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NAME = "doors"
GOAL = "a token or cookie request ≤ 1.3 of an anonymous one; a signature request ≤ 2 ms more at the median"

PATH = "/api/v1/repos/attic"
Headers = dict[str, str]


class Person(NamedTuple):
    """Somebody with an account on the node."""

    did: str
    key: SigningKey
    session: str
    token: str


def main(argv: Sequence[str]) -> None:
    options = _options(argv)
    with (
        tempfile.TemporaryDirectory() as scratch,
        node(Path(scratch) / "node", {"GITANT_REGISTRATION": "open"}) as (address, token),
    ):
        call(address, token, "POST", "/api/v1/repos", {"name": "attic"})
        doors = _doors(address, token, _person(address))
        took: dict[str, list[float]] = {name: [] for name in doors}
        with socket.create_connection(address) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for turn in range(options.requests + options.warm_up):
                for name, headers in doors.items():
                    seconds = _timed(connection, address, headers())
                    if turn >= options.warm_up:
                        took[name].append(seconds)
    medians = {name: statistics.median(each) for name, each in took.items()}
    plain = medians["nobody"]
    for name, median in medians.items():
        more = 1_000 * (median - plain)
        print(f"{name:<10} median {1_000 * median:.3f} ms, {median / plain:.2f} of anonymous, {more:+.3f} ms")


def _person(address: tuple[str, int]) -> Person:
    words = {"username": "ada", "password": "the roof leaks again", "email": "ada@example.org"}
    made = call(address, "", "POST", "/api/v1/auth/register", words)
    session = call(address, "", "POST", "/api/v1/auth/login", words)["token"]
    token = call(address, session, "POST", "/api/v1/users/@me/tokens", {"name": "bench", "scopes": ["repo:read"]})
    return Person(made["user"]["did"], SigningKey(seed_of(made["recovery"])[0]), session, token["token"])


def _doors(address: tuple[str, int], operator: str, person: Person) -> dict[str, Callable[[], Headers]]:
    """By name, what each request of that sort says of who asks. Made before the clock runs."""

    def signed() -> Headers:
        message = Message("GET", "http", f"{address[0]}:{address[1]}", PATH, {})
        name = write_key_name(person.key.did, None)
        return signed_fields(message, person.key, name, int(time.time()), secrets.token_urlsafe(16))

    return {
        "nobody": dict,
        "operator": lambda: {"authorization": f"Bearer {operator}"},
        "token": lambda: {"authorization": f"Bearer {person.token}"},
        "session": lambda: {"authorization": f"Bearer {person.session}"},
        "cookie": lambda: {"cookie": f"gitant_session={person.session}"},
        "signature": signed,
    }


def _timed(connection: socket.socket, address: tuple[str, int], headers: Headers) -> float:
    """How long one request takes, from its first byte to the answer's last."""
    lines = [f"GET {PATH} HTTP/1.1", f"host: {address[0]}:{address[1]}", *(f"{k}: {v}" for k, v in headers.items())]
    asked = "\r\n".join([*lines, "", ""]).encode("latin-1")
    began = time.perf_counter()
    connection.sendall(asked)
    answer = b""
    while True:
        answer += connection.recv(1 << 16)
        head, blank, body = answer.partition(b"\r\n\r\n")
        if blank and len(body) >= _length(head):
            break
    seconds = time.perf_counter() - began
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"the node answered {answer[:400]!r}")
    return seconds


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {NAME} --")
    parser.add_argument("--requests", type=int, default=2_000, help="of each sort")
    parser.add_argument("--warm-up", type=int, default=200)
    return parser.parse_known_args(argv)[0]
