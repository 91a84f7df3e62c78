"""What clients send about agents, devices and capabilities."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from domain import limits
from domain.capability.container import CONTAINER_CHARS_MAX
from domain.capability.policy import STATEMENTS_MAX

Word = Annotated[
    str, Meta(min_length=1, max_length=CONTAINER_CHARS_MAX, description="A token in base64url, or a UCAN container.")
]
LENT_S_MAX = 366 * 86_400


class TokenToExplain(Struct, kw_only=True):
    """A token, or a container; `at` (seconds since 1970) is when it would be used, now if left out."""

    token: Word
    at: Annotated[int, Meta(ge=0, le=2**53 - 1)] | None = None


class TokenToRevoke(Struct, kw_only=True):
    """The delegation that is to end, as it is."""

    token: Word


class NewDelegation(Struct, kw_only=True):
    """What is to be lent, and for how long; `repo` confines it to one repository."""

    command: Annotated[str, Meta(max_length=128, description="`/gitant/repo/read` and the like; docs/api.md has all.")]
    repo: Annotated[str, Meta(max_length=200)] = ""
    expires_in_s: Annotated[int, Meta(ge=60, le=LENT_S_MAX)] = 86_400
    policy: Annotated[list[Any], Meta(max_length=STATEMENTS_MAX)] = []


class DeviceOffer(Struct, kw_only=True):
    """The certificate of a device; left out to have this node make a key."""

    certificate: Annotated[str, Meta(max_length=8_192)] = ""


class AgentCard(Struct, kw_only=True):
    """What an agent says of itself, all of it. `owner` is a user name or a did."""

    purpose: Annotated[str, Meta(max_length=limits.AGENT_PURPOSE_CHARS_MAX)] = ""
    owner: Annotated[str, Meta(max_length=100)] = ""
    capabilities: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=limits.AGENT_CAPABILITY_CHARS_MAX)]],
        Meta(max_length=limits.AGENT_CAPABILITIES_MAX),
    ] = []
    retired: bool = False


class NewAttestation(Struct, kw_only=True):
    """1 for it, -1 against it, 0 to say nothing any more."""

    value: Literal[-1, 0, 1]
    statement: Annotated[str, Meta(max_length=limits.STATEMENT_CHARS_MAX)] = ""
