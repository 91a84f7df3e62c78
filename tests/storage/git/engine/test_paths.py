"""Which paths each commit changes: what tables say, against `git diff-tree`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storage.git.engine import building
from storage.git.engine.building import build_segments
from storage.git.engine.keeping import KeptTables
from storage.git.engine.known import Neighbours
from storage.git.engine.mark import MAGIC, SUFFIX, has_segment
from storage.git.engine.segment import load_segment, open_pack
from storage.git.engine.trees import path_digest
from tests.storage.git.engine.scattered import scatter, write_pack
from tests.storage.git.stock import stock_repo

if TYPE_CHECKING:
    from pathlib import Path

    from storage.git.engine.segment import Segment
    from tests.storage.git.stock import StockRepo


def noted(segment: Segment) -> dict[str, set[bytes] | None]:
    """By commit the digests of what it changes; None where that is not known."""
    columns = segment.columns
    commits = [segment.pack.names[ordinal].tobytes().hex() for ordinal in columns.commit.tolist()]
    found: list[set[bytes] | None] = [None if unsure else set() for unsure in columns.path_walk.tolist()]
    for row, (key, rest) in enumerate(zip(columns.path_key.tolist(), columns.path_rest.tolist(), strict=True)):
        for place in columns.path_by[columns.path_at[row] : columns.path_at[row + 1]].tolist():
            mine = found[place]
            assert mine is not None
            mine.add(key.to_bytes(8, "big") + rest.to_bytes(8, "big"))
    return dict(zip(commits, found, strict=True))


def told(repo: StockRepo, commit: str) -> set[bytes]:
    """The same, of a commit with parents, as git says: folders that are replaced by files, and below, are paths too."""
    rows = repo.git("diff-tree", "-r", "-t", "-z", "--no-renames", "--name-only", f"{commit}^1", commit)
    return {path_digest(path) for path in rows.split(b"\0")[:-1]}


@pytest.mark.parametrize("seed", [4])
def test_tables_tell_the_paths_that_differ_from_the_first_parent(tmp_path: Path, seed: int) -> None:
    repo, commits = scatter(tmp_path, seed)
    tables = KeptTables().tables(repo.path)
    roots = {commit for commit in commits if len(repo.line("rev-list", "--parents", "-1", commit).split()) == 1}
    compared = 0
    for segment in tables.segments:
        for commit, digests in noted(segment).items():
            assert digests == (set() if commit in roots else told(repo, commit)), commit
            compared += commit not in roots
    assert compared >= len(commits) - len(roots)
    write_pack(repo, commits)
    known = {path.stem for path in (segment.pack.path for segment in tables.segments)}
    (path,) = [path for path in (repo.path / "objects/pack").glob("*.pack") if path.stem not in known]
    (alone,) = build_segments([open_pack(path)], Neighbours([]))
    (taken,) = build_segments([open_pack(path)], Neighbours(tables.segments))
    assert noted(alone) == noted(taken) == {each: noted(alone)[each] for each in commits}


def test_a_mode_a_submodule_and_a_link_are_changes_and_an_odd_mode_is_none(tmp_path: Path) -> None:
    repo = stock_repo(tmp_path)
    blob = repo.blob(b"a")
    below = repo.line("mktree", stdin=f"100644 blob {blob}\tx\n".encode())
    rows = [
        f"100644 blob {blob}\ta\n",
        f"100755 blob {blob}\ta\n",
        f"120000 blob {blob}\ta\n",
        f"160000 commit {'1' * 40}\ta\n",
        f"160000 commit {'2' * 40}\ta\n",
        f"040000 tree {below}\ta\n",
    ]
    commits = list[str]()
    for number, row in enumerate(rows):
        tree = repo.line("mktree", "--missing", stdin=row.encode())
        before = [word for parent in commits[-1:] for word in ("-p", parent)]
        commits.append(repo.line("commit-tree", "-m", str(number), *before, tree))
    odd = repo.git(
        "hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=b"100664 a\0" + bytes.fromhex(blob)
    )
    commits.append(repo.line("commit-tree", "-m", "odd", "-p", commits[0], odd.decode().strip()))
    write_pack(repo, commits)
    (segment,) = KeptTables().tables(repo.path).segments
    a, inner = path_digest(b"a"), path_digest(b"a/x")
    assert noted(segment) == dict(zip(commits, [set(), {a}, {a}, {a}, {a}, {a, inner}, set()], strict=True))


def test_a_commit_that_changes_very_much_is_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = stock_repo(tmp_path)
    first = repo.commit_files({"a": b""})
    second = repo.commit_files({f"{number}": b"" for number in range(40)}, first)
    third = repo.commit_files({f"{number}": b"" for number in range(39)}, second)
    write_pack(repo, [third])
    monkeypatch.setattr(building, "_PATHS_PER_COMMIT_MAX", 30)
    (segment,) = KeptTables().tables(repo.path).segments
    assert noted(segment) == {first: set(), second: None, third: {path_digest(b"39")}}


def test_tables_of_an_older_version_count_as_missing(tmp_path: Path) -> None:
    repo, _ = scatter(tmp_path, 5, commits=8)
    tables = KeptTables().tables(repo.path)
    path = tables.segments[0].pack.path
    assert has_segment(path)
    file = path.with_suffix(SUFFIX)
    whole = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(MAGIC[:-1] + b"\1" + whole[len(MAGIC) :])
    assert not has_segment(path)
    assert load_segment(open_pack(path)) is None
    KeptTables().tables(repo.path)
    assert file.read_bytes() == whole
