"""Wires over TCP, and through HTTP ports: where connections really go."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, final

import trio

from domain.errors import Unavailable
from transport.carrier.address import Tcp
from transport.carrier.ground import Reached
from transport.carrier.seam import Why, WireClosed
from transport.carrier.websocket import upgraded

if TYPE_CHECKING:
    from transport.carrier.address import Web
    from transport.carrier.ground import Taker
    from transport.carrier.seam import Admits

ADDRESSES_MAX: Final = 8
_STAGGER_S: Final = 0.25
"""How long one address of a name may take before the next is tried beside it (RFC 8305)."""
_BACKLOG: Final = 256
_AHEAD_BYTES: Final = 128 << 10


@final
class Sockets:
    """`Ground` of this machine. `trust` says whose certificates a wss address may show; the system's, if not given."""

    def __init__(self, trust: ssl.SSLContext | None = None) -> None:
        self._trust = trust

    async def connect(self, place: Tcp | Web, admits: Admits | None) -> Reached:
        """Resolve the name once, ask whether each of its addresses may be dialled, and take the first that answers."""
        addresses = await _resolved(place.host, place.port)
        for address in addresses:
            if admits is not None and not admits(place.host, ip_address(address)):
                raise WireClosed(Why.UNREACHABLE, f"{place.host} is at {address}, which this node does not dial")
        stream = await _first_of(addresses, place)
        _let_ahead(stream)
        if isinstance(place, Tcp):
            return Reached(stream, *_far_end(stream))
        try:
            return Reached(await self._through(place, stream), place.host, str(place))
        except BaseException:
            await trio.aclose_forcefully(stream)
            raise

    async def listen(self, host: str, port: int, take: Taker, ears: trio.Nursery, tasks: trio.Nursery) -> int:
        """Listen on all addresses of a host; on the first only if the port is to be chosen."""
        try:
            listeners = await trio.open_tcp_listeners(port, host=host, backlog=_BACKLOG)
        except OSError as fault:
            raise Unavailable(
                f"{host}:{port} cannot be listened on: {fault.strerror or fault}",
                hint="choose another --peer-port, or 0 for none",
            ) from fault

        if not port:
            for other in listeners[1:]:
                await other.aclose()
            del listeners[1:]

        async def each(stream: trio.SocketStream) -> None:
            _let_ahead(stream)
            try:
                reached = Reached(stream, *_far_end(stream))
            except WireClosed:
                return  # it was gone before anybody looked
            await take(reached)

        ears.start_soon(partial(trio.serve_listeners, each, listeners, handler_nursery=tasks))
        return int(listeners[0].socket.getsockname()[1])

    async def _through(self, place: Web, stream: trio.SocketStream) -> trio.abc.Stream:
        outer: trio.abc.Stream = stream
        if place.secure:
            trust = self._trust or ssl.create_default_context()
            outer = trio.SSLStream(stream, trust, server_hostname=place.host, https_compatible=True)
        try:
            return await upgraded(outer, place)
        except trio.BrokenResourceError as fault:
            cause = fault.__cause__
            if isinstance(cause, ssl.SSLError):
                raise WireClosed(Why.UNREACHABLE, f"{place} has no certificate that holds: {cause.reason}") from fault
            raise WireClosed(Why.UNREACHABLE, f"{place} hung up") from fault


async def _resolved(host: str, port: int) -> list[str]:
    try:
        found = await trio.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as fault:
        raise WireClosed(Why.UNREACHABLE, f"the name {host} cannot be resolved") from fault
    return list(dict.fromkeys(str(each[4][0]) for each in found))[:ADDRESSES_MAX]


async def _first_of(addresses: list[str], place: Tcp | Web) -> trio.SocketStream:
    """Try addresses one after the other, not waiting long for any; the first connection counts."""
    won: list[trio.SocketStream] = []
    faults: list[OSError] = []
    failed = [trio.Event() for _ in addresses]

    async with trio.open_nursery() as nursery:

        async def attempt(index: int) -> None:
            if index:
                with trio.move_on_after(_STAGGER_S):
                    await failed[index - 1].wait()
            try:
                stream = await trio.open_tcp_stream(addresses[index], place.port)
            except OSError as fault:
                faults.append(fault)
                failed[index].set()
                return
            if won:
                await trio.aclose_forcefully(stream)
            else:
                won.append(stream)
                nursery.cancel_scope.cancel()

        for index in range(len(addresses)):
            nursery.start_soon(attempt, index)
    if won:
        return won[0]
    words = f": {faults[0].strerror or faults[0]}" if faults else ""
    raise WireClosed(Why.UNREACHABLE, f"nobody answers at {place}{words}")


def _let_ahead(stream: trio.SocketStream) -> None:
    """Have the kernel hold one batch that is not on its way yet: less starves the line, more makes frames wait."""
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        with suppress(OSError):
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _AHEAD_BYTES)


def _far_end(stream: trio.SocketStream) -> tuple[str, str]:
    """The other end's host, and its whole address for people."""
    try:
        host, port = stream.socket.getpeername()[:2]
    except OSError as fault:
        raise WireClosed(Why.CUT, "the connection broke") from fault
    return host, str(Tcp(host, port))
