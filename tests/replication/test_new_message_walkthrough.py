"""How to add a message type, told as a test: nodes that ask one another what they have had for breakfast.

In the project, the class would stand in `replication/messages.py`, the rows in `replication/table.py`, and the methods
in `replication/link.py`, because breakfast is about the link and not about one stream (else: `StreamMessage`,
`STREAM_RULES` and `replication/talk.py`). Beside them: `tests/replication/samples.py`, `python -m tests.docs_tables`,
`python -m tests.vectors`. Frames, bounds, canonical bytes, refusals and the fuzzer know of it from then on.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import pytest

from replication import messages, table
from replication.link import Link
from replication.messages import Message, Refused, encoded
from replication.table import LinkState, Rule
from tests.making import Story
from tests.replication.fake import Fake

# -------------------------------------------------------------------------------------------------

# First what is said. Every field has a bound; the type on the wire is the name of the class, in small letters.


class Breakfast(Message, frozen=True, kw_only=True):
    """Asks what the other side has had for breakfast."""


class Eaten(Message, frozen=True, kw_only=True):
    """What the sender has had, from the first dish to the last."""

    dishes: Annotated[list[Annotated[str, msgspec.Meta(max_length=20)]], msgspec.Meta(max_length=3)]


# Then when it may be said, and who takes it. What is not in the table is refused without a line of ours.

RULES = {
    "breakfast": Rule((LinkState.OPEN,), "on_breakfast"),
    "eaten": Rule((LinkState.OPEN,), "on_eaten", "breakfast"),
}


# And what it does: a method that sends, or notes, or asks for another effect. It never waits for anything.


def on_breakfast(link: Link, _: Breakfast) -> None:
    """Tell."""
    link.send(Eaten(dishes=["eggs", "toast"]))


def on_eaten(link: Link, message: Eaten) -> None:
    """Take a meal that was too big for a fault."""
    if "whale" in message.dishes:
        link.refuse("out-of-state", "nobody eats a whale for breakfast")


# -------------------------------------------------------------------------------------------------


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """A link with a core that knows the new messages."""
    monkeypatch.setitem(messages.BY_NAME, "breakfast", Breakfast)
    monkeypatch.setitem(messages.BY_NAME, "eaten", Eaten)
    for name, rule in RULES.items():
        monkeypatch.setitem(table.LINK_RULES, name, rule)
    monkeypatch.setattr(Link, "on_breakfast", on_breakfast, raising=False)
    monkeypatch.setattr(Link, "on_eaten", on_eaten, raising=False)
    story = Story()
    return Fake(story.events, story.genesis.stream)


def test_it_is_answered(fake: Fake) -> None:
    fake.hello()
    fake.say(Breakfast())
    assert fake.last(Eaten).dishes == ["eggs", "toast"]


def test_it_is_out_of_state_before_hello(fake: Fake) -> None:
    fake.say(Breakfast())
    assert fake.last(Refused).code == "out-of-state"


def test_its_bounds_hold(fake: Fake) -> None:
    fake.hello()
    fake.body(encoded(Eaten(dishes=["an omelette of two dozen eggs"])))
    assert fake.last(Refused).code == "message-malformed"


def test_its_method_decides(fake: Fake) -> None:
    fake.hello()
    fake.say(Eaten(dishes=["whale"]))
    assert fake.last(Refused).words == "nobody eats a whale for breakfast"
