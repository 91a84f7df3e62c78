"""One corrupted cell of the code index, or of a full-text index, is found; an index that is merely behind is not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from projections import code
from projections.code_check import check_code_tables
from projections.fts_check import check_full_text
from projections.tables import FULL_TEXT, ISSUES, upsert
from tests.projections.code_room import CodeRoom

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from domain.ids import StreamId

FILES = {"a.py": b"import os\n", "b.py": b"import sys\n", "c.bin": b"\0"}


@pytest.fixture
def room(tmp_path: Path) -> Generator[CodeRoom]:
    room = CodeRoom(tmp_path)
    yield room
    room.close()


@pytest.fixture
def repo(room: CodeRoom) -> StreamId:
    repo = room.repository("demo")
    room.push(repo, FILES)
    room.follow(repo)
    return repo


def faults(room: CodeRoom) -> list[str]:
    return check_code_tables(room.connection, room.reader)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE code_state SET commit_id='main'", r"code_state: row \w{64}: commit_id 'main' cannot be read: .*"),
        ("UPDATE code_state SET commit_id=''", r"code_state: row \w{64}: commit_id '' cannot be read: .*"),
        (
            "UPDATE code_state SET commit_id=substr(commit_id, 2) || 'a'",
            r"code_state: row \w{64}: commit_id '\w{40}' cannot be read: .*",
        ),
        ("UPDATE code_state SET weight=weight+1", r"code_state: row \w{64}: weight is \d+, should be \d+"),
        ("UPDATE code_state SET cut=1", r"code_state: row \w{64}: cut is 1, should be 0"),
        ("UPDATE code_state SET stream=x'00'", r"code_state: a row is too many: there is no repository 00"),
        (
            "UPDATE code_files SET text='import so' || char(10) WHERE path='a.py'",
            r"code_files: row 'a.py' in \w{64}: text is 'import so\\n', should be 'import os\\n' \(at 7\)",
        ),
        ("UPDATE code_files SET text='x' WHERE path='c.bin'", r"code_files: row 'c.bin' in \w{64}: text is 'x', .*"),
        ("UPDATE code_files SET oid='' WHERE path='b.py'", r"code_files: row 'b.py' in \w{64}: oid is '', .*"),
        ("UPDATE code_files SET path='d.py' WHERE path='b.py'", r"code_files: a row is missing: 'b.py' in \w{64}"),
        ("UPDATE code_files SET stream=x'00' WHERE path='b.py'", r"code_files: rows are too many: .* repository 00"),
        ("DELETE FROM code_files WHERE path='b.py'", r"code_files: a row is missing: 'b.py' in \w{64}"),
        (
            "INSERT INTO code_files (stream, path, oid, text) SELECT stream, 'd', oid, text FROM code_files LIMIT 1",
            r"code_files: repository \w{64} has 1 rows that \w{40} does not",
        ),
    ],
)
def test_a_corrupted_cell_is_named(room: CodeRoom, repo: StreamId, statement: str, fault: str) -> None:
    assert faults(room) == []
    room.connection.execute(statement)
    assert re.fullmatch(fault, faults(room)[0])
    assert len(faults(room)) == 1


def test_an_index_behind_its_tip_is_checked_where_it_is(room: CodeRoom, repo: StreamId) -> None:
    room.push(repo, {"a.py": b"import re\n"})
    assert faults(room) == []
    room.connection.execute("UPDATE code_files SET text='import re' || char(10) WHERE path='a.py'")
    assert len(faults(room)) == 1


def test_an_index_cut_short_is_checked_row_by_row(
    room: CodeRoom, repo: StreamId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "BATCH_FILES_MAX", 1)
    room.push(repo, {"a.py": b"import re\n", "z.py": b"import io\n"})

    def stop(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        room.follow(repo, between=stop)
    assert room.indexed().state == []
    assert faults(room) == []
    room.connection.execute("UPDATE code_files SET text='import pty' WHERE path='a.py'")
    assert re.fullmatch(r"code_files: row 'a.py' in \w{64}: text is 'import pty', .*", faults(room)[0])
    room.connection.execute("UPDATE code_files SET oid='aa' WHERE path='a.py'")
    assert re.fullmatch(r"code_files: row 'a.py' in \w{64}: oid 'aa' cannot be read: .*", faults(room)[0])


def test_what_is_left_of_a_deleted_repository_is_no_fault(room: CodeRoom, repo: StreamId) -> None:
    room.show(repo, deleted=True)
    assert faults(room) == []


def _issue(room: CodeRoom) -> None:
    row = (1, b"i" * 32, b"s" * 32, 1, 1, 1, 1, "did:key:z", "A title", "A body", b"{}")
    room.connection.execute(upsert(ISSUES), row)


def test_full_text_indexes_in_step_have_no_fault(room: CodeRoom, repo: StreamId) -> None:
    _issue(room)
    room.push(repo, {"a.py": b"import re\n", "d.py": b"new\n"})
    room.follow(repo)
    before = room.views.read_bytes()
    assert check_full_text(room.views, room.folder) == []
    assert room.views.read_bytes() == before
    assert not list(room.folder.glob("full-text-*"))


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("code_files", "UPDATE code_files SET text='other words' WHERE path='a.py'"),
        ("code_files", "UPDATE code_files SET n=100 WHERE path='a.py'"),
        ("code_files", "DELETE FROM code_files WHERE path='a.py'"),
        ("issues", "UPDATE issues SET title='Another'"),
        ("issues", "UPDATE issues SET body='Another'"),
        *[
            (name, statement.format(name=name))
            for name in FULL_TEXT
            for statement in (
                "UPDATE {name}_fts_docsize SET sz=x'7f' WHERE id=1",
                "DELETE FROM {name}_fts_docsize WHERE id=1",
                "UPDATE {name}_fts_data SET block=x'00' WHERE id=1",
                "UPDATE {name}_fts_data SET block=zeroblob(length(block)) WHERE id>10",
                "DELETE FROM {name}_fts_data WHERE id>10",
                "UPDATE {name}_fts_config SET v=9 WHERE k='version'",
            )
        ],
    ],
)
def test_a_full_text_index_out_of_step_is_found(room: CodeRoom, repo: StreamId, name: str, statement: str) -> None:
    _issue(room)
    for kind in ("insert", "update", "delete"):
        room.connection.execute(f"DROP TRIGGER {name}_fts_{kind}")
    room.connection.execute(statement)
    assert [fault.partition(":")[0] for fault in check_full_text(room.views)] == [f"{name}_fts"]


def test_views_that_cannot_be_read_are_a_fault(tmp_path: Path) -> None:
    views = tmp_path / "views.sqlite"
    views.write_bytes(b"no database" * 100)
    assert check_full_text(views)[0].startswith("views.sqlite cannot be read")
