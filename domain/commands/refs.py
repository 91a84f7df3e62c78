"""Move refs: what a push comes to, and what creating or deleting a branch does."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from domain.authority.acts import Hold, Push
from domain.authority.rights import Request
from domain.commands.closings import close_named
from domain.commands.scene import Done, RefsChanged, Scene, allow, heads, repository, signer
from domain.errors import Conflict, Forbidden, InvalidInput
from domain.ids import StreamId
from domain.limits import MOVES_PER_EVENT_MAX, PAYLOAD_BYTES_MAX, REPLACES_MAX
from domain.ports_git import ZERO_OID
from domain.refs.moved import Move, RefsMoved
from domain.refs.names import BRANCH_PREFIX, folders_of, is_oid, ref_problem
from domain.refs.state import RefState, ref_key
from domain.verdict import VOIDS

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from domain.actor import Actor
    from domain.envelope import Event
    from domain.repository.state import RepositoryState

_MOVE_BYTES: Final = 80
"""What a move takes besides its ref's name and the ids it replaces: the names of its fields and two object ids."""
_ID_BYTES: Final = 34
_MOVES_BYTES_MAX: Final = PAYLOAD_BYTES_MAX - 64


class MoveRefs(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`commands` are (ref, old, new) with 40 hex digits each, zeros for "not there"."""

    repo: bytes
    commands: list[tuple[str, str, str]]
    quarantine: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")] | None = None
    atomic: bool = False


def move(scene: Scene, actor: Actor, args: MoveRefs) -> Done:
    """Move the refs that can be moved; `outcomes` tells of each command, in order, why not (empty: done)."""
    stream = StreamId(args.repo)
    repo = repository(scene, stream)
    allow(scene, actor, "refs.move", repo)
    outcomes = [_problem(scene, repo, args, command) for command in args.commands]
    forced, words = _judge(scene, actor, repo, args, outcomes)
    names = [command[0] for command in args.commands]
    times = Counter(names)
    outcomes = [
        "named twice in one push" if times[name] > 1 and not outcome else outcome
        for name, outcome in zip(names, outcomes, strict=True)
    ]
    if args.atomic and any(outcomes):
        outcomes = [outcome or "atomic push failed: another ref was refused" for outcome in outcomes]
    _check_names_fit(scene, stream, args, outcomes)
    moves = [
        _move(scene, stream, command, forced=command[0] in forced)
        for command, outcome in zip(args.commands, outcomes, strict=True)
        if not outcome
    ]
    written = [(scene.write("refs.moved.v1", stream, stream, RefsMoved(moves=some)), some) for some in parted(moves)]
    if moves:
        scene.after(RefsChanged(stream, tuple(each.ref for each in moves), args.quarantine))
    default = BRANCH_PREFIX + repo.default_branch.value
    for event, landing in ((event, each) for event, some in written for each in some if each.ref == default):
        close_named(scene, event.author, repo, landing, event, args.quarantine)
    told = [[name, outcome] for name, outcome in zip(names, outcomes, strict=True)]
    return Done(extra={"outcomes": told, "words": words})


def _problem(scene: Scene, repo: RepositoryState, args: MoveRefs, command: tuple[str, str, str]) -> str:
    name, old, new = command
    if not is_oid(old) or not is_oid(new):
        raise InvalidInput("an object id is 40 lowercase hexadecimal digits", field="commands")
    problem = ref_problem(name)
    if problem:
        return problem
    stream = StreamId(repo.key)
    current = _shown(scene, stream, name) or ZERO_OID
    if current != old:
        if current == ZERO_OID:
            return "stale: the ref is not there any more; fetch first"
        return f"stale: the ref is at {current[:10]} now; fetch first"
    if old == new == ZERO_OID:
        return "there is no such ref to delete"
    if new == ZERO_OID and name == BRANCH_PREFIX + repo.default_branch.value:
        return "it is the default branch; make another one the default before deleting it"
    if new != ZERO_OID and not scene.holds_object(stream, new, args.quarantine):
        return "the object it should point to is missing"
    return ""


def _judge(
    scene: Scene, actor: Actor, repo: RepositoryState, args: MoveRefs, outcomes: list[str]
) -> tuple[set[str], dict[str, str]]:
    """Refuse what a protection forbids, by what the fold would say.

    Returns the branches that are moved back or aside, and by ref refused, what else a person wants to know.
    """
    forced: set[str] = set()
    words: dict[str, str] = {}
    stream = StreamId(repo.key)
    branches = [
        (index, *command)
        for index, command in enumerate(args.commands)
        if not outcomes[index] and command[0].startswith(BRANCH_PREFIX)
    ]
    moved = {(old, new) for _, _, old, new in branches if ZERO_OID not in {old, new}}
    backward = moved - scene.advancing(stream, moved, args.quarantine) if moved else moved
    for index, name, old, new in branches:
        if (old, new) in backward:
            forced.add(name)
        push = Push(name, new == ZERO_OID, name in forced)
        denial = scene.denial(stream, Request(("refs.move",), signer(scene, actor), pushes=(push,)))
        if denial is not None:
            outcomes[index] = f"protected branch: {denial.detail}" if denial.by else VOIDS[denial.reason]
        if denial is not None and denial.by is not None and isinstance(denial.by.deed, Hold):
            short, pattern = name.removeprefix(BRANCH_PREFIX), denial.by.deed.about.decode("utf-8", "replace")
            words[name] = (
                f"{short} is protected ({pattern}) by {denial.by.author}: {denial.detail}."
                f" The rules: gitant protect list -R {repo.name}"
            )
    return forced, words


def _check_names_fit(scene: Scene, stream: StreamId, args: MoveRefs, outcomes: list[str]) -> None:
    """Refuse what would clash after this push."""
    wanted = [c for c, outcome in zip(args.commands, outcomes, strict=True) if not outcome]
    clashes = names_clashing(
        scene, stream, [c[0] for c in wanted if c[2] != ZERO_OID], {c[0] for c in wanted if c[2] == ZERO_OID}
    )
    for index, (name, _, _) in enumerate(args.commands):
        if not outcomes[index] and name in clashes:
            outcomes[index] = f"the name clashes with {clashes[name]}"
    if args.atomic and any(outcomes):
        outcomes[:] = [outcome or "atomic push failed: another ref was refused" for outcome in outcomes]


def check_moves(scene: Scene, event: Event, payload: RefsMoved) -> None:
    """Raise what keeps moves that somebody else signed out of the log, once their author may make such.

    Whether one goes forward is not for its author to say: here are the objects that show it.
    """
    stream, news = event.stream, {move.ref: move.new.hex() for move in payload.moves if move.new is not None}
    for ref, new in news.items():
        if not scene.holds_object(stream, new, None):
            raise Conflict(f"the object that {ref} should point to is not here", hint="push the objects first")
    for name, other in names_clashing(scene, stream, [*news], {move.ref for move in payload.moves}).items():
        raise Conflict(f"{name} clashes with {other}")
    branches = {ref: new for ref, new in news.items() if ref.startswith(BRANCH_PREFIX)}
    commits = {*scene.commits_among(stream, sorted({*branches.values()}))}
    for ref, new in branches.items():
        if new not in commits:
            raise Conflict(f"a branch points to a commit, and what {ref} should point to is none")
    told = {move.ref for move in payload.moves if move.forced}
    ways = {ref: (old, new) for ref, new in branches.items() if ref not in told and (old := _shown(scene, stream, ref))}
    forward = scene.advancing(stream, {*ways.values()}, None) if ways else frozenset[tuple[str, str]]()
    back = tuple(Push(ref, deletes=False, forced=True) for ref, way in ways.items() if way not in forward)
    denial = scene.denial(stream, Request(("refs.move",), event.author, pushes=back)) if back else None
    if denial is not None:
        for push in back:
            if not scene.holds_object(stream, ways[push.ref][0], None):
                words = f"the commit that {push.ref} is at is not here yet: nobody sees if this goes forward"
                raise Conflict(words, hint="send it again when the commit has come from the other nodes")
        words = f"a move that does not say so goes back or aside: {denial.detail or VOIDS[denial.reason]}"
        raise Forbidden(words, hint="push to another branch, or ask an admin", field=denial.reason)


def _shown(scene: Scene, stream: StreamId, ref: str) -> str:
    """Where a branch is; nothing for one that is not there."""
    state = scene.state(ref_key(stream, ref))
    return state.oid.hex() if isinstance(state, RefState) and state.oid is not None else ""


def names_clashing(scene: Scene, stream: StreamId, coming: Sequence[str], going: Container[str]) -> dict[str, str]:
    """A ref and a folder of refs cannot have one name (`a` beside `a/b`): who of `coming` clashes, and with whom."""
    standing = scene.refs_clashing(stream, coming)
    inside = {folder: name for name in coming for folder in folders_of(name)}
    found: dict[str, str] = {}
    for name in coming:
        clash = next((each for each in standing.get(name, ()) if each not in going), None) or inside.get(name)
        if clash is not None:
            found[name] = clash
    return found


def parted(moves: Sequence[Move]) -> Iterator[list[Move]]:
    """The moves, as many in each event as its payload can hold."""
    part: list[Move] = []
    size = 0
    for move in moves:
        weight = _MOVE_BYTES + len(move.ref.encode()) + _ID_BYTES * len(move.replaces)
        if part and (len(part) == MOVES_PER_EVENT_MAX or size + weight > _MOVES_BYTES_MAX):
            yield part
            part, size = [], 0
        part.append(move)
        size += weight
    if part:
        yield part


def _move(scene: Scene, stream: StreamId, command: tuple[str, str, str], *, forced: bool) -> Move:
    name, old, new = command
    state = scene.state(ref_key(stream, name))
    return Move(
        ref=name,
        old=None if old == ZERO_OID else bytes.fromhex(old),
        new=None if new == ZERO_OID else bytes.fromhex(new),
        # Of more rivals than a move may name some stay, for the next move to settle.
        replaces=heads(state.moves.heads)[-REPLACES_MAX:] if isinstance(state, RefState) else [],
        forced=forced,
    )
