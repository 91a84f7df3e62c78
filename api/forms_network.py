"""What clients send about peers and follows."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class NewPeer(Struct, forbid_unknown_fields=True):
    """Where a node is: `did:key:…@host:port`, or `did:key:…@wss://host/path`."""

    address: Annotated[str, Meta(min_length=1, max_length=512)]


class NewFollow(Struct, forbid_unknown_fields=True):
    """What to replicate: a repository by its id, everything of a principal by its did, or all that peers offer."""

    repo: Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{64}$")] | None = None
    principal: Annotated[str, Meta(max_length=100)] | None = None
    all: bool = False


class Comparing(Struct, forbid_unknown_fields=True):
    """How to compare with all connected peers; `thorough` looks at every feed of what seems equal, too."""

    thorough: bool = False
