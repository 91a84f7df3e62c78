"""What a node notes, in words: every act that is noted anywhere has some."""

from __future__ import annotations

import re

from domain.audit import Entry
from domain.audit_words import entry_words
from domain.ids import EventId
from tests.house.tree import ROOT

_NOTED = re.compile(r"""\b(?:note|by|Entry)\(\s*(?:(?:request|asking|actor),\s*)?"([a-z_]+(?:\.[a-z_]+)?)\"""")


def test_every_act_that_is_noted_has_words() -> None:
    sources = [path for room in ("api", "gitant") for path in (ROOT / room).rglob("*.py")]
    acts = {act for path in sources for act in _NOTED.findall(path.read_text())}
    assert {"login", "token.created", "token.first_used", "settings.changed"} <= acts
    assert {act for act in acts if entry_words(Entry(act, target="x")) == act} == set()


def test_an_event_and_a_count_are_told() -> None:
    event = Entry("issue.opened.v1", event=EventId(bytes(32)))
    assert entry_words(event) == "wrote issue.opened.v1"
    assert entry_words(Entry("login.failed", target="kay", count=3)) == "did not get in as kay (3 times)"
    assert entry_words(Entry("something.later", target="{x}")) == "something.later"
