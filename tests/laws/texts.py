"""The laws of texts that several people edit, below events: splices in, a text out.

1. Edits in any order in which each comes after its base give the same text.
2. Edits that are each based on all before them give what cutting the string gives, with or without Automerge.
3. Nobody's insertion is lost: every character that some edit wrote and none cut is in the text.
"""

from __future__ import annotations

import hashlib
import random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from domain.fold.merged import MergedText, Splice
from domain.fold.text import Edit, Text
from domain.ids import EventId
from tests.laws.examples import Sort, run
from tests.laws.world import Choices

if TYPE_CHECKING:
    from collections.abc import Iterable

LETTERS = "abcdefgh ñ語😀\u0301\u200d"
TEXTS = Sort("text", 4, 120)
OPENING = EventId(hashlib.sha256(b"opening").digest())


def run_text_laws(examples: int, seed: int, *, shrink: bool = True) -> None:
    """Hold `examples` generated texts to the laws; raises what the first that breaks one raises."""

    def law(data: bytes, chance: int) -> None:
        assert_order_is_free(data, random.Random(chance))
        assert_alone_is_plain(data)
        assert_nothing_is_lost(data)

    run(law, TEXTS, examples, seed, shrink=shrink)


def edits_of(data: bytes, *, alone: bool = False, cutting: bool = True) -> tuple[str, list[Edit]]:
    """An opening and edits on it; with `alone`, each is based on all before it."""
    choices = Choices(data)
    opening = "".join(choices.pick(LETTERS) for _ in range(choices.below(12)))
    edits: list[Edit] = []
    lengths = {OPENING: len(opening)}
    while not choices.used_up:
        event = EventId(hashlib.sha256(b"edit %d" % len(edits)).digest())
        names = [OPENING, *(edit.event for edit in edits)]
        base = names[-1:] if alone else list({choices.pick(names): 0, choices.pick(names): 0})
        length = max(lengths[name] for name in base)
        splices: list[Splice] = []
        for _ in range(1 + choices.below(2)):
            at = choices.below(length + 1)
            cut = choices.below(min(4, length - at + 1)) if cutting else 0
            word = "".join(choices.pick(LETTERS) for _ in range(choices.below(4))) if cutting else f"<{len(edits)}>"
            splices.append(Splice(at, cut, word))
            length += len(word) - cut
        lengths[event] = length
        edits.append(Edit(event, tuple(base), tuple(splices)))
    return opening, edits


def text_of(opening: str, edits: Iterable[Edit]) -> Text:
    """The text that comes of the edits, in this order."""
    text = Text()
    text.open(_event(OPENING), opening)
    for edit in edits:
        assert not text.edit(_event(edit.event), edit.base, edit.splices)
    return text


def _event(name: EventId) -> Any:
    """As much of an event as a text looks at."""
    return SimpleNamespace(id=name)


def assert_order_is_free(data: bytes, chance: random.Random) -> None:
    """Law 1. Edits that do not fit their base are left out: what hangs on them would be stranded too."""
    opening, edits = edits_of(data)
    stranded = text_of(opening, edits).stranded
    edits = [edit for edit in edits if edit.event not in stranded]
    expected = text_of(opening, edits)
    assert not expected.stranded
    for _ in range(3):
        text = text_of(opening, _shuffled(edits, chance))
        assert text.value == expected.value
        assert text.heads == expected.heads
        assert not text.stranded


def assert_alone_is_plain(data: bytes) -> None:
    """Law 2."""
    opening, edits = edits_of(data, alone=True)
    plain = opening
    merged, forked = MergedText(OPENING, opening), MergedText(OPENING, opening)
    for edit in edits:
        for at, cut, word in edit.splices:
            plain = plain[:at] + word + plain[at + cut :]
        assert merged.append(edit.event, edit.splices)
        assert forked.merge(edit.event, edit.base, edit.splices)
    assert text_of(opening, edits).value == merged.text == forked.text == plain


def assert_nothing_is_lost(data: bytes) -> None:
    """Law 3."""
    opening, edits = edits_of(data, cutting=False)
    text = text_of(opening, edits)
    for number, edit in enumerate(edits):
        if edit.event not in text.stranded:
            characters = sum(len(splice.text) for splice in edit.splices)
            assert characters == 0 or text.value.count(str(number)[0]) > 0
    written = sum(len(splice.text) for edit in edits if edit.event not in text.stranded for splice in edit.splices)
    assert len(text.value) == len(opening) + written


def _shuffled(edits: list[Edit], chance: random.Random) -> list[Edit]:
    """Any order in which each edit comes after its base."""
    here, order, waiting = {OPENING}, [], list(edits)
    while waiting:
        ready = [edit for edit in waiting if here.issuperset(edit.base)]
        if not ready:
            break
        edit = chance.choice(ready)
        waiting.remove(edit)
        here.add(edit.event)
        order.append(edit)
    return order
