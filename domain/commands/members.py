"""Give somebody a role in a repository, take it away, block, admit what a cut hit; and end devices there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from domain.authority.acts import Admission, Grant, Limit
from domain.authority.enrolment_text import last_of
from domain.authority.roles import BY_WORD, Role
from domain.commands.scene import Done, Scene, allow_act, check, may, repository, signer
from domain.device.custodian_revoked import CustodianRevoked
from domain.device.revoked import DeviceRevoked
from domain.errors import Conflict, Forbidden, InvalidInput
from domain.ids import DeviceKey, Did, EventId, StreamId, is_hex_id
from domain.keys import is_did, key_of
from domain.limits import ADMITTED_EVENTS_MAX
from domain.member.admitted import EventsAdmitted
from domain.member.blocked import MemberBlocked
from domain.member.demoted import MemberDemoted
from domain.member.granted import MemberGranted
from domain.member.revoked import MemberRevoked

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.actor import Actor
    from domain.authority.enrolment import Chain
    from domain.fold.kind import Payload
    from domain.repository.state import RepositoryState

ADMITTED_AT_ONCE_MAX: Final = 64 * ADMITTED_EVENTS_MAX


class ChangeRole(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which role somebody (a name or a did) is to have; a cut is for a lower one than they have."""

    repo: bytes
    user: str
    role: Literal["viewer", "developer", "maintainer", "admin", "owner"]
    cut: list[bytes] = []


def change(scene: Scene, actor: Actor, args: ChangeRole) -> Done:
    """Give a role, or reduce one to it; who has it already keeps it without an event."""
    stream = StreamId(args.repo)
    repo = repository(scene, stream, writable=False)
    did, role = _whom(scene, args.user), BY_WORD[args.role]
    now = scene.role(stream, did)
    if now > role:
        payload = _cut(MemberDemoted(principal=did, role=role.word, cut=args.cut))
        _limit(scene, actor, repo, "member.demoted.v1", payload, Limit(role, principal=did))
    else:
        _grant(scene, actor, repo, did, role, now)
    return _told(scene, stream, did)


