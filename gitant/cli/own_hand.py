"""Writing with a key that no node has: what is said is made and signed here, and handed in whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, final

import msgspec

from domain.commands.links import Links, with_links
from domain.comment.added import CommentAdded
from domain.errors import Conflict, InvalidInput, LocalFault, Unavailable
from domain.issue.closed import IssueClosed
from domain.issue.opened import IssueOpened
from domain.issue.reopened import IssueReopened
from domain.keys import is_did
from domain.limits import REPLACES_MAX
from domain.links.names import names_in
from gitant.cli.api import Api, ApiProblem, segment
from gitant.cli.checkout import repository
from gitant.cli.identity_ends import principal_signer
from gitant.cli.keys import key_path
from gitant.own_feeds import OwnFeeds, Place, going_on
from gitant.signing import Heads, posted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.fold.kind import Payload
    from domain.links.names import IssueName

P = TypeVar("P", bound="Payload")
ISSUES_LOOKED_AT: Final = 100
"""The newest, for the highest number there is."""
CHANGES_MAX: Final = 10_000
_LOOKED_UP_MAX: Final = 20
"""Names of each sort in a text; each takes a request."""
_AGAIN: Final = frozenset({401, 408, 425, 429})
"""Refusals that say nothing of the event."""
_REFUSED: Final = range(400, 500)


class Written(NamedTuple):
    """What was handed in: the event's id, what the node answered, and what it says of one that has to wait."""

    id: str
    answer: dict[str, Any]

    @property
    def waits(self) -> str:
        """Why it is not in the log yet; empty when it is."""
        return str(self.answer["explanation"]) if "held" in self.answer else ""


