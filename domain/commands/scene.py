"""What a command can see and do. The writer gives it one of these; nothing in a command knows of disks or sockets.

A command checks everything before its first `write`: a fault after that costs the whole batch a second run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import msgspec

from domain.authority.rights import Request
from domain.errors import Conflict, Forbidden, InvalidInput, NotFound, PreconditionFailed, Unauthenticated
from domain.etag import etag
from domain.fold.kind import shape_problem
from domain.ids import StreamId
from domain.repository.state import RepositoryState
from domain.verdict import VOIDS

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Mapping, Sequence

    from domain.actor import Actor
    from domain.attachment.state import AttachmentState
    from domain.authority.acts import Deed
    from domain.authority.enrolment import Enrolment
    from domain.authority.rights import Denial
    from domain.authority.roles import Role
    from domain.chain import Link
    from domain.envelope import Event, RawEvent
    from domain.fold.kind import Payload, State
    from domain.identity.state import IdentityState
    from domain.ids import Did, EventId
    from domain.issue.state import IssueState
    from domain.label.state import LabelState
    from domain.moderation.desk import Desk
    from domain.replay.judge import Known
    from domain.verdict import Verdict

S = TypeVar("S", bound="State")
HEADS_PER_EVENT_MAX: Final = 100
"""How many events one of ours names as what it replaces: they fit beside the longest text. Others may name more."""


@dataclass(frozen=True, slots=True)
class RepositoryMade:
    """After the commit: make the repository's folder."""

    repo: StreamId


@dataclass(frozen=True, slots=True)
class ObjectsAdopted:
    """After the commit: give a repository what was staged for it, and note which of its objects are excused."""

    repo: StreamId
    staged: str | None


@dataclass(frozen=True, slots=True)
class RefsChanged:
    """After the commit: publish a push's objects and bring these refs on disk in line with the fold."""

    repo: StreamId
    refs: tuple[str, ...]
    quarantine: str | None


@dataclass(frozen=True, slots=True)
class HeadChanged:
    """After the commit: the default branch is another one."""

    repo: StreamId


@dataclass(frozen=True, slots=True)
class RepositoryGone:
    """After the commit: what was derived from the repository's code can go."""

    repo: StreamId


@dataclass(frozen=True, slots=True)
class RefsSettled:
    """After the commit: publish what a peer gave, if it gave something, and have refs follow the fold.

    A ref whose object is not here stays where it is until that comes.
    """

    repo: StreamId
    quarantine: str | None = None


@dataclass(frozen=True, slots=True)
class BytesMended:
    """After the commit: these bytes of an event were checked, and take the place of those in the log.

    Without a signature only that is noted: what is there is good. A payload of None leaves the one that is there.
    """

    event: EventId
    signature: bytes | None = None
    payload: bytes | None = None


RepositoryEffect = RepositoryMade | ObjectsAdopted | RefsChanged | RefsSettled | HeadChanged | RepositoryGone
Effect = RepositoryEffect | BytesMended


@dataclass(slots=True)
class Done:
    """What a command changed: the key of the entity to answer with, and anything besides its document."""

    key: bytes | None = None
    extra: dict[str, Any] = field(default_factory=dict[str, Any])


