"""Nodes on the same local network, by multicast DNS: announces this one as `_gitant._tcp.local.`, and finds others.

The library has threads of its own. What it finds is handed over to trio; what is slow in it is done in a thread. An
announcement is believed no more than anything: the address names the key that has to be there.
"""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, final

import trio
from zeroconf import InterfaceChoice, IPVersion, ServiceBrowser, ServiceInfo, ServiceListener, Zeroconf

from domain.errors import InvalidInput
from domain.keys import key_of
from gitant.log import get_logger
from gitant.network.reached import bracketed
from transport.carrier.address import PeerAddress

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.ids import Did

SERVICE: Final = "_gitant._tcp.local."
ADDRESSES_PER_NODE_MAX: Final = 2
ANSWER_MS: Final = 3_000
_QUEUED_MAX: Final = 64
_NAME_CHARS: Final = 24
_log = get_logger("gitant.network")


@final
class Lan:
    """`run` announces and finds until cancelled; `found` is called with each address of another node."""

    def __init__(self, did: Did, host: str, own: list[PeerAddress], found: Callable[[PeerAddress], None]) -> None:
        """`host` says on which interfaces this node listens; the first IP address in `own` is announced."""
        self._did = did
        self._host = host
        self._own = [each for each in own if _is_ip(each.place.host)]
        self._found = found

    async def run(self) -> None:
        """Be on the local network. Where there is none, a line in the log says so, and that is all."""
        send, receive = trio.open_memory_channel[PeerAddress](_QUEUED_MAX)
        token = trio.lowlevel.current_trio_token()

        def put(address: PeerAddress) -> None:
            with suppress(trio.WouldBlock, trio.BrokenResourceError):  # it is announced again
                send.send_nowait(address)

        def tell(address: PeerAddress) -> None:
            with suppress(trio.RunFinishedError):
                token.run_sync_soon(put, address)

        try:
            net = await trio.to_thread.run_sync(self._open)
        except OSError as fault:
            _log.warning("the local network cannot be searched for nodes", fault=str(fault))
            return
        try:
            await trio.to_thread.run_sync(self._begin, net, tell)
            async for address in receive:
                self._found(address)
        finally:
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(net.close)

    def _open(self) -> Zeroconf:
        if not _is_ip(self._host) or ip_address(self._host).is_unspecified:
            return Zeroconf(interfaces=InterfaceChoice.All, ip_version=IPVersion.V4Only)
        version = IPVersion.V6Only if ":" in self._host else IPVersion.V4Only
        return Zeroconf(interfaces=[self._host], ip_version=version)

    def _begin(self, net: Zeroconf, tell: Callable[[PeerAddress], None]) -> None:
        ServiceBrowser(net, SERVICE, listener=_Ears(self._did, tell))
        if self._own:
            place = self._own[0].place
            info = ServiceInfo(
                SERVICE,
                f"gitant-{self._did[-_NAME_CHARS:]}.{SERVICE}",
                addresses=[ip_address(place.host).packed],
                port=place.port,
                properties={"did": self._did},
            )
            net.register_service(info, allow_name_change=True)
            _log.info("this node is announced on the local network", address=str(self._own[0]))
        else:
            _log.info("the local network is searched for nodes; this one takes none, so it is not announced")


@final
class _Ears(ServiceListener):
    """Called in a thread of the library."""

    def __init__(self, did: Did, tell: Callable[[PeerAddress], None]) -> None:
        self._did = did
        self._tell = tell

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        info = zc.get_service_info(type_, name, timeout=ANSWER_MS)
        if info is not None:
            for address in addresses_in(info):
                if address.did != self._did:
                    self._tell(address)

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self.add_service(zc, type_, name)

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        pass  # it may only have gone to sleep: whoever is not reached is forgotten


def addresses_in(info: ServiceInfo) -> list[PeerAddress]:
    """What an announcement says, which may be anything."""
    try:
        did = (info.properties.get(b"did") or b"").decode()
        key_of(did)
    except (UnicodeDecodeError, InvalidInput):
        return []
    found = list[PeerAddress]()
    for host in info.parsed_scoped_addresses():
        ip = ip_address(host.partition("%")[0])
        if ip.is_multicast or ip.is_unspecified or ip.is_reserved or not info.port:
            continue
        try:
            found.append(PeerAddress.parse(f"{did}@{bracketed(host)}:{info.port}"))
        except InvalidInput:
            continue
    return found[:ADDRESSES_PER_NODE_MAX]


def _is_ip(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
