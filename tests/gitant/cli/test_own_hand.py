"""Writing with a key that the node does not have, on a running node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import Conflict, InvalidInput
from domain.keys import SigningKey
from gitant.cli.api import Api
from gitant.cli.own_hand import OwnHand
from gitant.own_feeds import OwnFeeds, Place, going_on
from gitant.signing import Heads

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gitant.cli.conftest import Command, Node

DID = SigningKey(b"\x05" * 32).did
STREAM = "ab" * 32


def test_issues_by_somebody_whose_key_no_node_has(here: Command, node: Node, tmp_path: Path) -> None:
    key = tmp_path / "own.json"
    made: Any = here(
        "identity", "new", "--name", "owner", "--node", node.url, "--key", key, "--no-passphrase", "--json"
    )
    did = made.json()["did"]
    assert here("repo", "create", "byhand").code == 0
    assert here("issue", "create", "-R", "byhand", "--title", "By the node").out == "#1\n"
    opened = here("issue", "create", "-R", "byhand", "--title", "By hand", "--body", "See #1, @owner", "--key", key)
    assert (opened.code, opened.out) == (0, "#2\n"), opened.err
    found: Any = here("issue", "view", "2", "-R", "byhand", "--json").json()
    assert (found["title"], found["author"]) == ("By hand", did)
    event: Any = here("event", found["id"], "--json").json()
    assert event["author"] == did
    assert event["payload"]["mentions"] == [did]
    assert len(event["payload"]["references"]) == 1

    said = here("issue", "comment", "1", "-R", "byhand", "--body", "I see.", "--key", key)
    assert said.code == 0, said.err
    first: Any = here("issue", "view", "1", "-R", "byhand", "--json").json()
    assert [(each["author"], each["id"]) for each in first["comment_list"]] == [(did, said.out.strip())]

    assert "open already" in here("issue", "reopen", "2", "-R", "byhand", "--key", key).err
    for words in (["close"], ["reopen"], ["close", "--reason", "swept"]):
        assert here("issue", *words, "2", "-R", "byhand", "--key", key).code == 0
    closed: Any = here("issue", "view", "2", "-R", "byhand", "--json").json()
    assert (closed["state"], closed["state_reason"], closed.get("conflicts", {})) == ("closed", "swept", {})

    refused = here("issue", "close", "1", "-R", "byhand", "--key", key)
    assert refused.code == 1, "somebody else's issue"
    assert here("issue", "comment", "1", "-R", "byhand", "--body", "Once more.", "--key", key).code == 0


def test_what_somebody_unknown_writes_waits_and_goes_on(here: Command, node: Node, tmp_path: Path) -> None:
    """The node tells of its log only, where nothing of theirs is yet: each goes on from the one before all the same."""
    key = tmp_path / "new.json"
    made: Any = here("identity", "new", "--key", key, "--no-passphrase", "--json").json()
    did = made["did"]
    assert here("repo", "create", "guarded").code == 0
    assert here("issue", "create", "-R", "guarded", "--title", "Dust").code == 0
    with Api.nobody(None, node.url) as api:
        waits = [OwnHand(api, str(key), None, "guarded").comment("1", words).waits for words in ("First.", "Second.")]
    assert all("the event waits" in each for each in waits)
    assert here("member", "admit", did, "-R", "guarded").code == 0
    assert here("issue", "comment", "1", "-R", "guarded", "--body", "Third.", "--key", key).code == 0
    found: Any = here("issue", "view", "1", "-R", "guarded", "--json").json()
    assert [(each["author"], each["body"]) for each in found["comment_list"]] == [
        (did, words) for words in ("First.", "Second.", "Third.")
    ]


def heads(seq: int, prev: str | None, lamport: int) -> Heads:
    return Heads(STREAM, ["cd" * 32], seq, prev, lamport)


def test_a_feed_goes_on_behind_what_was_signed_last(tmp_path: Path) -> None:
    """Whatever a node says that lags, forgets or lies, or still holds the last one: no two events have one place."""
    feeds = OwnFeeds(tmp_path / "me.json", DID)
    with feeds.open():
        assert feeds.last(STREAM) is None
        feeds.signed(STREAM, Place(3, "03" * 32, 20), {"header": "x"})
    again = OwnFeeds(tmp_path / "me.json", DID)
    with again.open():
        last = again.last(STREAM)
        assert last is not None
        assert last.unsent == {"header": "x"}
        again.sent(STREAM)
        last = again.last(STREAM)
        assert last is not None
        assert last.unsent is None
        for told in (heads(1, None, 9), heads(3, "02" * 32, 9)):
            assert going_on(told, last) == heads(4, "03" * 32, 21)
        for told in (heads(4, "03" * 32, 30), heads(6, "05" * 32, 40)):
            assert going_on(told, last) == told
        with pytest.raises(Conflict, match="another event of this key"):
            going_on(heads(4, "ff" * 32, 30), last)
        again.signed(STREAM, Place(4, "04" * 32, 21), {})
        again.refused(STREAM)
        assert again.last(STREAM) == last
    other = OwnFeeds(tmp_path / "me.json", SigningKey(b"\x06" * 32).did)
    with other.open():
        assert other.last(STREAM) is None, "another key of that name"
    (tmp_path / "me.written").write_text("{")
    with pytest.raises(InvalidInput, match="damaged"), feeds.open():
        pass
