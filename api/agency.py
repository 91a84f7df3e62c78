"""What the routes of agents, devices and capabilities are built on: kept keys, and what was taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