class ChangeMember(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Who is meant (a name or a did), and the events up to which what they did counts (none: all that is here)."""

    repo: bytes
    user: str
    cut: list[bytes] = []


def remove(scene: Scene, actor: Actor, args: ChangeMember) -> Done:
    """Take every role from somebody; what they wrote and this node has seen stays, what it has not seen does not."""
    stream = StreamId(args.repo)
    repo = repository(scene, stream, writable=False)
    did = _whom(scene, args.user)
    if scene.role(stream, did) <= Role.GUEST:
        raise Conflict(f"{args.user} has no role in {repo.name} that could be taken away")
    payload = _cut(MemberRevoked(principal=did, cut=args.cut))
    _limit(scene, actor, repo, "member.revoked.v1", payload, Limit(Role.GUEST, principal=did))
    return _told(scene, stream, did)


def block(scene: Scene, actor: Actor, args: ChangeMember) -> Done:
    """Keep somebody from doing anything there, even what everybody may."""
    stream = StreamId(args.repo)
    repo = repository(scene, stream, writable=False)
    did = _whom(scene, args.user)
    if did == actor.did:
        raise Conflict("nobody blocks himself", hint="to give your role back: gitant member leave")
    if scene.role(stream, did) is not Role.BLOCKED:
        payload = _cut(MemberBlocked(principal=did, cut=args.cut))
        _limit(scene, actor, repo, "member.blocked.v1", payload, Limit(Role.BLOCKED, principal=did))
        if scene.desk is not None:
            scene.desk.drop(stream, author=did)
    return _told(scene, stream, did)


class UnblockMember(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Who is to be a guest again."""

    repo: bytes
    user: str


def unblock(scene: Scene, actor: Actor, args: UnblockMember) -> Done:
    """End a block: somebody may do again what everybody may."""
    stream = StreamId(args.repo)
    repo = repository(scene, stream, writable=False)
    did = _whom(scene, args.user)
    now = scene.role(stream, did)
    if now > Role.BLOCKED:
        raise Conflict(f"{args.user} is not blocked in {repo.name}")
    _grant(scene, actor, repo, did, Role.GUEST, now)
    return _told(scene, stream, did)


class AdmitEvents(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Events that are to count in spite of the cuts that hit them."""

    repo: bytes
    events: list[bytes]


def admit(scene: Scene, actor: Actor, args: AdmitEvents) -> Done:
    """Have events count that a cut has voided; `admitted` tells of each whether it does now."""
    stream = StreamId(args.repo)
    repo = repository(scene, stream, writable=False)
    names = sorted(EventId(name) for name in set(args.events))
    if not 1 <= len(names) <= ADMITTED_AT_ONCE_MAX:
        raise InvalidInput(f"name 1 to {ADMITTED_AT_ONCE_MAX:,} events", field="events")
    for name in names:
        known = scene.known(name)
        if known is None or known.stream != stream:
            raise InvalidInput(f"there is no event {name.hex()[:16]} in {repo.name}", field="events")
    waiting = [name for name in names if not _counts(scene, name)]
    allow_act(scene, actor, "member.change", repo, Admission(frozenset(waiting)))
    for start in range(0, len(waiting), ADMITTED_EVENTS_MAX):
        some = [bytes(name) for name in waiting[start : start + ADMITTED_EVENTS_MAX]]
        scene.write("events.admitted.v1", stream, stream, check(EventsAdmitted(events=some)))
    return Done(extra={"admitted": [[name.hex(), _counts(scene, name)] for name in names]})


class RevokeDevice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A device's key as a did:key or 64 hexadecimal digits, and the events up to which it counts."""

    repo: bytes
    device: str
    cut: list[bytes] = []


def revoke_device(scene: Scene, actor: Actor, args: RevokeDevice) -> Done:
    """End one device in a repository, for good."""
    repo = repository(scene, StreamId(args.repo), writable=False)
    key = _device(args.device)
    _check_whose(scene, actor, repo, lambda chain: last_of(chain).device == key, key)
    payload = _cut(DeviceRevoked(device=key, cut=args.cut))
    return _end(scene, actor, repo, "device.revoked.v1", payload, Limit(Role.BLOCKED, device=key))


class RevokeCustodian(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The did of a node that keeps people's keys, and the events up to which those count."""

    repo: bytes
    node: str
    cut: list[bytes] = []


def revoke_custodian(scene: Scene, actor: Actor, args: RevokeCustodian) -> Done:
    """End every device in a repository that one node keeps, for good."""
    repo = repository(scene, StreamId(args.repo), writable=False)
    if not is_did(args.node):
        raise InvalidInput("node is not a did:key", field="node")
    _check_whose(scene, actor, repo, lambda chain: last_of(chain).node == args.node)
    payload = _cut(CustodianRevoked(node=args.node, cut=args.cut))
    return _end(scene, actor, repo, "custodian.revoked.v1", payload, Limit(Role.BLOCKED, node=Did(args.node)))


def _grant(scene: Scene, actor: Actor, repo: RepositoryState, did: Did, role: Role, now: Role) -> None:
    allow_act(scene, actor, "member.change", repo, Grant(did, role) if now is not role else None)
    stream = StreamId(repo.key)
    if now is Role.BLOCKED and actor.did is not None and not scene.lifts(stream, did, scene.role(stream, actor.did)):
        raise Forbidden(f"somebody above you blocked them in {repo.name}", hint="ask who did", field="above-level")
    if now is not role:
        payload = check(MemberGranted(principal=did, role=role.word))
        scene.write("member.granted.v1", stream, repo.key, payload)


def _limit(scene: Scene, actor: Actor, repo: RepositoryState, kind: str, payload: Payload, deed: Limit) -> None:
    """Write a limit on a principal; on somebody of one's own level or above the fold would take one without effect."""
    stream = StreamId(repo.key)
    assert deed.principal is not None
    now = scene.role(stream, deed.principal)
    if deed.principal == actor.did:
        if now is Role.ROOT:
            raise Conflict(f"you are a root of {repo.name}, which is for ever")
        if deed.role is not Role.GUEST:
            raise Forbidden("of your own role you can only give back all", hint="gitant member leave")
    allow_act(scene, actor, "member.change", repo, deed)
    if deed.principal != actor.did and actor.did is not None and now >= scene.role(stream, actor.did):
        raise Forbidden(f"they are {now.word} in {repo.name}, and you are not above that", field="above-level")
    _write(scene, stream, kind, payload)


def _end(scene: Scene, actor: Actor, repo: RepositoryState, kind: str, payload: Payload, deed: Limit) -> Done:
    allow_act(scene, actor, "device.revoke", repo, deed)
    _write(scene, StreamId(repo.key), kind, payload)
    return Done()


def _check_whose(
    scene: Scene, actor: Actor, repo: RepositoryState, is_meant: Callable[[Chain], bool], key: DeviceKey | None = None
) -> None:
    """Raise `Forbidden` for who may end only devices of his own, and means none of them.

    By the log such an act counts and ends nothing; here nobody without a role fills it with those.
    """
    did = signer(scene, actor)
    if may(scene, did, "device.revoke", repo) or key == key_of(did):
        return
    identity = scene.identity(did)
    if identity is None or not any(is_meant(chain) for chains in identity.devices.values() for chain in chains):
        raise Forbidden(f"to end the devices of others takes a role in {repo.name}", field="no-authority")


def _write(scene: Scene, stream: StreamId, kind: str, payload: Any) -> None:
    for name in payload.cut:
        known = scene.known(EventId(name))
        # What counts of a stream is in the past of what this node writes next; what is void need not be.
        if known is None or known.stream != stream or not known.accepted:
            raise InvalidInput(f"the cut names {name.hex()[:16]}, which is no event here that counts", field="cut")
    scene.write(kind, stream, stream, payload)


def _cut(payload: Any) -> Payload:
    """A payload with its cut as payloads hold it: in order, each once."""
    return check(msgspec.structs.replace(payload, cut=sorted(set(payload.cut))))


def _counts(scene: Scene, name: EventId) -> bool:
    known = scene.known(name)
    return known is not None and known.accepted


def _whom(scene: Scene, user: str) -> Did:
    did = scene.principal(user) if user else None
    if did is None:
        raise InvalidInput(f"nobody here is called {user!r}", hint="give a user name or a did:key", field="user")
    return did


def _device(text: str) -> DeviceKey:
    if is_did(text):
        return key_of(Did(text))
    if not is_hex_id(text):
        raise InvalidInput("device is neither a did:key nor 64 hexadecimal digits", field="device")
    return DeviceKey(bytes.fromhex(text))


def _told(scene: Scene, stream: StreamId, did: Did) -> Done:
    return Done(extra={"did": did, "role": scene.role(stream, did).word})
