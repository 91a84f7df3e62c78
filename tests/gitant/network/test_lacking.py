"""For how long objects are lacking."""

from __future__ import annotations

import hashlib

from domain.ids import StreamId
from domain.ports_replication import GitObject
from gitant.network.lacking import RESTING_MAX, Ages
from replication.records import ObjectRecord, ObjectState

HOME, OTHER = StreamId(bytes(32)), StreamId(bytes([1]) * 32)


def lacks(number: int, stream: StreamId = HOME) -> ObjectRecord:
    name = hashlib.sha1(b"%d" % number).digest()
    return ObjectRecord(stream, GitObject(name, False), ObjectState.ANNOUNCED)


class Here(set[GitObject]):
    """What has come."""

    def have(self, _: StreamId, name: GitObject) -> bool:
        return name in self


def test_a_node_that_is_pushed_to_all_day_lacks_nothing_for_long() -> None:
    here = Here()
    ages = Ages(here.have)
    for minute in range(300):
        if minute > 1:
            here.add(lacks(minute - 2).object)
        asked = [lacks(each) for each in (minute - 1, minute) if each >= 0]
        assert ages.oldest_s(asked, 60.0 * minute) <= 60


def test_what_does_not_come_grows_old_though_others_come_and_go() -> None:
    here = Here()
    ages = Ages(here.have)
    for minute in range(90):
        here.add(lacks(minute - 1).object)
        assert ages.oldest_s([lacks(1_000), lacks(minute)], 60.0 * minute) == 60 * minute
    here.add(lacks(1_000).object)
    assert ages.oldest_s([lacks(89)], 5_400.0) == 60
    assert ages.oldest_s([], 5_460.0) == 0


def test_turns_at_being_asked_for_make_nothing_young_again() -> None:
    ages = Ages(Here().have)
    for minute in range(90):
        assert ages.oldest_s([lacks(minute % 3)], 60.0 * minute) == 60 * minute


def test_what_is_wanted_no_more_is_forgotten_and_few_are_remembered() -> None:
    ages = Ages(Here().have)
    many = [lacks(each) for each in range(10 * RESTING_MAX)]
    ages.oldest_s([*many, lacks(0, OTHER)], 0.0)
    assert ages.oldest_s([many[-1]], 60.0) == 60
    assert len(ages._since) == 1 + RESTING_MAX
    assert ages.oldest_s([lacks(0, OTHER)], 120.0) == 0
