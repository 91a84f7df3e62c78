"""What must hold of all nodes once the network is whole again."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

from tests.gitant.running import PATIENCE_S
from tests.namespaces.fleet import soon
from tests.namespaces.writers import SHARED

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gitant.network.meeting import Member
    from tests.namespaces.fleet import Fleet
    from tests.soak.ledger import Ledger

HEALED_S = 120
"""The longest that equality is waited for: TCP alone may keep silent for half of it after a partition."""


def wait_equal(fleet: Fleet, repo: str) -> float:
    """Until digests and `git ls-remote` are the same everywhere; how many seconds that took."""

    def shown() -> list[tuple[Any, ...]]:
        return [_shown(member, repo) for member in fleet.all]

    def equal() -> bool:
        try:
            digests = {member.digests(repo) for member in fleet.all}
            return len(digests) == 1 and len({member.refs(repo) for member in fleet.all}) == 1
        except (urllib.error.HTTPError, OSError):
            return False

    return soon(equal, lambda: f"the nodes do not come to the same: {shown()}", HEALED_S)


def _shown(member: Member, repo: str) -> tuple[Any, ...]:
    try:
        sync = member.ask("GET", f"/repos/{repo}/sync")
    except (urllib.error.HTTPError, OSError) as fault:
        return member.folder.parent.name, str(fault)
    return member.folder.parent.name, sync, member.refs(repo)


def check_acknowledged(fleet: Fleet, repo: str, ledger: Ledger) -> None:
    """Every write that was answered with success is on every node."""
    wanted = {sort: {fact.name for fact in ledger.facts if fact.sort == sort} for sort in ("issue", "comment")}
    labels = {fact.name for fact in ledger.facts if fact.sort == "label"}
    titles = {fact.name for fact in ledger.facts if fact.sort == "title"}
    branches = ledger.last(ledger.facts, "ref")
    for member in fleet.all:
        here = f"on {member.folder.parent.name}"
        lost = wanted["issue"] - _all(member, f"/repos/{repo}/issues?state=all", "issues", "id")
        assert not lost, f"issues are lost {here}: {lost}"
        lost = wanted["comment"] - _all(member, f"/repos/{repo}/issues/1/comments", "comments", "id")
        assert not lost, f"comments are lost {here}: {lost}"
        shown = member.ask("GET", f"/repos/{repo}/issues/1")
        lost = labels - {label if isinstance(label, str) else label["name"] for label in shown["labels"]}
        assert not lost, f"labels are lost {here}: {lost}"
        lost = titles - _all(member, f"/repos/{repo}/issues/1/timeline", "timeline", "to")
        assert not lost, f"titles are lost {here}: {lost}"
        refs = {ref: oid for oid, _, ref in (line.partition("\t") for line in member.refs(repo).splitlines())}
        for branch, oid in branches.items():
            if branch != SHARED:
                assert refs[f"refs/heads/{branch}"] in ledger.allowed(branch, oid), f"{branch} is lost {here}"
        placed = {oid for ref, oid in refs.items() if SHARED in ref}
        assert placed <= set(ledger.tried.get(SHARED, ())), f"{SHARED} is where nobody pushed it {here}"


def check_objects(fleet: Fleet, repo: str, scratch: Path) -> None:
    """Every node gives all that its refs show to stock git."""
    for member in fleet.all:
        copy = scratch / f"mirror-{member.folder.parent.name}"
        words = ("git", "clone", "-q", "--mirror", member.git_url(repo), str(copy))
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        assert done.returncode == 0, done.stderr
        checked = subprocess.run(
            ("git", "-C", str(copy), "fsck", "--full"), capture_output=True, text=True, check=False, timeout=PATIENCE_S
        )
        assert checked.returncode == 0, checked.stderr


def _all(member: Member, path: str, name: str, field: str) -> set[Any]:
    """One field of everything in a list, page by page."""
    found = set[Any]()
    following = f"{member.url}/api/v1{path}{'&' if '?' in path else '?'}per_page=100"
    while following:
        request = urllib.request.Request(following, headers={"Authorization": f"Bearer {member.token}"})
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            found |= {row.get(field) for row in json.loads(answer.read())[name]}
            link = re.search(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
        following = urllib.parse.urljoin(following, link[1]) if link else ""
    return found
