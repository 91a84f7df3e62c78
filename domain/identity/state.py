"""What an identity stream comes to: a name, a profile, and the devices that its principal made known or ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.authority.enrolment import RANK_PLAIN, RANK_ROOT, rank_of
from domain.fold.kind import State
from domain.fold.register import Register
from domain.ids import Did
from domain.keys import key_of

if TYPE_CHECKING:
    from domain.authority.enrolment import Chain
    from domain.ids import DeviceKey, EventId


class Profile(NamedTuple):
    """What a principal says of itself; `avatar` is the SHA-256 of an image, or nothing."""

    display_name: str = ""
    about: str = ""
    website: str = ""
    avatar: bytes = b""


class AgentCard(NamedTuple):
    """What an agent says of itself. `owner` is who answers for it, by its own words."""

    purpose: str = ""
    owner: str = ""
    capabilities: tuple[str, ...] = ()
    retired: bool = False


class Attestation(NamedTuple):
    """What somebody thinks of somebody else: `value` is -1, 0 or 1."""

    value: int
    statement: str = ""


class IdentityState(State):
    """A principal as projections show it; empty until its genesis is applied."""

    __slots__ = (
        *("agent", "attested", "devices", "did", "ended", "lamport", "name", "profile", "said", "time", "updated"),
    )

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.did = Did("")
        self.name = ""
        self.time = self.updated = 0
        self.lamport = 0
        self.profile: Register[Profile] = Register()
        self.agent: Register[AgentCard] = Register()
        """What it is as an agent; nothing where it never said that it is one."""
        self.attested: dict[Did, Register[Attestation]] = {}
        """By whom it is about."""
        self.said: list[EventId] = []
        """The events that hold words of a profile, old ones too: what forgetting it takes."""
        self.devices: dict[DeviceKey, set[Chain]] = {}
        """The certificates that enrol each."""
        self.ended: dict[DeviceKey, int] = {}
        """By device, the highest rank of those who ended it."""

    def rank(self, device: DeviceKey) -> int:
        """What a device may among the principal's, as far as it is known here."""
        if self.did and device == key_of(self.did):
            return RANK_ROOT
        return max((rank_of(chain) for chain in self.devices.get(device, ())), default=RANK_PLAIN)

    def is_ended(self, device: DeviceKey, rank: int = RANK_PLAIN) -> bool:
        """Whether a device, which has shown to be of at least `rank`, was ended by itself or by one above it."""
        return self.ended.get(device, RANK_PLAIN) > max(self.rank(device), rank)
