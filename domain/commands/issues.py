"""Open, edit, close, reopen, label and assign issues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from msgspec import structs

from domain.commands.bodies import edit_body
from domain.commands.labels import label_ids, new_labels
from domain.commands.links import links_of, with_links
from domain.commands.scene import (
    HEADS_PER_EVENT_MAX,
    Done,
    Scene,
    allow,
    check,
    entity,
    heads,
    match,
    repository,
    settle,
)
from domain.errors import InvalidInput
from domain.fold.kind import fits
from domain.ids import StreamId
from domain.issue.assigned import AssignedRemoval, IssueAssigned
from domain.issue.closed import IssueClosed
from domain.issue.labelled import IssueLabelled, LabelledRemoval
from domain.issue.opened import IssueOpened
from domain.issue.reopened import IssueReopened
from domain.issue.retitled import IssueRetitled
from domain.issue.state import IssueState
from domain.label.state import LabelState
from domain.limits import ASSIGNEES_PER_CHANGE_MAX, LABELS_PER_CHANGE_MAX
from domain.words import Body, Title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.actor import Actor
    from domain.fold.orset import ObservedSet
    from domain.ids import Did

T = TypeVar("T", str, bytes)
_OBSERVED_PER_EVENT_MAX: Final = 1_000


class OpenIssue(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a new issue says; labels by name (new names become labels), assignees by name or did."""

    repo: bytes
    title: Title
    body: Body = ""
    labels: list[str] = []
    assignees: list[str] = []


def open_issue(scene: Scene, actor: Actor, args: OpenIssue) -> Done:
    """Open an issue under the next number."""
    stream = StreamId(args.repo)
    repo = repository(scene, stream)
    allow(scene, actor, "issue.open", repo)
    dids = dids_named(scene, args.assignees)
    if args.labels or dids:
        allow(scene, actor, "issue.triage", repo)
    _bound_labels(args.labels)
    check(IssueOpened(title=args.title, body=args.body, number=1, assignees=list(dids)))
    if new_labels(scene, stream, args.labels):
        allow(scene, actor, "label.manage", repo)
    labels = label_ids(scene, stream, args.labels)
    payload = IssueOpened(
        title=args.title,
        body=args.body,
        number=scene.next_number(stream),
        labels=labels,
        assignees=list(dids),
    )
    links = links_of(scene, repo, args.body)
    if fits(payload):
        return Done(scene.write("issue.opened.v1", stream, stream, with_links(payload, links)).id)
    alone = with_links(structs.replace(payload, labels=[], assignees=[]), links)
    opened = scene.write("issue.opened.v1", stream, stream, alone)
    scene.write("issue.labelled.v1", stream, opened.id, IssueLabelled(add=labels))
    scene.write("issue.assigned.v1", stream, opened.id, IssueAssigned(add=list(dids)))
    return Done(opened.id)


