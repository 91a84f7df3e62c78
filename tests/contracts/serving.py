"""What everything promises that serves objects to git clients; stock git is the judge."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import pytest

from domain.errors import InvalidInput
from domain.ports_serving import DEPTH_INFINITE, Cut, Deepening, ObjectFilter, PackRequest
from tests.contracts.serving_judge import NOWHERE, make_origin, words_of
from tests.storage.git.stock import stock_repo

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from domain.ports_serving import ServedRepo, ServingStore
    from tests.contracts.serving_judge import Origin

FILTERS = (
    ObjectFilter(blob_bytes_max=0),
    ObjectFilter(blob_bytes_max=60),
    ObjectFilter(tree_depth_max=0),
    ObjectFilter(tree_depth_max=1),
    ObjectFilter(tree_depth_max=2),
    ObjectFilter(blob_bytes_max=60, tree_depth_max=2),
)
FIRST_S = 1_700_000_000
"""When the first commits of the histories were made; a minute lies between two."""


def shown(name: str) -> bool:
    return not name.startswith("refs/hidden/")


def quiet(line: str) -> None:
    assert line.isprintable()


class ServingContract(ABC):
    """Subclasses say in `store_of` what serves the repositories of a folder; a fixture `origin` is such a one."""

    combines_filters_exactly = True
    """Git itself sends a little more where two filters apply at once."""

    @abstractmethod
    def store_of(self, root: Path) -> ServingStore: ...

    @pytest.fixture
    def served(self, origin: Origin) -> Generator[ServedRepo]:
        store = self.store_of(origin.repo.root)
        repo = store.open(origin.repo.id, visible=shown)
        yield repo
        repo.close()
        store.close()

    @pytest.fixture
    def choice(self, origin: Origin) -> random.Random:
        return random.Random(len(origin.commits))

    def fetched(self, origin: Origin, served: ServedRepo, request: PackRequest) -> set[str]:
        """What a client has got that holds what it says, after its checks."""
        sent, bases = origin.sent(served.pack(request, quiet))
        before = origin.closure(*request.haves, shallow=sorted(request.client_shallow)) if request.haves else set[str]()
        assert bases <= before, "a delta builds on what the client may not have"
        assert not bases or request.thin
        return sent

    def test_refs_are_told_in_order_with_what_tags_lead_to(self, origin: Origin, served: ServedRepo) -> None:
        lines = [f"{ref.oid} {ref.name}" for ref in served.refs]
        assert lines == [line for line in origin.repo.lines("show-ref") if "refs/hidden" not in line]
        peeled = [f"{ref.peeled} {ref.name}^{{}}" for ref in served.refs if ref.peeled]
        assert peeled == [line for line in origin.repo.lines("show-ref", "-d") if line.endswith("^{}")]

    def test_a_full_clone_has_exactly_what_the_refs_lead_to(self, origin: Origin, served: ServedRepo) -> None:
        tips = tuple(dict.fromkeys(ref.oid for ref in served.refs))
        expected = origin.closure(*tips)
        assert self.fetched(origin, served, PackRequest(tips, ofs_delta=True)) == expected
        assert self.fetched(origin, served, PackRequest(tips, thin=True)) == expected
        assert not expected & set(origin.lost)

    @pytest.mark.parametrize("chosen", FILTERS, ids=lambda chosen: "+".join(words_of(chosen)))
    def test_filters_leave_out_what_git_leaves_out(
        self, origin: Origin, served: ServedRepo, choice: random.Random, chosen: ObjectFilter
    ) -> None:
        tips = tuple(dict.fromkeys(ref.oid for ref in served.refs))
        for wants in (tips, tuple(choice.sample(origin.commits, 2))):
            sent = self.fetched(origin, served, PackRequest(wants, filter=chosen, ofs_delta=True))
            expected = _filtered(origin, wants, chosen)
            assert sent >= expected
            assert sent == expected or (len(words_of(chosen)) > 1 and not self.combines_filters_exactly)

    def test_what_is_named_is_sent_whatever_the_filter(self, origin: Origin, served: ServedRepo) -> None:
        blob = origin.repo.line("rev-parse", "refs/odd/blob")
        tree = origin.repo.line("rev-parse", f"{origin.commits[-1]}^{{tree}}")
        request = PackRequest((blob, tree), filter=ObjectFilter(blob_bytes_max=0))
        sent = self.fetched(origin, served, request)
        assert sent == {blob, *origin.closure(tree, filters=["blob:none"])}

    @pytest.mark.parametrize("thin", [False, True])
    def test_a_fetch_brings_what_is_lacking_and_nothing_strange(
        self, origin: Origin, served: ServedRepo, choice: random.Random, thin: bool
    ) -> None:
        for count in (1, 1, 2, 4, 8):
            wants = tuple(choice.sample(origin.tips, 2))
            haves = tuple(choice.sample(origin.commits, count))
            request = PackRequest(wants, haves, thin=thin, ofs_delta=True)
            sent = self.fetched(origin, served, request)
            assert sent >= origin.closure(*wants) - origin.closure(*haves)
            assert sent <= origin.closure(*wants)
        tip = origin.commits[-1]
        assert not self.fetched(origin, served, PackRequest((tip,), (tip,)))

    def test_a_fetch_of_one_commit_costs_about_that(self, origin: Origin, served: ServedRepo) -> None:
        for tip in origin.commits[-12:]:
            parents = origin.repo.line("rev-parse", f"{tip}^@").split()
            if parents:
                sent = self.fetched(origin, served, PackRequest((tip,), tuple(parents)))
                assert sent >= origin.closure(tip) - origin.closure(*parents)
                trees = origin.repo.line("rev-parse", *(f"{oid}^{{tree}}" for oid in (tip, *parents))).split()
                assert sent <= {tip} | origin.closure(trees[0]) - origin.closure(*trees[1:])

    def test_tags_come_along_when_what_they_lead_to_is_sent(self, origin: Origin, served: ServedRepo) -> None:
        wanted = origin.commits[8]
        tags = {origin.repo.line("rev-parse", f"refs/tags/{name}") for name in ("v1", "nested")}
        without = self.fetched(origin, served, PackRequest((wanted,)))
        assert without == origin.closure(wanted)
        along = self.fetched(origin, served, PackRequest((wanted,), include_tag=True))
        assert along >= without | tags
        behind = {origin.repo.line("rev-parse", "refs/tags/v0")}
        assert along <= without | tags | behind

    @pytest.mark.parametrize("depth", [1, 2, 3, 7, 1_000, DEPTH_INFINITE])
    def test_a_history_cut_at_a_depth(
        self, origin: Origin, served: ServedRepo, choice: random.Random, depth: int
    ) -> None:
        wants = tuple(choice.sample(origin.tips[:4], 2))
        self._cut_and_fetched(origin, served, wants, (), Deepening(depth=depth))

    def test_a_history_cut_by_time_and_by_refs(self, origin: Origin, served: ServedRepo, choice: random.Random) -> None:
        wants = (origin.commits[-1], *choice.sample(origin.commits[20:], 1))
        for deepening in (
            Deepening(since=FIRST_S + 25 * 60),
            Deepening(excluded=("refs/tags/light",)),
            Deepening(excluded=("refs/tags/v1", "refs/tags/light")),
            Deepening(since=FIRST_S + 15 * 60, excluded=("refs/tags/nested",)),
        ):
            self._cut_and_fetched(origin, served, wants, (), deepening)

    def test_a_shallow_client_goes_deeper_and_shallower(self, origin: Origin, served: ServedRepo) -> None:
        wants = (origin.commits[-1], origin.commits[-2])
        for before in (1, 3):
            client = tuple(sorted(served.cut(wants, (), Deepening(depth=before)).shallow))
            for deepening in (
                Deepening(depth=before + 2),
                Deepening(depth=1),
                Deepening(depth=DEPTH_INFINITE),
                Deepening(depth=2, relative=True),
                Deepening(since=FIRST_S + 20 * 60),
                Deepening(excluded=("refs/tags/light",)),
            ):
                self._cut_and_fetched(origin, served, wants, client, deepening)

    def test_a_plain_fetch_into_a_shallow_client(self, origin: Origin, served: ServedRepo) -> None:
        """What lies below its cut it does not have, and does not want."""
        have = origin.commits[20]
        client = served.cut((have,), (), Deepening(depth=2)).shallow
        for want in (origin.commits[-1], origin.commits[-2]):
            sent = self.fetched(origin, served, PackRequest((want,), (have,), client_shallow=client))
            cut = sorted(client)
            assert sent >= origin.closure(want, shallow=cut) - origin.closure(have, shallow=cut)
            assert sent <= origin.closure(want, shallow=cut)

    def test_nothing_left_of_a_history_is_refused(self, origin: Origin, served: ServedRepo) -> None:
        tip = origin.commits[-1]
        for deepening in (Deepening(since=FIRST_S * 2), Deepening(excluded=("refs/heads/main",))):
            with pytest.raises(InvalidInput):
                served.cut((tip,), (), deepening)

    def test_what_no_shown_ref_leads_to_does_not_exist(self, origin: Origin, served: ServedRepo) -> None:
        refs = [ref.oid for ref in served.refs]
        seen = origin.closure(*refs)
        private = origin.repo.line("rev-parse", "refs/hidden/private")
        unseen = {*origin.lost, NOWHERE, *(origin.closure(private) - seen)}
        assert len(unseen) >= 7
        assert served.missing([*seen, *unseen]) == unseen
        assert served.missing(sorted(seen)[:3]) == set()
        assert served.missing([private]) == {private}
        assert served.missing([]) == set()
        asked = [private, *origin.commits, *origin.lost, NOWHERE, *origin.commits[:3]]
        assert served.held(asked) == [*origin.commits, *origin.commits[:3]]
        assert [oid for oid in asked if served.has(oid)] == served.held(asked)
        sizes = {oid: len(origin.repo.git("cat-file", "-p", oid)) for oid in (refs[0], origin.commits[0])}
        assert served.sizes([*sizes, *unseen]) == sizes

    def test_who_sees_hidden_refs_gets_them(self, origin: Origin) -> None:
        store = self.store_of(origin.repo.root)
        served = store.open(origin.repo.id)
        try:
            private = origin.repo.line("rev-parse", "refs/hidden/private")
            assert served.has(private)
            assert not served.missing([private])
            assert self.fetched(origin, served, PackRequest((private,))) == origin.closure(private)
        finally:
            served.close()
            store.close()

    def test_what_others_are_sent_changes_nothing_for_who_sees_less(self, tmp_path: Path) -> None:
        """In one pack, where deltas of what is seen may build on what is hidden, and after somebody had all of it."""
        origin = make_origin(tmp_path, 4)
        tip, hidden = origin.commits[-1], "refs/hidden/private"
        secret = origin.repo.commit_files({"much": b"secret\n" * 400, "new": b"hidden\n"}, tip)
        origin.repo.git("update-ref", hidden, secret)
        after = origin.repo.commit_files({"much": b"secret\n" * 399 + b"told\n"}, tip)
        origin.repo.git("update-ref", "refs/heads/after", after)
        origin.repo.git("repack", "-adfq", "--keep-unreachable")
        store = self.store_of(origin.repo.root)
        everything, less = store.open(origin.repo.id), store.open(origin.repo.id, visible=shown)
        tips = tuple(sorted({ref.oid for ref in less.refs}))
        requests = [
            PackRequest((*tips, *extra), haves, thin=thin, include_tag=tags)
            for extra in ((), (secret,))
            for haves, thin, tags in (((), False, False), ((), True, True), ((tip,), True, True))
        ]
        for request in requests:
            self.fetched(origin, everything, request)
        assert less.missing([secret, after]) == {secret}
        assert less.held([secret, tip]) == [tip]
        for request in requests[:3]:
            sent = self.fetched(origin, less, request)
            assert sent <= origin.closure(*tips), "what only hidden refs lead to"
            assert sent >= origin.closure(*tips) - (origin.closure(*request.haves) if request.haves else set())
        for served in (everything, less):
            served.close()
        store.close()

    def test_whether_all_wants_meet(self, origin: Origin, served: ServedRepo, choice: random.Random) -> None:
        for count in (1, 2, 3, 5):
            wants, common = choice.sample(origin.commits, count), choice.sample(origin.commits, 3)
            past = [set(origin.repo.lines("rev-list", want)) for want in wants]
            assert served.all_meet(wants, common) == all(each & set(common) for each in past)

    def test_a_moment_stays_what_it_was_and_the_next_one_is_told_apart(self, tmp_path: Path) -> None:
        origin = make_origin(tmp_path, 5)
        store = self.store_of(origin.repo.root)
        before = store.open(origin.repo.id)
        again = store.open(origin.repo.id)
        assert before.stamp == again.stamp
        again.close()
        new = origin.repo.commit_files({"new": b"new\n"}, origin.commits[-1])
        origin.repo.git("repack", "-dq")
        origin.repo.git("update-ref", "refs/heads/new", new)
        origin.repo.git("update-ref", "-d", "refs/heads/forced")
        origin.repo.git("repack", "-dq")
        origin.repo.git("pack-refs", "--all")
        after = store.open(origin.repo.id)
        try:
            assert after.stamp != before.stamp
            assert before.missing([new]) == {new}
            assert not after.missing([new])
            assert self.fetched(origin, after, PackRequest((new,))) == origin.closure(new)
            old = tuple(dict.fromkeys(ref.oid for ref in before.refs))
            assert self.fetched(origin, before, PackRequest(old)) == origin.closure(*old)
            hidden = store.open(origin.repo.id, visible=lambda name: name != "refs/heads/new")
            assert hidden.stamp != after.stamp
            assert hidden.missing([new]) == {new}
            hidden.close()
        finally:
            before.close()
            after.close()
            store.close()

    def test_an_empty_repository_has_nothing(self, tmp_path: Path) -> None:
        repo = stock_repo(tmp_path)
        store = self.store_of(tmp_path)
        served = store.open(repo.id)
        assert list(served.refs) == []
        assert not served.has(NOWHERE)
        assert served.missing([NOWHERE]) == {NOWHERE}
        assert served.sizes([NOWHERE]) == {}
        served.close()
        store.close()

    def _cut_and_fetched(
        self, origin: Origin, served: ServedRepo, wants: tuple[str, ...], client: tuple[str, ...], deepening: Deepening
    ) -> None:
        """The cut is git's, and what is sent makes the client's history whole down to it."""
        cut = served.cut(wants, client, deepening)
        shallow, unshallow = origin.cut(wants, client, deepening)
        assert origin.without_roots(cut.shallow) == origin.without_roots(shallow)
        assert cut.unshallow == unshallow
        haves = wants if client else ()
        request = PackRequest(wants, haves, client_shallow=frozenset(client), cut=cut, ofs_delta=True)
        sent = self.fetched(origin, served, request)
        after = origin.closure(*wants, shallow=_ends(client, cut))
        before = origin.closure(*haves, shallow=client) if haves else set[str]()
        assert sent >= after - before
        assert sent <= after
        if not client:
            assert sent == after


def _ends(client: tuple[str, ...], cut: Cut) -> list[str]:
    return sorted((set(client) - cut.unshallow) | cut.shallow)


def _filtered(origin: Origin, wants: tuple[str, ...], chosen: ObjectFilter) -> set[str]:
    """Git applies one filter; of two that apply at once, what passes both."""
    each = [origin.closure(*wants, filters=[word]) for word in words_of(chosen)]
    return set.intersection(*each)
