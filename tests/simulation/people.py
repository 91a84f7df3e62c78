"""Who writes: a principal for every node, second devices for some, and strangers that nobody ever gave a role."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from domain.authority.enrolment import Certificate, certify
from tests.making import key

if TYPE_CHECKING:
    from domain.ids import DeviceKey, Did
    from domain.keys import SigningKey


@dataclass(frozen=True, slots=True)
class Writer:
    """A device: `owner` is the name of its principal's key, `device` its own."""

    owner: str
    device: str
    stranger: bool = False

    @property
    def did(self) -> Did:
        """Whom it writes for."""
        return key(self.owner).did

    @property
    def key(self) -> SigningKey:
        """What it signs with."""
        return key(self.device)

    @property
    def device_key(self) -> DeviceKey:
        """Its name in events."""
        return key(self.device).device

    def papers(self, *, first: bool) -> dict[str, Any]:
        """Header fields that say for whom it writes, and prove it in a feed's first event."""
        if self.owner == self.device:
            return {}
        return {"author": self.did, **({"enrolment": _papers(self.owner, self.device)} if first else {})}


@cache
def _papers(owner: str, device: str) -> list[list[bytes]]:
    return [list(certify(Certificate(key(owner).did, key(device).device), key(owner)))]
