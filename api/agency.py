"""What the routes of agents, devices and capabilities are built on: kept keys, and what was taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from domain.errors import Forbidden, NotFound, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from api.asking import Asking
    from domain.authority.enrolment import Chain
    from domain.capability.token import Delegation
    from domain.ids import DeviceKey, Did
    from domain.ports_doors import Revocations

SCORE_PRIOR: Final = 2
WEIGHT_OPERATOR: Final = 3
WEIGHT_MEMBER: Final = 1
ATTESTATIONS_MAX: Final = 500
"""How many are looked at, and shown, of one agent; those that weigh anything first."""


class Keeper(Protocol):
    """Keys that the node keeps for people; every method may wait, so it is a coroutine."""

    async def lend(self, subject: Did, payload: Mapping[str, Any]) -> bytes:
        """A delegation signed in `subject`'s name; `payload` lacks `iss` and `sub`. Raises `Forbidden` where no key is
        kept for them.
        """
        ...

    async def make_device(self, did: Did) -> DeviceKey:
        """A new key that will act for somebody once its certificate is here."""
        ...

    async def enrol(self, did: Did, chain: Chain) -> bool:
        """Keep the certificate of a key that `make_device` made; False for a key that is not kept here."""
        ...

    async def drop(self, did: Did, device: DeviceKey) -> bool:
        """Have a kept device end itself in the log, then forget its key; False for one that is not kept here."""
        ...


@dataclass(frozen=True, slots=True)
class AgentPorts:
    """Everything behind those routes."""

    keeper: Keeper
    revocations: Revocations
    begins: Callable[[Delegation], bool]
    """Whether a delegation may begin a chain here."""
    now_s: Callable[[], int]


def agency_of(asking: Asking) -> AgentPorts:
    """What this node has of it."""
    if asking.ports.agents is None:
        raise NotFound("this node keeps no keys")
    return asking.ports.agents


def whole(asking: Asking) -> Did:
    """Who asks, if he came in as himself: what is made with less could do more."""
    actor = asking.actor
    if actor.did is None:
        raise Unauthenticated("this needs a login", hint="log in, or sign the request with your key")
    if actor.door in {"token", "capability"} or actor.repos is not None:
        raise Forbidden("a token or capability cannot do this", hint="log in, or sign the request with your key")
    return actor.did
