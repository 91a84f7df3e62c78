"""Which commits a fetch needs, on histories of any shape and with clocks of any sort."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from dulwich.object_store import MemoryObjectStore
from dulwich.objects import Commit, ObjectID, Tree
from hypothesis import given
from hypothesis import strategies as st

from storage.git.plain_walk import Walks

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Dag:
    """Commits by number, each with the numbers of its parents."""

    store: MemoryObjectStore
    oids: list[str]
    parents: dict[str, list[str]]

    def past(self, *starts: str) -> set[str]:
        seen: set[str] = set()
        stack = list(starts)
        while stack:
            oid = stack.pop()
            if oid not in seen:
                seen.add(oid)
                stack += self.parents[oid]
        return seen

    def walks(self) -> Walks:
        return Walks(self.store)


def build(shape: list[tuple[list[int], int]]) -> Dag:
    """A history from (numbers of the parents, time) of each commit."""
    store, tree = MemoryObjectStore(), Tree()
    store.add_object(tree)
    dag = Dag(store, [], {})
    for number, (above, time) in enumerate(shape):
        commit = Commit()
        commit.tree = tree.id
        commit.parents = [ObjectID(dag.oids[parent].encode()) for parent in above]
        commit.author = commit.committer = b"A U Thor <author@example.invalid>"
        commit.author_time = commit.commit_time = time
        commit.author_timezone = commit.commit_timezone = 0
        commit.message = b"commit %d" % number
        store.add_object(commit)
        dag.parents[commit.id.decode()] = [dag.oids[parent] for parent in above]
        dag.oids.append(commit.id.decode())
    return dag


@st.composite
def dags(draw: st.DrawFn) -> Dag:
    shape: list[tuple[list[int], int]] = []
    for number in range(draw(st.integers(1, 14))):
        above = draw(st.lists(st.integers(0, number - 1), unique=True, max_size=3)) if number else []
        shape.append((above, draw(st.integers(0, 5))))
    return build(shape)


@given(st.data())
def test_the_newest_come_first_and_all_of_them(data: st.DataObject) -> None:
    dag = data.draw(dags())
    tips = data.draw(st.lists(st.sampled_from(dag.oids), max_size=3))
    walked = list(dag.walks().newest_first(tips))
    assert len(walked) == len(set(walked))
    assert set(walked) == dag.past(*tips)


@given(st.data())
def test_whether_all_wants_meet_the_haves(data: st.DataObject) -> None:
    dag = data.draw(dags())
    wants = data.draw(st.lists(st.sampled_from(dag.oids), min_size=1, max_size=3))
    haves = data.draw(st.lists(st.sampled_from(dag.oids), max_size=3))
    expected = all(dag.past(want) & set(haves) for want in wants)
    assert dag.walks().all_meet(wants, haves) == expected


@given(st.data(), st.integers(1, 6))
def test_the_cut_at_a_depth(data: st.DataObject, depth: int) -> None:
    """Against the plain meaning: how many steps a commit is away from the nearest want."""
    dag = data.draw(dags())
    wants = data.draw(st.lists(st.sampled_from(dag.oids), min_size=1, max_size=3))
    distance = dict.fromkeys(wants, 1)
    queue = list(distance)
    for oid in queue:
        for parent in dag.parents[oid]:
            if parent not in distance:
                distance[parent] = distance[oid] + 1
                queue.append(parent)
    ends, above = dag.walks().within(wants, depth)
    assert ends == {oid for oid, steps in distance.items() if steps == depth and dag.parents[oid]}
    assert above == {oid for oid, steps in distance.items() if steps <= depth} - ends
