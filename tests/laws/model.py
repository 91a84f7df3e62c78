"""What a history must come to, said a second time: all events at once, no order of arrival, no engine.

Slow and plain on purpose. Verdicts are found by asking again until nothing changes; a value stands if no later write
names it. Only the reading of payloads is shared with the code under test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from domain.authority.enrolment import read_certificate, read_chain
from domain.authority.roles import Role
from domain.fold.kind import PayloadFault, read_payload
from domain.follower.state import follower_key
from domain.keys import did_of
from domain.kinds import KINDS
from domain.protection.state import protection_key
from domain.refs.state import ref_key
from domain.verdict import CARRIES
from tests.laws.authority_model import AuthorityModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from domain.authority.acts import Deed
    from domain.envelope import Event
    from domain.fold.kind import Kind
    from domain.ids import Did

FORGETTABLE: Final = frozenset(
    {
        "identity.described.v1",
        "agent.described.v1",
        "attestation.given.v1",
        "repository.described.v1",
        "repository.website_set.v1",
        "repository.topics_changed.v1",
        "issue.opened.v1",
        "issue.retitled.v1",
        "comment.added.v1",
        "attachment.added.v1",
        "body.edited.v1",
        "body.reset.v1",
    }
)


class Write(NamedTuple):
    """A write of one slot of one entity."""

    key: bytes
    slot: str
    value: Any
    replaces: frozenset[bytes] = frozenset()


class Model:
    """Verdicts and values of a set of events; `reason` is empty for an accepted one."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.events = sorted(events, key=lambda event: (event.lamport, event.id))
        self.by_id = {bytes(event.id): event for event in self.events}
        self.redacted: set[bytes] = set()
        self._payloads: dict[bytes, Any] = {}
        self._authority: dict[bytes, AuthorityModel] = {}
        while True:
            self._reasons: dict[bytes, str] = {}
            now = {
                target
                for event in self.events
                if event.kind == "event.redacted.v1" and not self.reason(event)
                for target in self.payload(event).events
            }
            if now == self.redacted:
                break
            self.redacted = now
        self.accepted = [event for event in self.events if not self.reason(event)]

    def reason(self, event: Event) -> str:
        """Why an event does not count; an edit that is too large is the fold's own matter."""
        if event.id not in self._reasons:
            self._reasons[event.id] = self._own_reason(event) or self._entity_reason(event)
        return self._reasons[event.id]

    def payload(self, event: Event) -> Any:
        """What it says, None if it is redacted."""
        if event.id in self.redacted or event.payload is None:
            return None
        if event.id not in self._payloads:
            self._payloads[event.id] = read_payload(KINDS[event.kind], event.payload)
        return self._payloads[event.id]

    def _own_reason(self, event: Event) -> str:
        if event.v > 1:
            return "version-unknown"
        if event.kind not in KINDS:
            return "kind-unknown"
        if event.unknown:
            return "field-unknown"
        try:
            payload = self.payload(event)
        except PayloadFault as fault:
            return fault.reason
        if event.kind == "issue.opened.v1" and payload and not 0 < payload.number < event.lamport:
            return "number-invalid"
        if event.kind in ("identity.device_enrolled.v1", "identity.device_revoked.v1"):
            why = _papers_reason(event, payload)
            if why:
                return why
        if event.genesis and did_of(event.device) != event.author:
            return "not-enrolled"
        return ""

    def _entity_reason(self, event: Event) -> str:
        kind = KINDS.get(event.kind)
        if kind is None:
            return ""
        if event.genesis:
            if kind.acts_on:
                return "entity-unknown"
            return "" if event.author in event.roots else "no-authority"
        if not kind.acts_on:
            return "entity-mismatch"
        thing = self.by_id.get(bytes(event.entity or b""))
        if thing is None or thing.stream != event.stream:
            return "entity-unknown"
        if thing.kind not in KINDS or KINDS[thing.kind].creates not in kind.acts_on:
            return "entity-mismatch"
        if event.lamport <= thing.lamport:
            return "entity-later"
        if self.reason(thing):
            return "entity-void"
        authority = self.authority(event.stream)
        why = authority.reason(event, self._actions(event, kind), _thing_author(kind, thing), self.payload(event))
        if why:
            return why
        return self._redaction_reason(event, authority) if event.kind == "event.redacted.v1" else ""

    def authority(self, stream: bytes) -> AuthorityModel:
        """Who may do what in a stream. Acts do not depend on anything but their bytes and what they act on."""
        if stream not in self._authority:
            deeds: dict[bytes, Deed] = {}
            for event in self.events:
                kind = KINDS.get(event.kind)
                if (
                    event.stream == stream
                    and kind is not None
                    and kind.deed is not None
                    and not self._own_reason(event)
                ):
                    acted = self.by_id.get(bytes(event.entity or b""))
                    if not event.genesis and acted is not None and KINDS[event.kind].acts_on == (_sort(acted),):
                        deeds[event.id] = kind.deed(event, self.payload(event))
            self._authority[stream] = AuthorityModel(
                self.events, deeds, self.by_id[stream], lambda event: not self.reason(event)
            )
        return self._authority[stream]

    def _actions(self, event: Event, kind: Kind) -> list[str]:
        payload = self.payload(event)
        further = event.kind == "issue.opened.v1" and payload and (payload.labels or payload.assignees)
        return [kind.action, "issue.triage"] if further else [kind.action]

    def _redaction_reason(self, event: Event, authority: AuthorityModel) -> str:
        for name in self.payload(event).events:
            target = self.by_id.get(name)
            if (
                target is None
                or target.kind not in FORGETTABLE
                or target.stream != event.stream
                or event.entity not in (target.id, target.entity)
                or name not in authority.past[event.id]
                or (event.author != target.author and authority.role(event) < Role.MAINTAINER)
            ):
                return "redaction-invalid"
        return ""

    # --- values ----------------------------------------------------------------------------------

    def registers(self) -> dict[tuple[bytes, str], list[tuple[bytes, Any]]]:
        """By entity and slot, the writes that stand, the one that shows last."""
        standing: dict[tuple[bytes, str], list[tuple[bytes, Any]]] = {}
        for event in self.accepted:
            for write in REGISTERS.get(event.kind, _nothing)(event, self.payload(event)):
                here = standing.setdefault((write.key, write.slot), [])
                if event.kind == "repository.transferred.v1":
                    offers = standing[write.key, "offer"]
                    if (self.payload(event).offer, event.author) not in offers:
                        continue
                gone = write.replaces
                if event.kind == "repository.succeeded.v1":
                    gone = frozenset(by for by in gone & self.by_id.keys() if self.by_id[by].author == event.author)
                here[:] = [(name, value) for name, value in here if name not in gone]
                here.append((event.id, write.value))
        return standing

    def successors(self, registers: dict[tuple[bytes, str], list[tuple[bytes, Any]]]) -> dict[bytes, list[bytes]]:
        """By repository, what it goes on as: each root has one word, his last, and the genesis asks for so many."""
        found: dict[bytes, list[bytes]] = {}
        for (stream, slot), standing in registers.items():
            if slot == "succession":
                words: dict[Did, bytes] = {}
                for name, value in standing:
                    words.pop(self.by_id[name].author, None)  # his last word counts, and stands where he said it
                    words[self.by_id[name].author] = value
                said = [value for value in words.values() if value]
                rivals = reversed(dict.fromkeys(reversed(said)))
                found[stream] = [value for value in rivals if said.count(value) >= self.by_id[stream].threshold]
        return found

    def sets(self) -> dict[tuple[bytes, str], dict[Any, set[bytes]]]:
        """By entity and slot, the members and the events that added each."""
        members: dict[tuple[bytes, str], dict[Any, set[bytes]]] = {}
        for event in self.accepted:
            payload = self.payload(event)
            _change_followers(members, event, payload)
            _change_reactions(members, event, payload)
            for slot, field in (("labels", "label"), ("assignees", "assignee")):
                if event.kind == "issue.opened.v1":
                    here = members.setdefault((event.id, slot), {})
                    added = getattr(payload, slot) if payload else []
                elif event.kind == {"labels": "issue.labelled.v1", "assignees": "issue.assigned.v1"}[slot]:
                    here = members.setdefault((bytes(event.entity or b""), slot), {})
                    for removal in payload.remove:
                        here.get(getattr(removal, field), set()).difference_update(removal.observed)
                    added = payload.add
                else:
                    continue
                for member in added:
                    here.setdefault(member, set()).add(event.id)
        return {key: {name: by for name, by in here.items() if by} for key, here in members.items()}