class EditIssue(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What of an issue is to change: any subset."""

    repo: bytes
    issue: bytes
    title: Title | None = None
    body: Body | None = None
    state: str | None = None
    reason: str = ""
    labels: list[str] | None = None
    assignees: list[str] | None = None
    if_match: str = ""


def edit(scene: Scene, actor: Actor, args: EditIssue) -> Done:
    """Change any of an issue's parts; everything is checked before the first event is written."""
    repo = repository(scene, StreamId(args.repo))
    issue = entity(scene, IssueState, repo, args.issue)
    match(scene, args.issue, args.if_match)
    if args.state not in (None, "open", "closed"):
        raise InvalidInput("state is neither open nor closed", field="state")
    if args.title is not None:
        allow(scene, actor, "issue.edit", repo, issue.author)
        check(IssueRetitled(title=args.title, replaces=[]))
    if args.labels is not None:
        _check_labels(scene, actor, repo.key, args.labels)
    if args.assignees is not None:
        allow(scene, actor, "issue.triage", repo)
        dids_named(scene, args.assignees)
    if args.state is not None:
        allow(scene, actor, "issue.close", repo, issue.author)
        check(IssueClosed(reason=args.reason, replaces=[]))
    if args.body is not None:
        allow(scene, actor, "body.edit", repo, issue.author)
        edit_body(scene, issue, repo, args.body)
    if args.title is not None and (args.title != issue.title.value or issue.title.conflict):
        payload = IssueRetitled(title=args.title, replaces=heads(issue.title.heads))
        settle(scene, "issue.retitled.v1", StreamId(args.repo), issue.key, payload)
    if args.labels is not None:
        _set_labels(scene, issue, args.labels)
    if args.assignees is not None:
        _set_assignees(scene, issue, dids_named(scene, args.assignees))
    if args.state is not None:
        _set_status(scene, issue, is_open=args.state == "open", reason=args.reason)
    return Done(args.issue)


class CloseIssue(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which issue is done, and why."""

    repo: bytes
    issue: bytes
    reason: str = ""
    if_match: str = ""


def close(scene: Scene, actor: Actor, args: CloseIssue) -> Done:
    """Close an issue; closing a closed one changes nothing."""
    return edit(
        scene,
        actor,
        EditIssue(repo=args.repo, issue=args.issue, state="closed", reason=args.reason, if_match=args.if_match),
    )


class ReopenIssue(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which issue goes on."""

    repo: bytes
    issue: bytes
    if_match: str = ""


def reopen(scene: Scene, actor: Actor, args: ReopenIssue) -> Done:
    """Reopen an issue; reopening an open one changes nothing."""
    return edit(scene, actor, EditIssue(repo=args.repo, issue=args.issue, state="open", if_match=args.if_match))


class ChangeMembers(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Labels or assignees: `members` are all of them from now on, or `add` and `remove` say what changes."""

    repo: bytes
    issue: bytes
    set: list[str] | None = None
    add: list[str] = []
    remove: list[str] = []
    if_match: str = ""


def label(scene: Scene, actor: Actor, args: ChangeMembers) -> Done:
    """Put labels on an issue or take them off."""
    repo = repository(scene, StreamId(args.repo))
    issue = entity(scene, IssueState, repo, args.issue)
    match(scene, args.issue, args.if_match)
    _check_labels(scene, actor, repo.key, [*(args.set or []), *args.add])
    allow(scene, actor, "issue.triage", repo)
    wanted = args.set if args.set is not None else changed(label_names(scene, issue), args.add, args.remove)
    _set_labels(scene, issue, wanted)
    return Done(args.issue)


def assign(scene: Scene, actor: Actor, args: ChangeMembers) -> Done:
    """Ask people to work on an issue, or no longer."""
    repo = repository(scene, StreamId(args.repo))
    issue = entity(scene, IssueState, repo, args.issue)
    match(scene, args.issue, args.if_match)
    allow(scene, actor, "issue.triage", repo)
    add, remove = dids_named(scene, args.add), dids_named(scene, args.remove)
    wanted = dids_named(scene, args.set) if args.set is not None else changed(issue.assignees.members, add, remove)
    _set_assignees(scene, issue, wanted)
    return Done(args.issue)


def _set_status(scene: Scene, issue: IssueState, *, is_open: bool, reason: str) -> None:
    if issue.open == is_open and not issue.status.conflict and (is_open or not reason):
        return
    replaced = heads(issue.status.heads)
    if is_open:
        settle(scene, "issue.reopened.v1", issue.stream, issue.key, IssueReopened(replaces=replaced))
    else:
        settle(scene, "issue.closed.v1", issue.stream, issue.key, IssueClosed(reason=reason, replaces=replaced))


def _set_labels(scene: Scene, issue: IssueState, names: Sequence[str]) -> None:
    wanted = label_ids(scene, issue.stream, names)
    for add, gone in _changes(issue.labels, wanted):
        remove = [LabelledRemoval(label=label, observed=observed) for label, observed in gone]
        scene.write("issue.labelled.v1", issue.stream, issue.key, IssueLabelled(add=add, remove=remove))


def _set_assignees(scene: Scene, issue: IssueState, dids: Sequence[str]) -> None:
    for add, gone in _changes(issue.assignees, dids):
        remove = [AssignedRemoval(assignee=did, observed=observed) for did, observed in gone]
        scene.write("issue.assigned.v1", issue.stream, issue.key, IssueAssigned(add=add, remove=remove))


def _changes(standing: ObservedSet[T], wanted: Sequence[T]) -> Iterator[tuple[list[T], list[tuple[T, list[bytes]]]]]:
    """What to add and to take away, in as many events as hold it."""
    add = sorted(set(wanted) - set(standing.added))
    gone = [
        (each, observed[start : start + HEADS_PER_EVENT_MAX])
        for each in sorted(set(standing.added) - set(wanted))
        for observed in [heads(standing.observed(each))]
        for start in range(0, len(observed), HEADS_PER_EVENT_MAX)
    ]
    most = max((len(observed) for _, observed in gone), default=1)
    few = min(LABELS_PER_CHANGE_MAX, _OBSERVED_PER_EVENT_MAX // most)
    while add or gone:
        yield add[:LABELS_PER_CHANGE_MAX], gone[:few]
        add, gone = add[LABELS_PER_CHANGE_MAX:], gone[few:]


def _check_labels(scene: Scene, actor: Actor, stream: bytes, names: Sequence[str]) -> None:
    repo = repository(scene, StreamId(stream))
    allow(scene, actor, "issue.triage", repo)
    _bound_labels(names)
    if new_labels(scene, StreamId(stream), names):
        allow(scene, actor, "label.manage", repo)


def _bound_labels(names: Sequence[str]) -> None:
    if len(names) > LABELS_PER_CHANGE_MAX:
        raise InvalidInput(f"over {LABELS_PER_CHANGE_MAX} labels at once", field="labels")


def label_names(scene: Scene, issue: IssueState) -> list[str]:
    """The names of the labels that an issue carries."""
    states = (scene.state(key) for key in issue.labels.added)
    return [state.name.value for state in states if isinstance(state, LabelState) and not state.deleted]


def changed(standing: Sequence[str], add: Sequence[str], remove: Sequence[str]) -> list[str]:
    """Members with some added and some taken away."""
    return [name for name in dict.fromkeys([*standing, *add]) if name not in remove]


def dids_named(scene: Scene, names: Sequence[str]) -> list[Did]:
    """People by user name or did, each once; raises `InvalidInput` for a name that is nobody's."""
    if len(names) > ASSIGNEES_PER_CHANGE_MAX:
        raise InvalidInput(f"over {ASSIGNEES_PER_CHANGE_MAX} assignees at once", field="assignees")
    found: list[Did] = []
    for name in names:
        did = scene.principal(name)
        if did is None:
            raise InvalidInput(f"nobody here is called {name!r}", hint="name a user or a did:key", field="assignees")
        found.append(did)
    return list(dict.fromkeys(found))
