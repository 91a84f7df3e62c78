"""Which keys act for a principal, as the identities on this node say."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, final

import msgspec

from domain.ids import Did, StreamId
from domain.keys import did_of

if TYPE_CHECKING:
    from domain.ids import DeviceKey
    from domain.ports_accounts import Known
    from domain.ports_views import Views


class _Device(msgspec.Struct):
    did: str
    powers: list[str] = []
    repo: str = ""


class _Identity(msgspec.Struct):
    devices: list[_Device] = []
    revoked: list[str] = []


class Acting(NamedTuple):
    """A key that acts for a principal; `repo` is where alone it does."""

    repo: StreamId | None = None


@final
class ActingKeys:
    """Looks keys up in identities."""

    def __init__(self, views: Views, known: Known) -> None:
        self._views = views
        self._known = known

    def is_welcome(self, did: Did) -> bool:
        """Whether nobody has closed the door to a principal: an account that is suspended stays outside."""
        return self._known.is_active(did)

    def acting(self, principal: Did, device: DeviceKey | None) -> Acting | str:
        """How a key acts for a principal (no device: the root key), or why it does not: `unknown`, `device`.

        A key that was ended does not, nor does a recovery key, which only enrols others.
        """
        found = self._views.identity(principal)
        if found is None or not self.is_welcome(principal):
            return "unknown"
        identity = msgspec.json.decode(found[1], type=_Identity)
        if device is None:
            return "device" if principal in identity.revoked else Acting()
        name = did_of(device)
        for each in identity.devices:
            if each.did == name and name not in identity.revoked and "enrol" not in each.powers:
                return Acting(StreamId(bytes.fromhex(each.repo)) if each.repo else None)
        return "device"