def _change_followers(members: dict[tuple[bytes, str], dict[Any, set[bytes]]], event: Event, payload: Any) -> None:
    """Topics and stars."""
    stream = bytes(event.stream)
    match event.kind:
        case "repository.topics_changed.v1" if payload:
            here = members.setdefault((stream, "topics"), {})
            for removal in payload.remove:
                here.get(removal.topic, set()).difference_update(removal.observed)
            for topic in payload.add:
                here.setdefault(topic, set()).add(event.id)
        case "repository.starred.v1":
            here = members.setdefault((follower_key(event.stream, event.author), "stars"), {})
            here.setdefault(event.author, set()).add(event.id)
        case "repository.unstarred.v1":
            here = members.setdefault((follower_key(event.stream, event.author), "stars"), {})
            here.get(event.author, set()).difference_update(payload.observed)
        case _:
            pass


def _change_reactions(members: dict[tuple[bytes, str], dict[Any, set[bytes]]], event: Event, payload: Any) -> None:
    """Everybody changes only their own."""
    if not event.kind.startswith("reaction."):
        return
    here = members.setdefault((bytes(event.entity or b""), "reactions"), {})
    mine = here.setdefault(f"{payload.content} {event.author}", set())
    if event.kind == "reaction.removed.v1":
        mine.difference_update(payload.observed)
    elif len(mine) < 16:
        mine.add(event.id)


