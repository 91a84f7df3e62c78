"""Repositories that have a history from their first moment: forks and imports. Their objects are staged before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from domain.commands.refs import parted
from domain.commands.repositories import newcomer
from domain.commands.scene import Done, ObjectsAdopted, RefsChanged, RepositoryMade, Scene, check, repository
from domain.errors import Conflict, Forbidden, InvalidInput
from domain.ids import StreamId
from domain.limits import SKIPS_MAX, SKIPS_PER_EVENT_MAX
from domain.ports_git import ZERO_OID
from domain.refs.moved import Move, RefsMoved
from domain.refs.names import is_oid, ref_problem
from domain.repository.created import RepositoryCreated
from domain.repository.forked import RepositoryForked
from domain.repository.imported import RepositoryImported, Skip
from domain.words import Description

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from domain.actor import Actor

Token = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]


class ForkRepository(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is forked, what the fork is to be, and where its objects are staged."""

    origin: bytes
    staged: Token
    name: str
    owner: str = ""
    description: Description | None = None
    private: bool | None = None


def fork(scene: Scene, actor: Actor, args: ForkRepository) -> Done:
    """Begin a repository as a copy of another one's branches and tags; `Conflict` if these have moved meanwhile."""
    me = newcomer(scene, actor, args.name, args.owner)
    origin = repository(scene, StreamId(args.origin), writable=False)
    if origin.hidden and args.private is False:
        raise Forbidden("a fork of a private repository is private", hint="leave private out", field="private")
    refs = scene.refs(StreamId(args.origin))
    _check_staged(scene, args.staged, refs)
    payload = RepositoryForked(
        name=args.name,
        description=origin.description.value if args.description is None else args.description,
        default_branch=origin.default_branch.value,
        private=origin.hidden or bool(args.private),
        origin=args.origin,
        frontier=scene.frontier(StreamId(args.origin)),
    )
    stream = scene.begin("repository.forked.v1", check(payload), [me]).stream
    if origin.skips:
        _tell_import(scene, stream, origin.imported_from, 0, origin.skips)
    _fill(scene, stream, args.staged, refs)
    return Done(stream)


class ImportRepository(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What came from elsewhere: refs (name and object), where their objects are staged, and what is excused of them."""

    name: str
    source: str
    staged: Token
    refs: list[tuple[str, str]]
    owner: str = ""
    description: Description = ""
    private: bool = False
    default_branch: str = "main"
    objects: int = 0
    skips: dict[str, list[str]] = {}


def import_repository(scene: Scene, actor: Actor, args: ImportRepository) -> Done:
    """Begin a repository with a history that was made elsewhere."""
    me = newcomer(scene, actor, args.name, args.owner)
    refs = dict(args.refs)
    for name, oid in refs.items():
        if problem := ref_problem(name):
            raise InvalidInput(f"{name}: {problem}", field="refs")
        if not is_oid(oid) or oid == ZERO_OID:
            raise InvalidInput(f"{name} points to no object", field="refs")
    _check_staged(scene, args.staged, refs)
    skips = {fault: {bytes.fromhex(oid) for oid in oids} for fault, oids in args.skips.items()}
    if sum(map(len, skips.values())) > SKIPS_MAX:
        raise InvalidInput(f"more than {SKIPS_MAX} objects have faults", field="skips")
    payload = RepositoryCreated(
        name=args.name, description=args.description, private=args.private, default_branch=args.default_branch
    )
    stream = scene.begin("repository.created.v1", check(payload), [me]).stream
    _tell_import(scene, stream, args.source, args.objects, skips)
    _fill(scene, stream, args.staged, refs)
    return Done(stream)


def _check_staged(scene: Scene, staged: str, refs: Mapping[str, str]) -> None:
    held = scene.staged_tips(staged)
    if missing := sorted(name for name, oid in refs.items() if oid not in held):
        raise Conflict(f"{missing[0]} has moved meanwhile", hint="try again")


def _tell_import(
    scene: Scene, stream: StreamId, source: str, objects: int, skips: Mapping[str, AbstractSet[bytes]]
) -> None:
    """Write where it came from, in as many events as its skip list takes; those that read the first know the rest."""
    for number, some in enumerate(_skips_parted(skips)):
        payload = RepositoryImported(source=source, objects=0 if number else objects, skips=some)
        scene.write("repository.imported.v1", stream, stream, check(payload))


def _skips_parted(skips: Mapping[str, AbstractSet[bytes]]) -> Iterator[list[Skip]]:
    pairs = [(fault, oid) for fault in sorted(skips) for oid in sorted(skips[fault])]
    for at in range(0, max(len(pairs), 1), SKIPS_PER_EVENT_MAX):
        part: dict[str, list[bytes]] = {}
        for fault, oid in pairs[at : at + SKIPS_PER_EVENT_MAX]:
            part.setdefault(fault, []).append(oid)
        yield [Skip(fault=fault, objects=oids) for fault, oids in part.items()]


def _fill(scene: Scene, stream: StreamId, staged: str, refs: Mapping[str, str]) -> None:
    """Move the refs of a new repository to where they begin."""
    moves: Sequence[Move] = [
        Move(ref=name, old=None, new=bytes.fromhex(oid), replaces=[]) for name, oid in sorted(refs.items())
    ]
    for some in parted(moves):
        scene.write("refs.moved.v1", stream, stream, RefsMoved(moves=some))
    scene.after(RepositoryMade(stream))
    scene.after(ObjectsAdopted(stream, staged))
    if refs:
        scene.after(RefsChanged(stream, tuple(sorted(refs)), None))
