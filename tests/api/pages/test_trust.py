"""Events, and how they were checked; the network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.api.pages.visitor import Visitor, words

if TYPE_CHECKING:
    from tests.api.node import Node


def test_everything_leads_to_its_signed_event(kay: Visitor, stranger: Visitor, lee: Visitor) -> None:
    path = kay.make_repo("ledger")
    kay.send(f"{path}/issues/new", title="It <i>creaks</i>")
    (event,) = re.findall(r'href="(/-/events/\w{64})">signed', stranger.open(f"{path}/issues/1"))
    page = stranger.open(event)
    assert "issue.opened.v1" in page
    assert "fails" not in words(page)
    assert words(page).count("holds") >= 4
    assert "It &lt;i&gt;creaks&lt;/i&gt;" in page
    for parent in re.findall(r'href="(/-/events/\w{64})"', page):
        stranger.open(parent)
    log = stranger.open(f"{path}/events?kind=issue.opened.v1&author=kay&verdict=accepted")
    assert event in log
    assert "repository.created.v1" not in log
    assert "No event fits" in stranger.open(f"{path}/events?verdict=void")
    stranger.open("/-/events/" + "0" * 64, expect=404)
    stranger.open("/-/events/nothing", expect=404)
    stranger.open(f"{path}/events?verdict=odd", expect=422)


def test_what_was_taken_away_leads_to_who_took_it(kay: Visitor, stranger: Visitor) -> None:
    at = kay.send(f"{kay.make_repo('holes')}/issues/new", title="It creaks")
    kay.send(f"{at}/comments", body="my password is swordfish")
    (comment,) = re.findall(r'/comments/(\w{64})/edit"', kay.open(at))
    kay.send(f"{at}/comments/{comment}/redact", reason="a secret")
    page = stranger.open(f"/-/events/{comment}")
    assert "swordfish" not in page
    (by,) = re.findall(r'href="(/-/events/\w{64})">By whom', page)
    told = stranger.open(by)
    assert "event.redacted.v1" in told
    assert comment in told
    assert "a secret" in told


def test_events_of_a_private_repository_are_not_shown(kay: Visitor, lee: Visitor, stranger: Visitor) -> None:
    path = kay.make_repo("vault", private=True)
    kay.send(f"{path}/issues/new", title="hidden")
    events = set(re.findall(r'href="(/-/events/\w{64})"', kay.open(f"{path}/events")))
    assert len(events) >= 2
    for event in events:
        kay.open(event)
        lee.open(event, expect=404)
        stranger.open(event, expect=404)
    lee.open(f"{path}/events", expect=404)


def test_the_network_is_changed_by_the_operator_alone(kay: Visitor, stranger: Visitor, node: Node) -> None:
    page = words(stranger.open("/-/network"))
    assert "Connected with 0 nodes of 0 known" in page
    stranger.send("/-/network", act="follow", what="all", expect=401)
    assert "only the operator" in words(kay.send("/-/network", act="follow", what="all", expect=403)).lower()
