"""The way into a worker: its entrance as the settings have it, and the same in front of git."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from api.app import FORM_BYTES
from api.entrance.buckets import Buckets, Rate
from api.entrance.clients import Clients
from api.entrance.entrance import ADMITTED, NEEDED, Entrance, gathered
from api.entrance.hosts import Hosts, is_loopback
from api.ports import ApiSettings
from api.problems import TABLE
from domain.errors import LocalFault, Unauthenticated
from gitant.network.places import relay_socket
from gitant.setting_kinds import listed
from transport.carrier.web_door import WebDoor

if TYPE_CHECKING:
    from api.ports import Doors, Refusals
    from api.remembered import Headers
    from gitant.asgi import ASGIApp, Message, Receive, Scope, Send
    from gitant.settings import Settings
    from storage.datadir import DataDir


def buckets_of(folder: DataDir) -> Buckets:
    """The table of rates that all workers of the node share; the operator's token has to be there."""
    return Buckets.shared(folder.cache / "rates", folder.operator_token.read_bytes())


def entrance_of(settings: Settings, folder: DataDir, doors: Doors, refusals: Refusals | None = None) -> Entrance:
    """The entrance of one worker."""
    rates = {
        "anonymous": Rate(settings.rate_anonymous, settings.rate_anonymous_burst),
        "principal": Rate(settings.rate_principal, settings.rate_principal_burst),
    }
    counted = {name: rate for name, rate in rates.items() if rate.per_s}
    return Entrance(
        doors,
        clients=Clients(map(ip_network, listed(settings.trusted_proxies))),
        hosts=_hosts(settings),
        buckets=buckets_of(folder) if counted else None,
        anonymous=counted.get("anonymous"),
        principal=counted.get("principal"),
        refusals=refusals,
        body_bytes_max=max(ApiSettings().push_body_bytes_max, settings.body_max, settings.attachment_max + FORM_BYTES),
    )


def peers_door(settings: Settings, folder: DataDir) -> WebDoor:
    """Where other nodes come in through the HTTP port, counted by where they really are."""
    clients = Clients(map(ip_network, listed(settings.trusted_proxies)))

    def host_of(scope: Scope) -> str:
        peer = scope.get("client")
        # Of IPv6 this is a network, written with its length, which counts as one all the same.
        return clients.name(peer[0] if peer else "", gathered(scope["headers"], NEEDED)).partition("/")[0]

    return WebDoor(relay_socket(folder), host_of)


def _hosts(settings: Settings) -> Hosts | None:
    """Which names are checked; none on a node for everybody that has not been told its own."""
    names = listed(settings.allowed_hosts)
    if not names and not is_loopback(settings.host):
        return None
    public = urlsplit(settings.public_url).hostname
    return Hosts([*names, *([public] if public else []), settings.host])


def guarded(git: ASGIApp, entrance: Entrance) -> ASGIApp:
    """Git's application behind the entrance. Who is turned away reads why, as git shows text."""

    async def guarding(scope: Scope, receive: Receive, send: Send) -> None:
        fields = cast("dict[str, Any]", scope)
        headers = gathered(fields["headers"], NEEDED)
        told: Headers = [(b"x-request-id", entrance.name(fields, headers))]

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *told]
            await send(message)

        try:
            fields[ADMITTED] = await entrance.admit(fields, headers, told)
        except Unauthenticated as fault:
            fields[ADMITTED] = fault  # git's application says so itself, in a way that makes git ask for credentials
        except LocalFault as fault:
            await _turn_away(fault, sending)
            return
        await git(scope, receive, sending)

    return guarding


async def _turn_away(fault: LocalFault, send: Send) -> None:
    body = "".join(f"{line}\n" for line in (fault.message, fault.hint) if line).encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    if fault.retry_after_s:
        headers.append((b"retry-after", b"%d" % fault.retry_after_s))
    await send({"type": "http.response.start", "status": TABLE[fault.code].status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
