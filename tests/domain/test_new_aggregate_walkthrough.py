"""How to add something new to Gitant, told as a test: notes that people pin to an issue.

In the project, everything between the two lines would be one file, `domain/note/pinned.py` (and a second one for the
second verb). Beside it: a line in `domain/kinds.py`, a word in `Sort`, a row in the policy's table, a generator in
`tests/laws`, and `python -m tests.docs_tables`. Nothing else in the fold knows of kinds by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import pytest

from domain.fold.kind import Kind, Payload, State, Touch
from domain.fold.register import Register
from domain.ids import Did
from domain.kinds import KINDS
from domain.policy import ACTIONS
from domain.verdict import ACCEPTED, void
from domain.words import Replaces, line_problem
from tests.laws.laws import assert_converges
from tests.making import Node, Story

if TYPE_CHECKING:
    from domain.envelope import Event

# -------------------------------------------------------------------------------------------------

# First what a note is. A state is made of registers, sets and texts, which know how to merge: that is
# why nothing below says a word about order, concurrency or conflicts.


class NoteState(State):
    """A note on an issue."""

    __slots__ = ("author", "words")

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.author = Did("")
        self.words: Register[str] = Register()


# Then what people say. msgspec checks types and lengths, `problem` the rest. The salt is not our business.


class NotePinned(Payload, frozen=True, kw_only=True):
    """A new note."""

    words: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]

    def problem(self) -> str:
        return line_problem(self.words, "words")


class NoteRewritten(Payload, frozen=True, kw_only=True):
    """Other words, and the events whose words they replace."""

    words: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    replaces: Replaces

    def problem(self) -> str:
        return line_problem(self.words, "words")


# What each does to the state. A payload is None where it was redacted.


def _pin(state: NoteState, event: Event, payload: NotePinned | None) -> None:
    state.author = event.author
    state.words.write(event, payload.words if payload else "[redacted]")


def _rewrite(state: NoteState, event: Event, payload: NoteRewritten | None) -> None:
    if payload is not None:
        state.words.write(event, payload.words, payload.replaces)


# And which entities an event touches: its own, which it creates, or the one it acts on.


def _touches_itself(event: Event, _: Any) -> tuple[Touch, ...]:
    return (Touch(event.id, NoteState, _pin),)


def _touches_its_note(event: Event, _: Any) -> tuple[Touch, ...]:
    assert event.entity is not None
    return (Touch(event.entity, NoteState, _rewrite),)


NOTE: Any = "note"  # in the project: one more word in Sort
PINNED = Kind(
    "note.pinned.v1", NotePinned, "note.pin", _touches_itself, acts_on=("issue",), creates=NOTE, redactable=True
)
REWRITTEN = Kind("note.rewritten.v1", NoteRewritten, "note.rewrite", _touches_its_note, acts_on=(NOTE,))

# -------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line in kinds.py and the rows of the policy's table."""
    for kind in (PINNED, REWRITTEN):
        monkeypatch.setitem(KINDS, kind.name, kind)
    monkeypatch.setitem(ACTIONS, "note.pin", frozenset({"anyone"}))
    monkeypatch.setitem(ACTIONS, "note.rewrite", frozenset({"developer", "author"}))


def words_of(node: Node, note: Event) -> Register[str]:
    state = node.state(note.id)
    assert isinstance(state, NoteState)
    return state.words


def test_it_folds() -> None:
    story = Story()
    note = story.write("bob", "note.pinned.v1", {"words": "Look here"}, on=story.issue())
    assert words_of(story.node, note).value == "Look here"
    story.write("bob", "note.rewritten.v1", {"words": "Look there", "replaces": [note.id]}, on=note)
    assert words_of(story.node, note).value == "Look there"


def test_it_is_judged_like_everything_else() -> None:
    story = Story()
    issue = story.issue()
    note = story.write("bob", "note.pinned.v1", {"words": "Look here"}, on=issue)
    for event, reason in (
        (story.draft("eve", "note.rewritten.v1", {"words": "Mine", "replaces": []}, on=note), "no-authority"),
        (story.draft("bob", "note.rewritten.v1", {"words": "x", "replaces": []}, on=issue), "entity-mismatch"),
        (story.draft("bob", "note.pinned.v1", {"words": "x"}, on=note), "entity-mismatch"),
        (story.draft("bob", "note.pinned.v1", {"words": "a\u202eb"}, on=issue), "payload-invalid"),
        (story.draft("bob", "note.pinned.v1", {"words": "x" * 81}, on=issue), "payload-invalid"),
    ):
        applied = Node.receive(story.node, event.raw)
        assert applied is not None
        assert applied.verdict == void(reason)
    root = story.write("root", "note.rewritten.v1", {"words": "Fine", "replaces": [note.id]}, on=note)
    assert story.verdict(root) is ACCEPTED


def test_two_at_once_are_a_conflict_that_a_third_settles() -> None:
    story = Story()
    note = story.write("bob", "note.pinned.v1", {"words": "Look here"}, on=story.issue())
    before = story.events[-1:]
    for who in ("bob", "root"):
        change = {"words": f"as {who} says", "replaces": [note.id]}
        story.write(who, "note.rewritten.v1", change, on=note, after=before)
    words = words_of(story.node, note)
    assert {write.value for write in words.conflict} == {"as bob says", "as root says"}
    settled = {"words": "Agreed", "replaces": words.heads}
    story.write("root", "note.rewritten.v1", settled, on=note, after=story.events[-2:])
    assert words_of(story.node, note).conflict == ()
    for seed in range(10):
        assert_converges(story.events, seed)


def test_a_node_that_does_not_know_it_carries_it(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story()
    note = story.write("bob", "note.pinned.v1", {"words": "Look here"}, on=story.issue())
    monkeypatch.delitem(KINDS, "note.pinned.v1")
    older = Node()
    for event in story.events:
        older.receive(event.raw)
    assert older.verdict(note).reason == "kind-unknown"
    assert older.history.events[note.id].raw == note.raw
    assert older.engine.state(note.id) is None
