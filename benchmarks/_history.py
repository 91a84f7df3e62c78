"""A log with the history of some busy repositories: issues, comments, edits, labels, closes; made without a node."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, final

from benchmarks._words import Prose
from domain.comment.added import CommentAdded
from domain.content.body_edited import BodyEdited, BodySplice
from domain.envelope import seal
from domain.fold.kind import write_payload
from domain.identity.created import IdentityCreated
from domain.issue.assigned import IssueAssigned
from domain.issue.closed import IssueClosed
from domain.issue.labelled import IssueLabelled
from domain.issue.opened import IssueOpened
from domain.issue.reopened import IssueReopened
from domain.issue.retitled import IssueRetitled
from domain.keys import SigningKey
from domain.label.created import LabelCreated
from domain.ports_log import new_row
from domain.repository.created import RepositoryCreated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.envelope import Event
    from domain.fold.kind import Payload
    from domain.ports_log import EventLog

VERSION: Final = 1
"""Raised whenever other events come out."""
REPOSITORIES: Final = 10
LABELS: Final = 12
_APPEND_ROWS: Final = 1_000
_RECENT: Final = 200
_SHARES: Final = {
    "comment": 48, "open": 16, "label": 10, "edit": 8, "close": 9, "assign": 4, "retitle": 3, "reopen": 2,
}  # fmt: skip
"""What a hundred events are."""


@dataclass(slots=True)
class _Issue:
    """What its next event has to name."""

    key: bytes
    chars: int
    title: bytes
    status: bytes
    body: bytes
    open: bool = True


@dataclass(slots=True)
class _Repository:
    """One stream: where its one feed ends, its labels and its issues."""

    tip: Event
    labels: list[bytes] = field(default_factory=list[bytes])
    issues: list[_Issue] = field(default_factory=list[_Issue])


@final
class History:
    """Endless events of one device, the same for the same seed."""

    def __init__(self, seed: int = 1) -> None:
        self._chance = random.Random(seed)
        self._prose = Prose(self._chance)
        self._key = SigningKey(self._chance.randbytes(32))
        self._now_ms = 1_700_000_000_000

    def events(self) -> Iterator[Event]:
        """An identity, the repositories with their labels, and then whatever happens on them."""
        yield self._genesis("identity.created.v1", IdentityCreated(name="operator"))
        repositories: list[_Repository] = []
        for number in range(REPOSITORIES):
            genesis = self._genesis("repository.created.v1", RepositoryCreated(name=f"repository-{number}"))
            yield genesis
            repository = _Repository(genesis)
            repositories.append(repository)
            for label in range(LABELS):
                payload = LabelCreated(name=f"label {label}", colour=f"{self._chance.randrange(1 << 24):06x}")
                yield self._next(repository, "label.created.v1", genesis.id, payload)
                repository.labels.append(repository.tip.id)
        acts = random.Random(self._chance.random()).choices(list(_SHARES), list(_SHARES.values()), k=1 << 20)
        for act in acts:
            yield self._act(self._chance.choice(repositories), act)

    def _act(self, repository: _Repository, act: str) -> Event:
        issue = self._some_issue(repository)
        if act == "open" or issue is None:
            return self._open(repository)
        body = self._prose.paragraphs(self._chance.randint(5, 80))
        match act:
            case "label":
                payload: Payload = IssueLabelled(add=[self._chance.choice(repository.labels)])
                return self._next(repository, "issue.labelled.v1", issue.key, payload)
            case "assign":
                return self._next(repository, "issue.assigned.v1", issue.key, IssueAssigned(add=[self._key.did]))
            case "edit":
                return self._edit(repository, issue, body)
            case "retitle":
                payload = IssueRetitled(title=self._prose.text(6), replaces=[issue.title])
                event = self._next(repository, "issue.retitled.v1", issue.key, payload)
                issue.title = event.id
                return event
            case "close" | "reopen":
                return self._turn(repository, issue, opens=act == "reopen")
            case _:
                return self._next(repository, "comment.added.v1", issue.key, CommentAdded(body=body))

    def _open(self, repository: _Repository) -> Event:
        title, body = self._prose.text(7), self._prose.paragraphs(self._chance.randint(10, 120))
        labels = [self._chance.choice(repository.labels)]
        payload = IssueOpened(title=title, body=body, number=len(repository.issues) + 1, labels=labels)
        event = self._next(repository, "issue.opened.v1", repository.tip.stream, payload)
        repository.issues.append(_Issue(event.id, len(body), event.id, event.id, event.id))
        return event

    def _edit(self, repository: _Repository, issue: _Issue, text: str) -> Event:
        at = self._chance.randint(0, issue.chars)
        cut = min(self._chance.randint(0, 40), issue.chars - at)
        payload = BodyEdited(base=[issue.body], splices=[BodySplice(at=at, cut=cut, text=text)])
        event = self._next(repository, "body.edited.v1", issue.key, payload)
        issue.body, issue.chars = event.id, issue.chars - cut + len(text)
        return event

    def _turn(self, repository: _Repository, issue: _Issue, *, opens: bool) -> Event:
        if opens:
            event = self._next(repository, "issue.reopened.v1", issue.key, IssueReopened(replaces=[issue.status]))
        else:
            event = self._next(repository, "issue.closed.v1", issue.key, IssueClosed(replaces=[issue.status]))
        issue.status = event.id
        return event

    def _some_issue(self, repository: _Repository) -> _Issue | None:
        """Mostly one of the latest, now and then an old one."""
        if not repository.issues:
            return None
        recent = repository.issues if self._chance.random() < 0.1 else repository.issues[-_RECENT:]
        return self._chance.choice(recent)

    def _genesis(self, kind: str, payload: Payload) -> Event:
        fields: dict[str, Any] = {
            "kind": kind, "seq": 1, "parents": [], "lamport": 1, "time": self._now_ms, "roots": [self._key.did],
            "threshold": 1, "nonce": self._chance.randbytes(16),
        }  # fmt: skip
        return seal(fields, write_payload(payload, self._chance.randbytes(16)), self._key)

    def _next(self, repository: _Repository, kind: str, entity: bytes, payload: Payload) -> Event:
        tip = repository.tip
        self._now_ms += self._chance.randint(1, 60_000)
        fields: dict[str, Any] = {
            "kind": kind, "stream": tip.stream, "entity": entity, "seq": tip.seq + 1, "prev": tip.id,
            "parents": [tip.id], "lamport": tip.lamport + 1, "time": self._now_ms,
        }  # fmt: skip
        repository.tip = seal(fields, write_payload(payload, self._chance.randbytes(16)), self._key)
        return repository.tip


def fill(log: EventLog, events: int) -> None:
    """Append so many events."""
    source = History().events()
    for start in range(0, events, _APPEND_ROWS):
        log.append([new_row(next(source)) for _ in range(min(_APPEND_ROWS, events - start))])
