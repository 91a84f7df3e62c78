"""How a fetch reaches the other side: http(s), git://, or a pipe to git on this machine. Blocking, one thread each.

None of them unpacks an encoding, and none resolves a name: the door does, once.
"""

from __future__ import annotations

import http.client
import os
import ssl
import subprocess
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, final
from urllib.parse import unquote, urljoin, urlsplit

from domain.errors import Forbidden, InvalidInput, NotFound, Unauthenticated, Unavailable
from transport.git.pktline import pkt

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping, Sequence

    from transport.outbound.door import Door

REDIRECTS_MAX: Final = 5
CHUNK_BYTES: Final = 64 << 10
_SERVICE: Final = "/info/refs?service=git-upload-pack"
_PORTS: Final = {"http": 80, "https": 443, "git": 9418}
_HINT: Final = "give the address that `git clone` takes"


class Carrier(Protocol):
    """One fetch."""

    heading: bool
    """Whether HTTP's heading comes before the refs."""

    def refs(self) -> Iterator[bytes]:
        """The list of refs, piece by piece; the reader stops when it has it all."""
        ...

    def exchange(self, request: bytes) -> Iterator[bytes]:
        """The answer to the request, piece by piece."""
        ...

    def abort(self) -> None:
        """Make whatever is under way, in another thread, end with a fault."""

    def close(self) -> None:
        """Let go of everything."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """For one host only. Not shown by `repr`, so that no log or traceback has it."""

    user: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(…)"


@dataclass(frozen=True, slots=True)
class Place:
    """A repository's address, taken apart; `shown` is what may be told of it."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def shown(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{'' if self.port == _PORTS[self.scheme] else f':{self.port}'}{self.path}"


def read_url(text: str) -> tuple[Place, Credentials | None]:
    """A URL as people give it: where it leads, and as whom; raises `InvalidInput`."""
    if not text.isascii() or not text.isprintable() or any(char in text for char in ' "<>\\'):
        raise InvalidInput("the URL holds characters that a URL may not have", hint=_HINT, field="url")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise InvalidInput("that is no URL", hint=_HINT, field="url") from None
    if parts.scheme not in _PORTS:
        # The scheme alone: what a password stands in must not come back in an answer or a log.
        raise InvalidInput("only http://, https:// and git:// URLs are fetched", hint=_HINT, field="url")
    if not parts.hostname or port == 0 or "%" in parts.hostname:
        raise InvalidInput("the URL names no host", hint=_HINT, field="url")
    if parts.query or parts.fragment:
        raise InvalidInput("the URL has a query or a fragment", hint=_HINT, field="url")
    path = parts.path.rstrip("/")
    if not path or "\0" in path:
        raise InvalidInput("the URL names no repository", hint=_HINT, field="url")
    place = Place(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], path)
    if parts.username is None:
        return place, None
    if parts.scheme == "git":
        raise InvalidInput("git:// has no credentials", hint="use https://", field="url")
    return place, Credentials(unquote(parts.username), unquote(parts.password or ""))


def carrier_to(place: Place, credentials: Credentials | None, door: Door, agent: str) -> Carrier:
    """The carrier for an address."""
    if place.scheme == "git":
        return _Daemon(place, door)
    return _Http(place, credentials, door, agent)