def _papers_reason(event: Event, payload: Any) -> str:
    """Whether the certificates in an identity's payload are the author's, and enrol a device or let one end others."""
    chain = tuple((each.certificate, each.signature) for each in payload.certificates)
    last = read_certificate(chain[-1][0]) if chain else None
    if event.kind == "identity.device_enrolled.v1":
        assert last is not None, "generators make no others"
        found = read_chain(chain, last.device, last.stream or event.stream)
        return found.fault or ("" if found.principal == event.author else "enrolment-forged")
    if event.device == payload.device or did_of(event.device) == event.author:
        return ""
    if last is None:
        return "no-authority"
    found = read_chain(chain, event.device, last.stream or event.stream)
    return "" if not found.fault and found.principal == event.author and last.powers else "no-authority"


def _sort(event: Event) -> str | None:
    kind = KINDS.get(event.kind)
    return kind.creates if kind is not None else None


def _thing_author(kind: Kind, thing: Event) -> Did | None:
    return None if kind.acts_on == ("repository",) else thing.author


def _nothing(_: Event, __: Any) -> list[Write]:
    return []


def _setting(slot: str, value: Callable[[Any], Any]) -> Callable[[Event, Any], list[Write]]:
    def writes(event: Event, payload: Any) -> list[Write]:
        if payload is None:
            return []
        return [Write(bytes(event.entity or b""), slot, value(payload), frozenset(payload.replaces))]

    return writes


def _first(**slots: Callable[[Any], Any]) -> Callable[[Event, Any], list[Write]]:
    def writes(event: Event, payload: Any) -> list[Write]:
        return [Write(event.id, slot, value(payload)) for slot, value in slots.items()]

    return writes


def _moves(event: Event, payload: Any) -> list[Write]:
    return [
        Write(ref_key(event.stream, move.ref), "moves", move.new, frozenset(move.replaces)) for move in payload.moves
    ]


