"""What an identity that this node signs for says: a profile, and the devices that may write in their name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from domain.authority.enrolment_text import chain_of, last_of
from domain.commands.events import OPERATOR_NAME
from domain.commands.scene import Done, Scene, check, heads, match, settle, signer
from domain.content.redacted import EventRedacted
from domain.errors import Forbidden, InvalidInput, NotFound
from domain.identity.certificates import SignedCertificate
from domain.identity.created import IdentityCreated
from domain.identity.described import IdentityDescribed, profile_of
from domain.identity.device_enrolled import DeviceEnrolled
from domain.identity.device_revoked import DeviceEnded
from domain.ids import Did, StreamId
from domain.limits import REDACTIONS_PER_EVENT_MAX

if TYPE_CHECKING:
    from domain.actor import Actor
    from domain.identity.state import IdentityState


class DescribeIdentity(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What of a profile is to change."""

    did: str
    display_name: str | None = None
    about: str | None = None
    website: str | None = None
    if_match: str = ""


def describe(scene: Scene, actor: Actor, args: DescribeIdentity) -> Done:
    """Write somebody's profile; what is not named stays."""
    state = own(scene, actor, args.did)
    match(scene, state.key, args.if_match)
    now = state.profile.value
    payload = IdentityDescribed(
        replaces=heads(state.profile.heads),
        display_name=now.display_name if args.display_name is None else args.display_name,
        about=now.about if args.about is None else args.about,
        website=now.website if args.website is None else args.website,
        avatar=now.avatar or None,
    )
    if profile_of(payload) != now or state.profile.conflict:
        settle(scene, "identity.described.v1", StreamId(state.key), state.key, check(payload))
    return Done(state.key)


class ForgetProfile(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whose words about themselves are to go."""

    did: str
    if_match: str = ""


def forget(scene: Scene, actor: Actor, args: ForgetProfile) -> Done:
    """Redact every profile that they ever wrote. Their name stays: it is what others call them by."""
    state = own(scene, actor, args.did)
    match(scene, state.key, args.if_match)
    said = heads(sorted(state.said))
    for start in range(0, len(said), REDACTIONS_PER_EVENT_MAX):
        payload = check(EventRedacted(events=said[start : start + REDACTIONS_PER_EVENT_MAX]))
        scene.write("event.redacted.v1", StreamId(state.key), state.key, payload)
    return Done(state.key)


class EnrollDevice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A certificate of one's own, as `gitant identity enroll` prints it."""

    did: str
    certificate: str


def enroll(scene: Scene, actor: Actor, args: EnrollDevice) -> Done:
    """Make a device of one's own known; one that is known by this certificate changes nothing."""
    state = own(scene, actor, args.did)
    chain = chain_of(args.certificate)
    if last_of(chain).principal != state.did:
        raise InvalidInput("the certificate is somebody else's", field="certificate")
    if chain in state.devices.get(last_of(chain).device, ()):
        return Done(state.key)
    certificates = [SignedCertificate(certificate=data, signature=signature) for data, signature in chain]
    payload = DeviceEnrolled(certificates=certificates)
    scene.write("identity.device_enrolled.v1", StreamId(state.key), state.key, check(payload))
    return Done(state.key)


class EndDevice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which device gives itself up: the one that this node keeps."""

    did: str
    device: bytes


def end_device(scene: Scene, actor: Actor, args: EndDevice) -> Done:
    """Have a custodial device sign its own end: nodes take nothing more from it. One that has ended changes nothing."""
    if not scene.signs_for(Did(args.did)):
        return Done()
    state = own(scene, actor, args.did)
    payload = check(DeviceEnded(device=args.device))
    scene.write("identity.device_revoked.v1", StreamId(state.key), state.key, payload)
    return Done(state.key)


def own(scene: Scene, actor: Actor, did: str) -> IdentityState:
    """The asker's own identity. The operator's begins here if it has not yet."""
    mine = signer(scene, actor)
    if did != mine:
        raise Forbidden("this identity is somebody else's", hint="sign the event yourself and POST it to /events")
    if mine == scene.operator and not scene.enrolled(mine):
        scene.begin("identity.created.v1", IdentityCreated(name=OPERATOR_NAME), [mine])
    state = scene.identity(mine)
    if state is None:
        raise NotFound(f"{mine} has no identity here", hint="begin one: gitant identity new, then POST it to /events")
    return state
