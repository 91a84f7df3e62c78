"""Diffs past their limits: cut, and saying so; and correct whatever the matcher could afford."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hypothesis
import hypothesis.strategies as st
import pytest

from domain.errors import TooLarge
from storage.git.diff.files import Patches
from storage.git.diff.hunks import edits, hunks, lines_of
from storage.git.diff.lines import Budget
from storage.git.diff.paths import changed
from storage.git.diff.renames import with_renames
from storage.git.objects import Objects
from storage.git.read_limits import DISPLAY, MESSAGE_BYTES_MAX, DiffLimits
from storage.git.reader import DulwichReader
from storage.git.trees import root_of
from tests.storage.git.stock import StockRepo, stock_repo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> StockRepo:
    return stock_repo(tmp_path)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[DulwichReader]:
    reader = DulwichReader(tmp_path)
    yield reader
    reader.close()


def numbered(count: int, word: bytes = b"line") -> bytes:
    return b"".join(b"%s %d\n" % (word, number) for number in range(count))


def test_a_long_patch_is_cut_at_the_end_of_a_line(repo: StockRepo, reader: DulwichReader) -> None:
    commit = repo.commit_files({"long": numbered(40_000), "short": b"x\n"})
    diff = reader.diff(repo.id, None, commit)
    long, short = diff.files
    assert long.truncated
    assert long.additions == 40_000
    assert long.patch.endswith("\n")
    assert 0 <= DISPLAY.file_patch_bytes_max - len(long.patch) < 20
    assert not short.truncated
    assert diff.truncated
    assert reader.patch(repo.id, None, commit).count(b"\n+line") == 40_000


def test_a_large_blob_has_its_header_only(repo: StockRepo, reader: DulwichReader) -> None:
    size = DISPLAY.blob_bytes_max + 1
    commit = repo.commit_files({"binary": b"\0" * size, "text": b"x" * size})
    binary, text = reader.diff(repo.id, None, commit).files
    assert binary.binary
    assert not binary.truncated
    assert binary.patch.endswith("Binary files /dev/null and b/binary differ\n")
    assert text.truncated
    assert not text.binary
    assert text.patch.endswith(f"..{text.new_oid[:7] if text.new_oid else ''}\n")


def test_too_many_lines(repo: StockRepo, reader: DulwichReader) -> None:
    commit = repo.commit_files({"blank": b"\n" * (DISPLAY.file_lines_max + 1)})
    (file,) = reader.diff(repo.id, None, commit).files
    assert (file.truncated, file.patch.count("\n")) == (True, 3)
    with pytest.raises(TooLarge, match="the change of blank is too large for a patch"):
        reader.patch(repo.id, None, commit)


@pytest.mark.slow
def test_more_files_than_a_diff_shows(repo: StockRepo, reader: DulwichReader) -> None:
    oid = repo.blob(b"x\n")
    names = [f"{number:05}" for number in range(DISPLAY.files_max + 7)]
    commit = repo.commit(repo.tree(*(("100644", name, oid) for name in names)))
    diff = reader.diff(repo.id, None, commit)
    assert [file.path for file in diff.files] == names[: DISPLAY.files_max]
    assert diff.files_total == len(names)
    assert diff.truncated
    with pytest.raises(TooLarge, match="3,007 files differ"):
        reader.patch(repo.id, None, commit)


def test_a_diff_that_spent_its_budget_shows_headers(repo: StockRepo) -> None:
    commit = repo.commit_files({name: numbered(50) for name in "abc"})
    objects = Objects(repo.path)
    changes = list(changed(objects, None, root_of(objects, commit.encode())))
    for limits in (DiffLimits(patch_bytes_max=600), DiffLimits(blobs_bytes_max=600), DiffLimits(steps_max=60)):
        patches = Patches(objects, changes, limits)
        made = [patches.of(change) for change in changes]
        assert [patch.truncated for patch in made] == [False, True, True]
        assert made[2].text.count(b"\n") == 3
    objects.close()


def test_past_its_limits_the_search_for_renames_finds_exact_ones_and_base_names(repo: StockRepo) -> None:
    one, two, three = (numbered(30, word) for word in (b"one", b"two", b"three"))
    old = repo.commit_files({"exact": one, "b": two, "c": three})
    folder = repo.tree(("100644", "b", repo.blob(two + b"more\n")))
    same, like = repo.blob(one), repo.blob(three + b"more\n")
    new = repo.commit(repo.tree(("100644", "exactly", same), ("040000", "in", folder), ("100644", "d", like)))
    objects = Objects(repo.path)
    changes = list(changed(objects, root_of(objects, old.encode()), root_of(objects, new.encode())))

    def renames(limits: DiffLimits) -> set[tuple[bytes | None, bytes]]:
        found = with_renames(objects, changes, limits)
        return {(change.old_path, change.path) for change in found if change.old_path}

    exact, same_name, alike = (b"exact", b"exactly"), (b"b", b"in/b"), (b"c", b"d")
    assert renames(DISPLAY) == {exact, same_name, alike}
    assert renames(DiffLimits(rename_pairs_max=0)) == {exact, same_name}
    assert renames(DiffLimits(rename_bytes_max=100)) == {exact}
    objects.close()


LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"  c\n", b"\n", b"}\n", b"d\n", b"e\n"]), max_size=40)


@hypothesis.given(LINES, LINES, st.integers(0, 400))
def test_edits_make_the_new_lines_of_the_old_ones(old: list[bytes], new: list[bytes], steps: int) -> None:
    made: list[bytes] = []
    at = 0
    for edit in edits(old, new, Budget(steps)):
        made.extend(old[at : edit.a0])
        made.extend(new[edit.b0 : edit.b1])
        at = edit.a1
    assert made + old[at:] == new


@hypothesis.given(LINES, LINES)
def test_unchanged_lines_are_never_in_an_edit_together(old: list[bytes], new: list[bytes]) -> None:
    found = edits(old, new, Budget(1_000_000))
    assert all(edit.a1 > edit.a0 or edit.b1 > edit.b0 for edit in found)
    assert bool(found) == (old != new)
    text = b"".join(hunks(old, new, found))
    assert text.count(b"\n+") == sum(edit.b1 - edit.b0 for edit in found)


@pytest.mark.parametrize("data", [b"", b"\n", b"a", b"a\n", b"a\nb", b"\r\n\n\x0b\x0c\x85\n"])
def test_lines_are_split_at_line_feeds_only(data: bytes) -> None:
    lines = lines_of(data)
    assert b"".join(lines) == data
    assert len(lines) == data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


def test_a_rewritten_file_that_costs_too_much_is_still_a_correct_diff() -> None:
    old = [b"%d\n" % (number * 7_919 % 3_001) for number in range(3_000)]
    new = [b"%d\n" % (number * 104_729 % 3_001) for number in range(3_000)]
    budget = Budget(100_000)
    found = edits(old, new, budget)
    assert budget.steps <= 0
    made = [line for edit in found for line in new[edit.b0 : edit.b1]]
    kept = 3_000 - sum(edit.a1 - edit.a0 for edit in found)
    assert len(made) + kept == 3_000


def test_lists_have_the_beginning_of_a_long_message(repo: StockRepo, reader: DulwichReader) -> None:
    """Sixteen megabytes of it deflate to almost nothing, and a page lists a hundred commits."""
    short = repo.commit(repo.tree(), message="short")
    messages = "Subject\n\n" + "a line of words\n" * 100_000, "\u00e4" * 100_000
    person = "Ada <ada@example.invalid> 1700000100 +0000"
    head = f"tree {repo.tree()}\nparent {short}\nauthor {person}\ncommitter {person}\n\n"
    tips = [
        repo.line("hash-object", "-t", "commit", "-w", "--stdin", stdin=(head + message).encode())
        for message in messages
    ]
    for packed in (False, True):
        if packed:
            for number, tip in enumerate(tips):
                repo.git("update-ref", f"refs/heads/{number}", tip)
            repo.git("repack", "-adq")
        for tip, whole in zip(tips, messages, strict=True):
            listed, before = reader.commits(repo.id, tip)
            assert (before.message.strip(), before.message_cut) == ("short", False)
            for found in (listed, reader.commit(repo.id, tip)):
                assert found.message_cut
                assert whole.startswith(found.message)
                assert 16_000 < len(found.message.encode()) <= MESSAGE_BYTES_MAX
                assert found.parents == (short,)
            found = reader.commit(repo.id, tip, whole=True)
            assert (found.message.strip(), found.message_cut) == (whole.strip(), False)
