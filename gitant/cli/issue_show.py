"""An issue as a person reads it."""

from __future__ import annotations

from typing import Any

from gitant.cli.output import clean, print_fields


def print_issue(issue: dict[str, Any], comments: list[dict[str, Any]]) -> None:
    """The head, the text, and every comment in order."""
    print(clean(f"#{issue['number']} {issue['title']}"))
    state = f"{issue['state']} ({issue['state_reason']})" if issue.get("state_reason") else issue["state"]
    print_fields(
        [
            ("state", state),
            ("author", issue["author"]),
            ("created", issue["created_at"]),
            ("updated", issue["updated_at"]),
            ("labels", ", ".join(issue["labels"])),
            ("assignees", ", ".join(issue["assignees"])),
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
        print(clean(f"-- {comment['author']}, {comment['created_at']}{edited} ({comment['id'][:12]})"))
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