def _repository(event: Event, payload: Any) -> list[Write]:
    values = {
        "names": payload.name,
        "owners": event.author,
        "offer": "",
        "website": "",
        "description": payload.description,
        "default_branch": payload.default_branch,
        "private": payload.private,
        "archived": False,
        "deleted": False,
    }
    return [Write(event.id, slot, value) for slot, value in values.items()]


def _transfer(event: Event, payload: Any) -> list[Write]:
    return [Write(bytes(event.stream), "owners", event.author, frozenset(payload.replaces))]


def _succession(event: Event, payload: Any) -> list[Write]:
    value = payload.successor if payload.successor and payload.successor != event.stream else b""
    return [Write(bytes(event.stream), "succession", value, frozenset(payload.replaces))]


def _watch(event: Event, payload: Any) -> list[Write]:
    key = follower_key(event.stream, event.author)
    return [Write(key, "levels", payload.level, frozenset(payload.replaces))]


def _protection(event: Event, payload: Any) -> list[Write]:
    value = payload if event.kind == "branch.protected.v1" else None
    return [Write(protection_key(event.stream, payload.pattern), "rules", value, frozenset(payload.replaces))]


def _attestation(event: Event, payload: Any) -> list[Write]:
    if payload is None:
        return []
    said = (payload.value, payload.statement)
    return [Write(event.stream, f"attested {payload.about}", said, frozenset(payload.replaces))]


REGISTERS: Final[dict[str, Callable[[Event, Any], list[Write]]]] = {
    "identity.created.v1": _first(profile=lambda _: ("", "", "", b"")),
    "identity.described.v1": _setting(
        "profile", lambda payload: (payload.display_name, payload.about, payload.website, payload.avatar or b"")
    ),
    "agent.described.v1": _setting(
        "agent", lambda payload: (payload.purpose, payload.owner, tuple(payload.capabilities), payload.retired)
    ),
    "attestation.given.v1": _attestation,
    "repository.created.v1": _repository,
    "repository.forked.v1": _repository,
    "repository.renamed.v1": _setting("names", lambda payload: payload.name),
    "repository.offered.v1": _setting("offer", lambda payload: payload.to),
    "repository.transferred.v1": _transfer,
    "repository.succeeded.v1": _succession,
    "repository.website_set.v1": _setting("website", lambda payload: payload.website),
    "repository.watched.v1": _watch,
    "repository.described.v1": _setting("description", lambda payload: payload.description),
    "repository.default_branch_set.v1": _setting("default_branch", lambda payload: payload.branch),
    "repository.visibility_set.v1": _setting("private", lambda payload: payload.private),
    "branch.protected.v1": _protection,
    "branch.unprotected.v1": _protection,
    "repository.archived.v1": _setting("archived", lambda payload: payload.archived),
    "repository.deleted.v1": _setting("deleted", lambda payload: payload.deleted),
    "refs.moved.v1": _moves,
    "label.created.v1": _first(
        name=lambda payload: payload.name,
        colour=lambda payload: payload.colour,
        description=lambda payload: payload.description,
    ),
    "label.renamed.v1": _setting("name", lambda payload: payload.name),
    "label.recoloured.v1": _setting("colour", lambda payload: payload.colour),
    "label.described.v1": _setting("description", lambda payload: payload.description),
    "issue.opened.v1": _first(
        title=lambda payload: payload.title if payload else "[redacted]", status=lambda _: (True, "")
    ),
    "issue.retitled.v1": _setting("title", lambda payload: payload.title),
    "issue.closed.v1": _setting("status", lambda payload: (False, payload.reason)),
    "issue.reopened.v1": _setting("status", lambda _: (True, "")),
    "issue.locked.v1": _setting("lock", lambda payload: (True, payload.reason)),
    "issue.unlocked.v1": _setting("lock", lambda _: (False, "")),
    "issue.pinned.v1": _setting("pin", lambda payload: payload.pinned),
}


def standing_of(reason: str) -> str:
    """The standing that goes with a reason."""
    if not reason:
        return "accepted"
    return "carried" if reason in CARRIES else "void"
