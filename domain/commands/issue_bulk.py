"""One change to many issues: all of them change, or none does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from domain.commands.issues import EditIssue, changed, dids_named, edit, label_names
from domain.commands.scene import Done, Scene, allow, entity, repository
from domain.errors import InvalidInput
from domain.ids import StreamId
from domain.issue.state import IssueState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.actor import Actor

ISSUES_MAX: Final = 100


class EditIssues(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which issues, and what of each is to change: members are set, or added and taken away."""

    repo: bytes
    issues: Annotated[list[bytes], msgspec.Meta(min_length=1, max_length=ISSUES_MAX)]
    state: str | None = None
    reason: str = ""
    labels: list[str] | None = None
    add_labels: list[str] = []
    remove_labels: list[str] = []
    assignees: list[str] | None = None
    add_assignees: list[str] = []
    remove_assignees: list[str] = []


def edit_many(scene: Scene, actor: Actor, args: EditIssues) -> Done:
    """Change every issue in turn; what is refused for one is refused for all.

    `extra` has `issues`: of each its id, number, title, state, labels, assignees, and whether it `changed`.
    """
    repo = repository(scene, StreamId(args.repo))
    _check_members(args)
    issues = [entity(scene, IssueState, repo, key) for key in dict.fromkeys(args.issues)]
    add, remove = dids_named(scene, args.add_assignees), dids_named(scene, args.remove_assignees)
    if args.state is not None:
        # The one thing whose answer depends on the issue: ask for all of them before the first is written.
        for issue in issues:
            allow(scene, actor, "issue.close", repo, issue.author)
    rows: list[dict[str, Any]] = []
    for issue in issues:
        labels = _members(args.labels, label_names(scene, issue), args.add_labels, args.remove_labels)
        people = _members(args.assignees, issue.assignees.members, add, remove)
        change = EditIssue(
            repo=args.repo,
            issue=issue.key,
            state=args.state,
            reason=args.reason,
            labels=labels,
            assignees=people,
        )
        before = scene.document(issue.key)
        edit(scene, actor, change)
        rows.append(_row(scene, issue.key, different=scene.document(issue.key) != before))
    return Done(extra={"issues": rows})


def _check_members(args: EditIssues) -> None:
    for name, every, some in (
        ("labels", args.labels, (*args.add_labels, *args.remove_labels)),
        ("assignees", args.assignees, (*args.add_assignees, *args.remove_assignees)),
    ):
        if every is not None and some:
            raise InvalidInput(f"{name} are all that shall be there, so nothing can be added or taken away", field=name)
    if args.state is None and args.labels is None and args.assignees is None:
        some = (*args.add_labels, *args.remove_labels, *args.add_assignees, *args.remove_assignees)
        if not some:
            raise InvalidInput("there is nothing to change", hint="send state, labels, assignees, or what to add")


def _members(
    every: Sequence[str] | None, standing: Sequence[str], add: Sequence[str], remove: Sequence[str]
) -> list[str] | None:
    if every is not None:
        return list(every)
    return changed(standing, add, remove) if add or remove else None


def _row(scene: Scene, key: bytes, *, different: bool) -> dict[str, Any]:
    issue = scene.state(key)
    assert isinstance(issue, IssueState), "it was there a moment ago"
    return {
        "id": key.hex(),
        "number": issue.number,
        "title": issue.title.value,
        "state": "open" if issue.open else "closed",
        "labels": sorted(label_names(scene, issue)),
        "assignees": issue.assignees.members,
        "changed": different,
    }
