"""The first answer of a fetch or a push: which refs there are, and what the server can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.ports_git import ZERO_OID
from transport.git.pktline import FLUSH, pkt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.ports_git import AdvertisedRef

UPLOAD: Final = "git-upload-pack"
RECEIVE: Final = "git-receive-pack"

_CAPABILITIES: Final = {
    UPLOAD: (
        "multi_ack multi_ack_detailed no-done side-band-64k ofs-delta shallow no-progress include-tag "
        "allow-tip-sha1-in-want allow-reachable-sha1-in-want object-format=sha1"
    ),
    RECEIVE: "report-status delete-refs side-band-64k quiet atomic ofs-delta object-format=sha1",
}


def advertisement(
    service: str, refs: Sequence[AdvertisedRef], *, default_branch: str, agent: str, version: int
) -> bytes:
    """The body of `GET info/refs`. Clients that ask for protocol v2 are answered in v0, as the protocol allows."""
    capabilities = f"{_CAPABILITIES[service]} agent={agent}"
    branch = f"refs/heads/{default_branch.removeprefix('refs/heads/')}"
    head = next((ref for ref in refs if ref.name == branch), None)
    lines: list[str] = []
    if head is not None and service == UPLOAD:
        capabilities += f" symref=HEAD:{head.name}"
        lines.append(f"{head.oid} HEAD")
    for ref in refs:
        lines.append(f"{ref.oid} {ref.name}")
        if ref.peeled is not None and service == UPLOAD:
            lines.append(f"{ref.peeled} {ref.name}^{{}}")
    lines = lines or [f"{ZERO_OID} capabilities^{{}}"]
    lines[0] += f"\0{capabilities}"
    packets = [pkt(f"# service={service}\n".encode()), FLUSH]
    if version == 1:
        packets.append(pkt(b"version 1\n"))
    packets += [pkt(f"{line}\n".encode("utf-8", "surrogateescape")) for line in lines]
    return b"".join([*packets, FLUSH])
