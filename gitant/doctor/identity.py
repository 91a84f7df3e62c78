"""A check on the node's identity: whether somebody could go on if its key were lost."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import msgspec

from gitant.doctor.finding import ok, warning
from gitant.doctor.log import own_key
from projections.database import open_readonly
from storage.owner import owner_of

if TYPE_CHECKING:
    from domain.ids import Did
    from gitant.doctor.finding import Finding, Patient

_ALONE: Final = "SELECT count(*) FROM repos JOIN streams USING (stream) WHERE repos.deleted=0 AND streams.roots=?"
_IDENTITY: Final = "SELECT doc FROM identities WHERE did=? ORDER BY lamport, stream LIMIT 1"


class _Device(msgspec.Struct):
    did: str
    powers: list[str] = []


class _Said(msgspec.Struct):
    devices: list[_Device] = []


def recovery_key(patient: Patient) -> Finding:
    """Whether a key that is not on this machine may enrol devices for the node's identity."""
    key = own_key(patient)
    owner = key.did if key is not None else owner_of(patient.folder)
    if owner is None or not patient.folder.views.exists():
        return ok("recovery key", "there is no identity yet")
    enrolling, alone = _looked_up(patient, owner)
    roots = f"the only root of {alone:,} repositories" if alone else "the only root of no repository"
    if enrolling:
        return ok("recovery key", f"{enrolling} may enrol devices; identity.key is {roots}")
    seen = f"identity.key is {roots}, it is in this folder only, and no key could go on if it were lost"
    return warning(
        "recovery key", seen, "gitant identity recovery (the node has to run), and keep what it prints apart"
    )


def _looked_up(patient: Patient, owner: Did) -> tuple[int, int]:
    """How many of an identity's devices may enrol others, and how many repositories have no other root."""
    with closing(open_readonly(patient.folder.views)) as views:
        row = views.execute(_IDENTITY, (owner,)).fetchone()
        alone = int(views.execute(_ALONE, (owner,)).fetchone()[0])
    said = msgspec.json.decode(row[0], type=_Said) if row is not None else _Said()
    return sum("enrol" in device.powers for device in said.devices), alone
