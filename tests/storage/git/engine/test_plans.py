"""Packs that were made once: who gets them again, who does not, and what happens to them."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
import pytest

from domain.errors import Damaged, NotFound, Unavailable
from domain.ids import StreamId
from domain.ports_git import AdvertisedRef
from domain.ports_serving import Cut, ObjectFilter, PackRequest
from storage.git.engine.keeping import KeptTables
from storage.git.engine.plan import Plan, Source
from storage.git.engine.plans import Plans, Wish
from storage.git.engine.serving import EngineServing, key_of
from storage.git.engine.shelf import PLANS_MAX, Shelf
from storage.git.engine.shown import RefsCache
from storage.git.store import DiskGitStore
from tests.storage.git.engine.scattered import closure, scatter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from domain.ports_serving import OutgoingPack
    from tests.storage.git.stock import StockRepo

REPO = StreamId(bytes(32))
ONE, TWO, THREE = "1" * 40, "2" * 40, "3" * 40


def nothing() -> None: ...


def quiet(_: str) -> None: ...


def made(data: bytes) -> Plan:
    """A plan of bytes that are in no pack."""
    ends = np.array([len(data)], np.int64)
    return Plan([Source("", memoryview(data))], np.zeros(1, np.int32), np.zeros(1, np.int64), ends, objects=1)


def taken(pack: OutgoingPack) -> bytes:
    return b"".join(pack.chunks())


def wish(tmp_path: Path, key: str = "a", *, lasting: bool = True) -> Wish:
    return Wish(REPO, key, tmp_path / "packs", lasting)


def never() -> Plan:
    raise AssertionError("it is there already")


def test_a_pack_is_made_once_and_outlives_the_process(tmp_path: Path) -> None:
    data = b"pack" * 100_000
    first = Plans(Shelf(tmp_path))
    sent = taken(first.get(wish(tmp_path), lambda: made(data), nothing))
    assert data in sent
    assert taken(first.get(wish(tmp_path), never, nothing)) == sent
    first.close()
    assert taken(Plans(Shelf(tmp_path)).get(wish(tmp_path), never, nothing)) == sent
    assert not list(tmp_path.rglob("*.draft"))


def test_what_is_asked_for_once_leaves_no_file(tmp_path: Path) -> None:
    plans = Plans(Shelf(tmp_path))
    for key, data, lasting in (("fetch", b"x" * 500_000, False), ("small", b"x" * 100, True)):
        taken(plans.get(wish(tmp_path, key, lasting=lasting), lambda data=data: made(data), nothing))  # type: ignore[misc]
    whole = plans.get(wish(tmp_path, "left"), lambda: made(b"x" * 500_000), nothing).chunks()
    next(whole)  # and the client hangs up
    plans.close()
    assert not list(tmp_path.rglob("*.plan"))


def test_a_file_that_rots_is_noticed_and_made_anew(tmp_path: Path) -> None:
    first = Plans(Shelf(tmp_path))
    taken(first.get(wish(tmp_path), lambda: made(b"y" * 500_000), nothing))
    first.close()
    (path,) = tmp_path.rglob("*.plan")
    whole = path.read_bytes()
    for spoiled in (whole[:-1], whole[:200], b"", b"{}\n" + whole, whole.replace(b'"objects":1', b'"objects":-1')):
        path.write_bytes(spoiled)
        plans = Plans(Shelf(tmp_path))
        assert b"z" * 500_000 in taken(plans.get(wish(tmp_path), lambda: made(b"z" * 500_000), nothing))
        plans.close()
    path.write_bytes(whole[:-9] + b"?" + whole[-8:])
    plans = Plans(Shelf(tmp_path))
    with pytest.raises(Damaged):
        taken(plans.get(wish(tmp_path), never, nothing))
    assert b"z" * 500_000 in taken(plans.get(wish(tmp_path), lambda: made(b"z" * 500_000), nothing))
    plans.close()


def test_files_are_few_and_those_of_repositories_that_are_gone_go(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    plans = Plans(shelf)
    for number in range(PLANS_MAX + 3):
        taken(plans.get(wish(tmp_path, f"{number:03}"), lambda: made(b"y" * 200_000), nothing))
    plans.close()
    assert len(list(tmp_path.rglob("*.plan"))) == PLANS_MAX
    other = StreamId(b"\1" * 32)
    shelf.note(other)
    assert set(shelf.recent(9)) == {REPO, other}
    shelf.sweep({other.hex()})
    assert [path.name for path in tmp_path.iterdir()] == [other.hex()]


def test_many_who_ask_at_once_have_it_made_once(tmp_path: Path) -> None:
    plans, asked, go = Plans(Shelf(tmp_path)), Event(), Event()
    count = list[int]()

    def slowly() -> Plan:
        count.append(1)
        asked.set()
        assert go.wait(60)
        if len(count) == 1:
            raise Unavailable("the first one hung up")
        return made(b"once")

    def get() -> bytes:
        return taken(plans.get(wish(tmp_path), slowly, nothing))

    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(get)
        assert asked.wait(60)
        others = [threads.submit(get) for _ in range(3)]
        go.set()
        assert isinstance(first.exception(60), Unavailable)
        assert len({other.result(60) for other in others}) == 1
    assert len(count) == 2


REQUEST = PackRequest((ONE,), (TWO,), frozenset({THREE}), Cut(frozenset({TWO}), frozenset()), ObjectFilter(0, 1))


@pytest.mark.parametrize(
    "change",
    [
        lambda request: dataclasses.replace(request, wants=(ONE, TWO)),
        lambda request: dataclasses.replace(request, haves=(ONE,)),
        lambda request: dataclasses.replace(request, wants=(), haves=(ONE, TWO)),
        lambda request: dataclasses.replace(request, client_shallow=frozenset()),
        lambda request: dataclasses.replace(request, cut=None),
        lambda request: dataclasses.replace(request, cut=Cut(frozenset(), frozenset())),
        lambda request: dataclasses.replace(request, cut=Cut(frozenset(), frozenset({TWO}))),
        lambda request: dataclasses.replace(request, filter=None),
        lambda request: dataclasses.replace(request, filter=ObjectFilter(1, 0)),
        lambda request: dataclasses.replace(request, filter=ObjectFilter(None, 0)),
        lambda request: dataclasses.replace(request, thin=True),
        lambda request: dataclasses.replace(request, ofs_delta=True),
        lambda request: dataclasses.replace(request, include_tag=True),
    ],
)  # fmt: skip
def test_what_differs_in_anything_is_another_pack(change: Callable[[PackRequest], PackRequest]) -> None:
    fields = {each.name for each in dataclasses.fields(PackRequest)}
    assert fields == {"wants", "haves", "client_shallow", "cut", "filter", "thin", "ofs_delta", "include_tag"}
    assert key_of(REPO, change(REQUEST), ()) != key_of(REPO, REQUEST, ())
    assert key_of(StreamId(b"\1" * 32), REQUEST, ()) != key_of(REPO, REQUEST, ())
    tags = [AdvertisedRef("refs/tags/a", TWO, ONE), AdvertisedRef("refs/tags/b", THREE, ONE)]
    assert len({key_of(REPO, REQUEST, tags[:count]) for count in range(3)}) == 3
    assert key_of(REPO, REQUEST, [AdvertisedRef("refs/heads/a", TWO, None)]) == key_of(REPO, REQUEST, ())


@pytest.fixture
def origin(tmp_path: Path) -> tuple[StockRepo, list[str]]:
    return scatter(tmp_path / "repos", 3, commits=20)


def serving(repo: StockRepo) -> EngineServing:
    return EngineServing(DiskGitStore(repo.root), KeptTables(), Shelf(repo.root / "cache"))


def test_a_tag_that_is_not_shown_comes_along_for_nobody(origin: tuple[StockRepo, list[str]]) -> None:
    repo, commits = origin
    request = PackRequest((commits[-1],), include_tag=True)
    store = serving(repo)
    everything = store.open(repo.id).pack(request, quiet).objects
    less = store.open(repo.id, visible=lambda name: not name.startswith("refs/tags/")).pack(request, quiet).objects
    assert less == len(closure(repo, commits[-1])) == everything - 2
    store.close()


def test_packs_follow_a_repository_that_is_packed_anew(origin: tuple[StockRepo, list[str]]) -> None:
    repo, _ = origin
    store = serving(repo)
    tips = tuple({ref.oid for ref in store.open(repo.id).refs})
    one = taken(store.open(repo.id).pack(PackRequest(tips, ofs_delta=True), quiet))
    repo.git("repack", "-adfq", "--window=2")
    assert taken(store.open(repo.id).pack(PackRequest(tips, ofs_delta=True), quiet)) == one, "what is held still holds"
    after = serving(repo)
    two = after.open(repo.id).pack(PackRequest(tips, ofs_delta=True), quiet)
    assert two.objects == int.from_bytes(one[8:12], "big") == len(closure(repo, *tips))
    repo.git("index-pack", "--stdin", stdin=taken(two))
    after.warm_up()
    after.close()
    store.close()


def test_refs_are_read_again_as_soon_as_they_move(origin: tuple[StockRepo, list[str]]) -> None:
    repo, commits = origin
    store = DiskGitStore(repo.root)
    cache = RefsCache(store)
    stamps = [cache.shown(repo.id, None).stamp]
    for oid in commits[:20]:
        store.move_refs(repo.id, {"refs/heads/main": oid})
        shown = cache.shown(repo.id, None)
        assert {ref.name: ref.oid for ref in shown.refs}["refs/heads/main"] == oid
        stamps.append(shown.stamp)
        assert cache.shown(repo.id, lambda name: name == "refs/heads/main").refs == [
            AdvertisedRef("refs/heads/main", oid, None)
        ]
    assert len(set(stamps)) > len(stamps) - 2
    with pytest.raises(NotFound):
        cache.shown(StreamId(b"\7" * 32), None)