@final
class OwnHand:
    """Writes in one repository of a node with the key of a file."""

    def __init__(self, api: Api, key: str, passphrase_fd: int | None, repo: str | None) -> None:
        self._api = api
        self._by = principal_signer(key, passphrase_fd)
        self._feeds = OwnFeeds(key_path(key), self._by.key.did)
        self._repo: str = api.get(f"/api/v1/repos/{segment(repository(repo, api.addresses))}")["id"]
        self._path = f"/api/v1/repos/{self._repo}"

    def issue(self, name: str) -> dict[str, Any]:
        """An issue of the repository."""
        found: dict[str, Any] = self._api.get(f"{self._path}/issues/{segment(name.removeprefix('#'))}")
        return found

    def open_issue(self, title: str, body: str, labels: Sequence[str], people: Sequence[str]) -> tuple[Written, int]:
        """Open an issue under the number behind the highest that the node has; labels have to be there."""
        known = self._api.listed(f"{self._path}/issues", "issues", ISSUES_LOOKED_AT, {"state": "all"})
        number = 1 + max((int(each["number"]) for each in known), default=0)
        payload = IssueOpened(
            title=title,
            body=body,
            number=number,
            labels=self._labels(labels),
            assignees=[self._did(name) for name in dict.fromkeys(people)],
        )
        return self._write("issue.opened.v1", self._repo, self._bound(payload, body)), number

    def comment(self, issue: str, body: str) -> Written:
        """Say something on an issue."""
        return self._write("comment.added.v1", self.issue(issue)["id"], self._bound(CommentAdded(body=body), body))

    def close(self, issue: str, reason: str) -> Written | None:
        """Close an issue; None where it is closed."""
        found = self.issue(issue)
        if found["state"] == "closed" and "state" not in found.get("conflicts", {}) and not reason:
            return None
        payload = IssueClosed(reason=reason, replaces=self._states(found["id"]))
        return self._write("issue.closed.v1", found["id"], payload)

    def reopen(self, issue: str) -> Written | None:
        """Open a closed issue again; None where it is open."""
        found = self.issue(issue)
        if found["state"] == "open" and "state" not in found.get("conflicts", {}):
            return None
        return self._write("issue.reopened.v1", found["id"], IssueReopened(replaces=self._states(found["id"])))

    def _write(self, kind: str, entity: str, payload: Payload) -> Written:
        with self._feeds.open():
            self._send_unsent()
            params = {"device": self._by.key.did}
            heads = msgspec.convert(self._api.get(f"{self._path}/heads", params), Heads)
            if heads.stream != self._repo:
                raise InvalidInput("the node tells of the heads of another stream", hint="ask another node")
            last = self._feeds.last(self._repo)
            event = self._by.next(going_on(heads, last), kind, bytes.fromhex(entity), payload)
            self._feeds.signed(self._repo, Place(event.seq, event.id.hex(), event.lamport), posted(event))
            try:
                return Written(event.id.hex(), self._send(posted(event)))
            except Conflict as fault:
                if last is None or heads.seq > last.place.seq:
                    raise
                hint = "write where you wrote that, or wait until the nodes have met (or somebody has let it in)"
                raise Conflict(f"this node has not got what this key wrote last: {fault.message}", hint=hint) from fault

    def _send_unsent(self) -> None:
        """Hand in what was signed by a command that did not hear whether it arrived; it arrives once."""
        last = self._feeds.last(self._repo)
        if last is not None and last.unsent is not None:
            self._send(last.unsent)

    def _send(self, event: dict[str, str]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._api.send("POST", "/api/v1/events", event)
        except ApiProblem as fault:
            if fault.status not in _REFUSED or fault.status in _AGAIN:
                raise _kept(fault) from fault
            self._feeds.refused(self._repo)
            raise Conflict(fault.message, hint=fault.hint) if fault.status == 409 else fault from fault
        except LocalFault as fault:
            raise _kept(fault) from fault
        self._feeds.sent(self._repo)
        return answer

    def _states(self, issue: str) -> list[bytes]:
        """The events that said whether an issue is open; what is settled among them does no harm."""
        rows = self._api.listed(f"{self._path}/issues/{issue}/timeline", "timeline", CHANGES_MAX)
        said = [row["id"] for row in rows if row["action"] in {"opened", "closed", "reopened"}]
        return sorted({bytes.fromhex(name) for name in [issue, *said[-REPLACES_MAX + 1 :]]})

    def _labels(self, names: Sequence[str]) -> list[bytes]:
        if not names:
            return []
        known = {each["name"]: each["id"] for each in self._api.listed(f"{self._path}/labels", "labels", CHANGES_MAX)}
        if missing := [name for name in names if name not in known]:
            raise InvalidInput(f"there is no label {missing[0]!r}", hint="whoever looks after the repository makes it")
        return [bytes.fromhex(known[name]) for name in dict.fromkeys(names)]

    def _did(self, name: str) -> str:
        return name if is_did(name) else str(self._api.get(f"/api/v1/agents/{segment(name)}")["did"])

    def _bound(self, payload: P, text: str) -> P:
        """The payload with whom and what its words name, as far as the node knows them."""
        names = names_in(text)
        people = (self._found(self._did, name) for name in names.people[:_LOOKED_UP_MAX])
        issues = (self._found(self._issue_id, name) for name in names.issues[:_LOOKED_UP_MAX])
        commits = (self._found(self._commit, name) for name in names.commits[:_LOOKED_UP_MAX])
        return with_links(payload, Links(_each(people), _bytes(issues), _bytes(commits)))

    def _issue_id(self, name: IssueName) -> str:
        place = self._path
        if name.repo:
            other = self._api.get(f"/api/v1/repos/{segment(f'{name.owner}~{name.repo}')}")
            if other["private"] and other["id"] != self._repo:
                return ""  # what an event says, everybody who has it can read
            place = f"/api/v1/repos/{other['id']}"
        return str(self._api.get(f"{place}/issues/{name.number}{f'.{name.prefix}' if name.prefix else ''}")["id"])

    def _commit(self, name: str) -> str:
        return str(self._api.get(f"{self._path}/commits/{name}")["hash"])

    @staticmethod
    def _found(look: Any, name: Any) -> str:
        """What a name means; nothing where the node knows of none, for then it is only text."""
        try:
            return str(look(name))
        except ApiProblem:
            return ""


def _kept(fault: LocalFault) -> Unavailable:
    hint = "it is signed and kept beside the key: your next command with that key hands it in first"
    return Unavailable(f"whether it arrived is not known: {fault.message}", hint=hint)


def _each(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for name in names if name))


def _bytes(names: Iterable[str]) -> list[bytes]:
    return [bytes.fromhex(name) for name in _each(names)]