@final
class _Http:
    heading = True

    def __init__(self, place: Place, credentials: Credentials | None, door: Door, agent: str) -> None:
        self._place = place
        self._credentials = credentials
        self._door = door
        self._agent = agent
        self._answer: http.client.HTTPResponse | None = None

    def refs(self) -> Iterator[bytes]:
        for _ in range(REDIRECTS_MAX + 1):
            answer = self._ask("GET", self._place.path + _SERVICE, None)
            if answer.status not in {301, 302, 303, 307, 308}:
                yield from self._body(answer, "application/x-git-upload-pack-advertisement")
                return
            self._follow(answer.headers.get("location", ""))
        raise InvalidInput(f"the address leads on more than {REDIRECTS_MAX} times", field="url")

    def exchange(self, request: bytes) -> Iterator[bytes]:
        answer = self._ask("POST", self._place.path + "/git-upload-pack", request)
        yield from self._body(answer, "application/x-git-upload-pack-result")

    def abort(self) -> None:
        self._door.close()

    def close(self) -> None:
        self._close_answer()
        self._door.close()

    def _close_answer(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None

    def _ask(self, method: str, path: str, body: bytes | None) -> http.client.HTTPResponse:
        place = self._place
        kind = _Tls if place.scheme == "https" else _Plain
        connection = kind(self._door, place.host, place.port)
        headers = {"User-Agent": f"git/{self._agent}", "Accept-Encoding": "identity", "Connection": "close"}
        if body is not None:
            headers["Content-Type"] = "application/x-git-upload-pack-request"
        if self._credentials is not None:
            secret = f"{self._credentials.user}:{self._credentials.password}".encode()
            headers["Authorization"] = f"Basic {b64encode(secret).decode()}"
        with _network_faults(place):
            connection.request(method, path, body, headers)
            self._close_answer()
            self._answer = connection.getresponse()
            return self._answer

    def _follow(self, location: str) -> None:
        old = self._place
        try:
            target = urljoin(old.shown + _SERVICE, location)
        except ValueError:
            raise InvalidInput("the address leads on to something that is no URL", hint=_HINT, field="url") from None
        if not target.endswith(_SERVICE):
            raise InvalidInput("the address leads to something that is no repository", hint=_HINT, field="url")
        place, credentials = read_url(target.removesuffix(_SERVICE))
        if place.scheme not in {"http", "https"} or (old.scheme, place.scheme) == ("https", "http"):
            raise Forbidden("the address leads on to one that is not encrypted, or no web address", field="url")
        if credentials is not None:
            raise Forbidden("the address leads on to one with credentials in it", field="url")
        if (place.scheme, place.host, place.port) != (old.scheme, old.host, old.port):
            self._credentials = None
        self._place = place

    def _body(self, answer: http.client.HTTPResponse, kind: str) -> Iterator[bytes]:
        place = self._place
        if answer.status in {401, 403}:
            hint = "give a user name and a password, or a token as the password"
            raise Unauthenticated(f"{place.host} wants other credentials ({answer.status})", hint=hint)
        if answer.status == 404:
            raise NotFound(f"{place.host} has no repository at {place.path}, or none for these credentials")
        if answer.status != 200:
            raise Unavailable(f"{place.host} answers {answer.status}", hint="try again later")
        if (
            answer.headers.get_content_type() != kind
            or answer.headers.get("content-encoding", "identity") != "identity"
        ):
            raise InvalidInput(f"{place.host} does not serve git's smart protocol there", hint=_HINT, field="url")
        with _network_faults(place):
            while data := answer.read1(CHUNK_BYTES):
                yield data


class _Plain(http.client.HTTPConnection):
    """Connects through the door, to an address that was checked."""

    def __init__(self, door: Door, host: str, port: int) -> None:
        super().__init__(host, port)
        self._door = door

    def connect(self) -> None:
        self.sock = self._door.connect(self.host, self.port)


class _Tls(_Plain):
    """The same with TLS: it is the name that the certificate has to fit."""

    default_port = 443

    def connect(self) -> None:
        super().connect()
        self.sock = self._door.secure(self.sock, self.host)


class _network_faults:  # noqa: N801 - reads like contextlib's
    """What goes wrong on the way, in words for a person."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        host = self._place.host
        if isinstance(fault, ssl.SSLCertVerificationError):
            raise Unavailable(f"the certificate of {host} cannot be trusted: {fault.verify_message}") from None
        if isinstance(fault, TimeoutError):
            raise Unavailable(f"{host} has said nothing for too long", hint="try again later") from None
        if isinstance(fault, OSError | http.client.HTTPException):
            raise Unavailable(f"the connection to {host} broke: {type(fault).__name__}", hint="try again") from None


@final
class _Daemon:
    heading = False

    def __init__(self, place: Place, door: Door) -> None:
        self._place = place
        self._door = door
        self._socket: socket.socket | None = None

    def refs(self) -> Iterator[bytes]:
        place = self._place
        self._socket = self._door.connect(place.host, place.port)
        host = f"[{place.host}]" if ":" in place.host else place.host
        with _network_faults(place):
            self._socket.sendall(pkt(f"git-upload-pack {place.path}\0host={host}:{place.port}\0".encode()))
        yield from self._pieces()

    def exchange(self, request: bytes) -> Iterator[bytes]:
        assert self._socket is not None
        with _network_faults(self._place):
            self._socket.sendall(request)
        yield from self._pieces()

    def abort(self) -> None:
        self._door.close()

    def close(self) -> None:
        self._door.close()

    def _pieces(self) -> Iterator[bytes]:
        assert self._socket is not None
        with _network_faults(self._place):
            while data := self._socket.recv(CHUNK_BYTES):
                yield data


@final
class Pipe:
    """`git upload-pack` of a folder on this machine; `words` starts it, in an environment of its own."""

    heading = False

    def __init__(self, words: Sequence[str], environment: Mapping[str, str]) -> None:
        self._child = subprocess.Popen(
            words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def refs(self) -> Iterator[bytes]:
        yield from self._pieces()

    def exchange(self, request: bytes) -> Iterator[bytes]:
        stdin = self._child.stdin
        assert stdin is not None
        try:
            stdin.write(request)
            stdin.flush()
        except OSError:
            pass  # it has ended, and what it says of that is read below
        yield from self._pieces()

    def abort(self) -> None:
        self._child.kill()

    def close(self) -> None:
        self._child.kill()
        self._child.communicate()

    def _pieces(self) -> Iterator[bytes]:
        stdout, stderr = self._child.stdout, self._child.stderr
        assert stdout is not None and stderr is not None  # noqa: PT018 - both are pipes
        while data := os.read(stdout.fileno(), CHUNK_BYTES):
            yield data
        said = os.read(stderr.fileno(), 4_096).decode("utf-8", "replace").strip()
        raise Unavailable(f"git cannot read that folder: {said[:500]}" if said else "git ended without a word")
