"""An issue as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitant.cli.output import clean, print_fields
from gitant.cli.pager import paged

if TYPE_CHECKING:
    from collections.abc import Mapping


def print_issue(issue: dict[str, Any], comments: list[dict[str, Any]], names: Mapping[str, str]) -> None:
    """The head, the text, and every comment in order, a screen at a time. `names` has those of people by did."""
    with paged():
        _print_all(issue, comments, names)


def people_in(issue: dict[str, Any], comments: list[dict[str, Any]]) -> list[str]:
    """The dids that an issue is shown with."""
    return [issue["author"], *issue["assignees"], *(comment["author"] for comment in comments)]


def _print_all(issue: dict[str, Any], comments: list[dict[str, Any]], names: Mapping[str, str]) -> None:
    print(clean(f"#{issue['number']} {issue['title']}"))
    state = f"{issue['state']} ({issue['state_reason']})" if issue.get("state_reason") else issue["state"]
    print_fields(
        [
            ("state", state),
            ("author", names.get(issue["author"], issue["author"])),
            ("created", issue["created_at"]),
            ("updated", issue["updated_at"]),
            ("labels", ", ".join(issue["labels"])),
            ("assignees", ", ".join(names.get(did, did) for did in issue["assignees"])),
            *_signs(issue),
            ("id", issue["id"]),
        ]
    )
    if issue.get("conflicts"):
        found = ", ".join(sorted(issue["conflicts"]))
        print(clean(f"conflicts: {found} (write it again to settle; --json shows all)"))
    _print_text(issue["body"])
    for comment in comments:
        edited = ", edited" if comment["edited"] else ""
        print()
        who = names.get(comment["author"], comment["author"])
        print(clean(f"-- {who}, {comment['created_at']}{edited} ({comment['id'][:12]})"))
        _print_text("[redacted]" if comment["redacted"] else comment["body"])
        if counts := comment.get("reactions"):
            print(clean(f"({_counted(counts)})"))


def _signs(thing: dict[str, Any]) -> list[tuple[str, str]]:
    """What is seldom there: a lock, a pin, reactions."""
    signs: list[tuple[str, str]] = []
    if thing.get("locked"):
        signs.append(("locked", thing.get("lock_reason") or "yes"))
    if thing.get("pinned"):
        signs.append(("pinned", "yes"))
    if counts := thing.get("reactions"):
        signs.append(("reactions", _counted(counts)))
    return signs


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{content} {count}" for content, count in counts.items())


def _print_text(text: str) -> None:
    if text:
        print()
        print(clean(text.replace("\r\n", "\n").rstrip("\n"), lines=True))