class Scene(Protocol):
    """The fold as it stands, and the pen."""

    @property
    def operator(self) -> Did:
        """The principal who runs this node."""
        ...

    def signs_for(self, did: Did) -> bool:
        """Whether this node keeps the key of whoever this command is carried out for, and that is `did`."""
        ...

    @property
    def desk(self) -> Desk | None:
        """Where strangers wait, and what those without a role may add; None where nobody does, and all may."""
        ...

    def state(self, key: bytes) -> State | None:
        """An entity's state."""
        ...

    def document(self, key: bytes) -> bytes:
        """An entity's document."""
        ...

    def next_number(self, stream: StreamId) -> int:
        """One more than the highest issue number in a repository."""
        ...

    def issues_numbered(self, stream: StreamId, number: int) -> Sequence[IssueState]:
        """The issues that claim a number."""
        ...

    def pinned(self, stream: StreamId) -> Sequence[IssueState]:
        """The pinned issues of a repository."""
        ...

    def labels_named(self, stream: StreamId, name: str) -> Sequence[LabelState]:
        """The standing labels of that name; more than one after concurrent creations."""
        ...

    def attachments_with(self, stream: StreamId | None, sha256: bytes) -> Sequence[AttachmentState]:
        """The attachments of a repository (or of all) that name these bytes and are not redacted."""
        ...

    def blob_bytes(self, sha256: bytes) -> int | None:
        """How many bytes the blob of that hash has; None if it is not on this node."""
        ...

    def repository_named(self, owner: Did, name: str) -> StreamId | None:
        """A repository of that owner and name which is not deleted."""
        ...

    def principal(self, name: str) -> Did | None:
        """The did behind a user name or a did."""
        ...

    def write(self, kind: str, stream: StreamId, entity: bytes, payload: Payload) -> Event:
        """Sign one event as the operator and fold it."""
        ...

    def begin(self, kind: str, payload: Payload, roots: Sequence[Did]) -> Event:
        """Sign a genesis as the operator and fold it."""
        ...

    def take(self, raw: RawEvent, *, checked: bool = False) -> Event:
        """Check and fold an event that somebody else signed; raises `PeerFault`.

        If its bytes were `checked` before, only how it fits its past is looked at.
        """
        ...

    def identity(self, did: Did) -> IdentityState | None:
        """A principal's identity; of several streams, the first by (lamport, id)."""
        ...

    def enrolment(self, event: Event) -> Enrolment:
        """For whom the feed of an event may act, that is not taken in yet."""
        ...

    def enrolled(self, did: Did) -> bool:
        """Whether the principal has an identity stream here."""
        ...

    def holds_repository(self, repo: StreamId) -> bool:
        """Whether the objects of a repository are on this disk."""
        ...

    def holds_object(self, repo: StreamId, oid: str, quarantine: str | None) -> bool:
        """Whether an object is in the repository, or in the push's quarantine."""
        ...

    def commits_among(self, repo: StreamId, oids: Sequence[str]) -> Sequence[str]:
        """Those of `oids` (40 hex digits each) that are commits of the repository."""
        ...

    def landed(self, repo: StreamId, old: str | None, new: str, quarantine: str | None) -> Sequence[tuple[str, str]]:
        """(oid, message) of commits that a move from `old` to `new` brings, newest first; the first few hundred."""
        ...

    def refs_clashing(self, repo: StreamId, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """By each of `names` that has such: standing refs that cannot stand beside it, for one is inside the other."""
        ...

    def refs(self, repo: StreamId) -> Mapping[str, str]:
        """Where each branch and tag of a repository points; of a diverged one, what shows."""
        ...

    def frontier(self, stream: StreamId) -> list[bytes]:
        """The ends of a stream that are not void, as many as an event may name, in order."""
        ...

    def staged_tips(self, token: str) -> Container[str]:
        """The objects that staging was finished for."""
        ...

    def foresee(self, event: Event) -> Verdict:
        """The verdict an event would get now, without folding it."""
        ...

    def known(self, name: EventId) -> Known | None:
        """An event of the log, and whether it counts now."""
        ...

    def link(self, name: EventId) -> Link | None:
        """What a descendant's check needs to know of an event of the log."""
        ...

    def has(self, event: Event) -> bool:
        """Whether an event is in the log; for one that is not, far cheaper than `link`."""
        ...

    def event(self, name: EventId) -> Event | None:
        """An event of the log, whole."""
        ...

    def counts(self, stream: StreamId, did: Did) -> bool:
        """Whether an event of somebody's counts in a stream."""
        ...

    def refolds(self, event: Event) -> int:
        """About how many events would be folded again for this one, that is not taken in yet."""
        ...

    def advancing(
        self, repo: StreamId, moves: Collection[tuple[str, str]], quarantine: str | None
    ) -> frozenset[tuple[str, str]]:
        """Those of these (old, new) of which the commit `old` is in the history of `new`; none that is not here."""
        ...

    def denial(self, stream: StreamId, request: Request) -> Denial | None:
        """Why the author of a request may not do it now, by the rules of the fold; None if he may."""
        ...

    def role(self, stream: StreamId, did: Did) -> Role:
        """Somebody's role in a stream now."""
        ...

    def lifts(self, stream: StreamId, did: Did, level: Role) -> bool:
        """Whether who stands at a level ends each block on somebody that was not ended before."""
        ...

    def take_checked(self, event: Event) -> Verdict:
        """Fold an event that was checked, whose past is here."""
        ...

    def vouch(self, names: Sequence[EventId]) -> None:
        """The signatures of these events, which were taken now, are yet to be checked."""
        ...

    def after(self, effect: Effect) -> None:
        """Have something done on disk once the events are durable."""
        ...


def repository(scene: Scene, stream: StreamId, *, writable: bool = True) -> RepositoryState:
    """The repository, which must exist and (for most writes) neither be archived nor go on elsewhere."""
    state = scene.state(stream)
    if not isinstance(state, RepositoryState) or not state.exists:
        raise NotFound("there is no such repository")
    if writable and state.archived.value:
        raise Conflict(
            "the repository is archived, so it cannot be changed",
            hint=f"take it out of the archive first: gitant repo edit {state.name} --unarchive",
        )
    if writable and state.successors:
        after = state.successors[-1].value
        heir = scene.state(after)
        # Its name is nobody's to know who may not see it, and who asks here is not known to.
        seen = isinstance(heir, RepositoryState) and heir.exists and not heir.hidden
        name = heir.name if isinstance(heir, RepositoryState) and seen else after.hex()[:16]
        raise Conflict(f"{state.name} goes on as {name}, so it cannot be changed", hint=f"change {after.hex()} instead")
    return state


def entity(scene: Scene, sort: type[S], repo: RepositoryState, key: bytes) -> S:
    """An entity of one sort in one repository, or `NotFound`."""
    state = scene.state(key)
    if not isinstance(state, sort) or getattr(state, "stream", None) != repo.key:
        raise NotFound(f"there is no such {sort.__name__.removesuffix('State').lower()} in {repo.name}")
    return state


def allow(scene: Scene, actor: Actor, action: str, repo: RepositoryState, author: Did | None = None) -> None:
    """Return if the actor may do this by the policy that the fold uses; else say what is missing."""
    permit(scene, repo, Request((action,), signer(scene, actor), author))


def allow_act(scene: Scene, actor: Actor, action: str, repo: RepositoryState, deed: Deed | None) -> None:
    """Like `allow`, for an act of authority: that reaches strictly below whoever does it."""
    permit(scene, repo, Request((action,), signer(scene, actor), deed=deed))


def signer(scene: Scene, actor: Actor) -> Did:
    """For whom the node would sign what the actor asks for; raises what is missing if for nobody."""
    if actor.did is None:
        raise Unauthenticated("this needs a token", hint="sign in, or send Authorization: Bearer with a token")
    if not scene.signs_for(actor.did):
        raise Forbidden("this node keeps no key of yours", hint="sign the event yourself and POST it to /events")
    return actor.did


def permit(scene: Scene, repo: RepositoryState, request: Request) -> None:
    """Return if the fold would let somebody do this now; else say why not."""
    denial = scene.denial(StreamId(repo.key), request)
    if denial is not None:
        words = f" ({denial.detail})" if denial.detail else ""
        raise Forbidden(
            f"{request.author} may not do this in {repo.name}: {VOIDS[denial.reason]}{words}", field=denial.reason
        )


def may(scene: Scene, did: Did, action: str, repo: RepositoryState, author: Did | None = None) -> bool:
    """Whether somebody may do this by the policy that the fold uses, whoever would sign it."""
    return scene.denial(StreamId(repo.key), Request((action,), did, author)) is None


def match(scene: Scene, key: bytes, if_match: str) -> None:
    """Raise `PreconditionFailed` unless the caller's validator is the current document's."""
    if if_match and if_match != "*" and etag(scene.document(key)) not in [tag.strip() for tag in if_match.split(",")]:
        raise PreconditionFailed("it has changed since you read it", hint="read it again, then repeat your change")


def check(payload: Payload) -> Payload:
    """A payload this node is about to write, or `InvalidInput` with what is wrong."""
    problem = payload.problem()
    if problem:
        raise InvalidInput(problem, field=problem.split(" ", 1)[0])
    if problem := shape_problem(payload):
        words, _, path = problem.partition(" - at `$.")
        raise InvalidInput(words, field=path.rstrip("`"))
    return payload


def heads(found: Sequence[EventId]) -> list[bytes]:
    """Event ids as payloads hold them."""
    return [bytes(name) for name in found]


def settle(scene: Scene, kind: str, stream: StreamId, entity: bytes, payload: Any) -> None:
    """Write the event that replaces all of `payload.replaces`; several, where one payload cannot name so many."""
    waiting = [*payload.replaces]
    while True:
        some, waiting = waiting[:HEADS_PER_EVENT_MAX], waiting[HEADS_PER_EVENT_MAX:]
        event = scene.write(kind, stream, entity, msgspec.structs.replace(payload, replaces=some))
        if not waiting:
            return
        waiting.append(event.id)


def present(args: Mapping[str, Any], name: str) -> bool:
    """Whether a caller gave an argument (null counts as absent)."""
    return args.get(name) is not None
