"""The first answer of a fetch or a push: what the server can do and, before protocol v2, which refs there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from transport.git.pktline import FLUSH, pkt

if TYPE_CHECKING:
    from transport.git.listing import Listing

UPLOAD: Final = "git-upload-pack"
RECEIVE: Final = "git-receive-pack"

_CAPABILITIES: Final = {
    UPLOAD: (
        "multi_ack multi_ack_detailed no-done thin-pack side-band-64k ofs-delta shallow deepen-since deepen-not "
        "deepen-relative no-progress include-tag allow-tip-sha1-in-want allow-reachable-sha1-in-want filter "
        "object-format=sha1"
    ),
    RECEIVE: (
        "report-status report-status-v2 delete-refs side-band-64k quiet atomic ofs-delta push-options "
        "object-format=sha1"
    ),
}


def version_of(header: str) -> int:
    """The protocol's version that a client asks for in `Git-Protocol`: the highest one it names and we know."""
    words = header.split(":")
    return next((version for version in (2, 1) if f"version={version}" in words), 0)


def advertisement(service: str, listing: Listing, *, agent: str, version: int) -> bytes:
    """The body of `GET info/refs` in protocols v0 and v1."""
    heading = pkt(f"# service={service}\n".encode()) + FLUSH
    if version == 1:
        heading += pkt(b"version 1\n")
    fetching = service == UPLOAD
    return heading + listing.v0(f"{_CAPABILITIES[service]} agent={agent}", peeled=fetching, with_head=fetching)
