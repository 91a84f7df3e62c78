"""The indexing thread: it catches up at start, follows when woken, survives what is broken, and stops."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from gitant import indexer
from gitant.indexer import RESTS, Indexer, check_code, index_all, rest_s
from projections import code
from tests.projections.code_room import CodeRoom

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from domain.ids import StreamId

TIMEOUT_S = 60.0


@pytest.fixture
def room(tmp_path: Path) -> Generator[CodeRoom]:
    room = CodeRoom(tmp_path)
    yield room
    room.close()


@pytest.fixture
def running(room: CodeRoom) -> Generator[Indexer]:
    """Not started yet, and stopped in the end."""
    running = Indexer(room.views, room.reader)
    yield running
    running.stop()


def commits(room: CodeRoom) -> dict[StreamId, str]:
    return dict(room.connection.execute("SELECT stream, commit_id FROM code_state").fetchall())


def test_it_catches_up_when_it_starts(room: CodeRoom, running: Indexer) -> None:
    one, two, gone = (room.repository(name) for name in ("one", "two", "gone"))
    room.repository("empty")
    room.push(gone, {"a": b"words\n"})
    room.follow(gone)
    room.show(gone, deleted=True)
    tips = {one: room.push(one, {"a": b"words\n"}), two: room.push(two, {"a": b"words\n"})}
    assert not running.idle()
    running.start()
    assert running.wait_idle(TIMEOUT_S)
    assert running.idle()
    assert running.behind() == 0
    assert commits(room) == tips
    assert room.indexed() == room.afresh(one, two)


def test_it_follows_when_it_is_woken(room: CodeRoom, running: Indexer) -> None:
    repo = room.repository("demo")
    running.start()
    assert running.wait_idle(TIMEOUT_S)
    tip = room.push(repo, {"a": b"first\n"})
    running.wake(repo)
    assert running.wait_idle(TIMEOUT_S)
    assert commits(room) == {repo: tip}
    room.point(repo, room.commit(repo, {"b": b"second\n"}), "next")
    room.show(repo, default_branch="next")
    running.wake(repo)
    assert running.wait_idle(TIMEOUT_S)
    assert room.texts(repo) == {"b": "second\n"}
    room.show(repo, deleted=True)
    running.wake(repo)
    assert running.wait_idle(TIMEOUT_S)
    assert room.indexed() == ([], [])


def test_who_is_woken_before_the_start_is_not_forgotten(room: CodeRoom, running: Indexer) -> None:
    repo = room.repository("demo")
    running.wake(repo)
    assert running.behind() == 1
    tip = room.push(repo, {"a": b"first\n"})
    running.start()
    assert running.wait_idle(TIMEOUT_S)
    assert commits(room) == {repo: tip}


@pytest.mark.slow
def test_a_broken_repository_does_not_stop_the_others(room: CodeRoom, running: Indexer) -> None:
    missing, broken, sound = (room.repository(name) for name in ("missing", "broken", "sound"))
    for stream in (missing, broken, sound):
        room.push(stream, {"a": stream.hex().encode()})
    shutil.rmtree(room.repos / f"{missing.hex()}.git")
    for pack in room.repos.joinpath(f"{broken.hex()}.git", "objects").rglob("*"):
        if pack.is_file():
            pack.chmod(0o600)
            pack.write_bytes(b"broken")
    running.start()
    assert running.wait_idle(TIMEOUT_S)
    assert running.behind() == 2
    assert list(commits(room)) == [sound]


def test_what_failed_is_tried_again_at_the_next_look(
    room: CodeRoom, running: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Objects may come after the event that names them, and nobody wakes us for that."""
    repo = room.repository("demo")
    tip = room.push(repo, {"a": b"words\n"})
    folder = room.repos / f"{repo.hex()}.git"
    folder.rename(room.folder / "elsewhere")
    running.start()
    assert running.wait_idle(TIMEOUT_S)
    assert running.behind() == 1
    (room.folder / "elsewhere").rename(folder)
    monkeypatch.setattr(indexer, "SWEEP_S", 0.001)
    running.wake(room.repository("another"))  # so that it goes to sleep anew, for less long
    with running._changed:
        assert running._changed.wait_for(lambda: not running._failed and running._is_idle(), TIMEOUT_S)
    assert commits(room) == {repo: tip}


def test_it_stops_in_the_middle_and_goes_on_at_the_next_start(room: CodeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "BATCH_FILES_MAX", 1)
    repo = room.repository("demo")
    tip = room.push(repo, {f"f{n}": b"text\n" for n in range(10)})

    class Reader:
        """Stops its own indexer after a few files."""

        def files_changed(
            self, repo: StreamId, old: str | None, new: str
        ) -> Iterator[tuple[str, str | None, bytes | None]]:
            for count, change in enumerate(room.reader.files_changed(repo, old, new)):
                if count == 4:
                    first._stopping.set()
                yield change

    first = Indexer(room.views, Reader())  # type: ignore[arg-type]  # nothing else of it is used
    first.start()
    first._thread.join(TIMEOUT_S)
    first.stop()
    assert not first._thread.is_alive()
    assert commits(room) == {}
    assert 0 < len(room.texts(repo)) < 10
    second = Indexer(room.views, room.reader)
    second.start()
    assert second.wait_idle(TIMEOUT_S)
    second.stop()
    assert commits(room) == {repo: tip}
    assert room.indexed() == room.afresh(repo)


def test_a_long_run_tells_how_far_it_is(room: CodeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "BATCH_FILES_MAX", 2)
    repo = room.repository("demo")
    room.push(repo, {f"f{n}": b"text\n" for n in range(5)})
    times = iter(range(0, 10_000, 7))
    running = Indexer(room.views, room.reader, clock=lambda: float(next(times)))
    with capture_logs() as logs:
        running.start()
        assert running.wait_idle(TIMEOUT_S)
        running.stop()
    assert [log["files"] for log in logs if log["event"] == "indexing code"] == [2, 4]


def test_stopping_what_never_started_is_harmless(room: CodeRoom) -> None:
    Indexer(room.views, room.reader).stop()


def test_it_waits_for_a_busy_writer_to_have_less_to_do(room: CodeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer, "LULL_LOOK_S", 0.001)
    repo = room.repository("demo")
    tip = room.push(repo, {"a": b"words\n"})
    seen: list[bool] = []

    def is_busy() -> bool:
        seen.append(bool(commits(room)))
        return len(seen) < 5

    waiting = Indexer(room.views, room.reader, is_busy=is_busy)
    waiting.start()
    assert waiting.wait_idle(TIMEOUT_S)
    waiting.stop()
    assert seen[:5] == [False] * 5
    assert commits(room) == {repo: tip}


def test_it_does_not_wait_for_ever(room: CodeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer, "LULL_LOOK_S", 0.001)
    repo = room.repository("demo")
    tip = room.push(repo, {"a": b"words\n"})
    times = itertools.count()
    impatient = Indexer(room.views, room.reader, clock=lambda: float(next(times)), is_busy=lambda: True)
    impatient.start()
    assert impatient.wait_idle(TIMEOUT_S)
    impatient.stop()
    assert commits(room) == {repo: tip}


def test_it_rests_longer_than_a_waiting_writer_sleeps() -> None:
    """SQLite's delays: 1 2 5 10 15 20 25 25 25 50 50 100 100 … ms."""
    delays = [0.001, 0.002, 0.005, 0.010, 0.015, 0.020, 0.025, 0.025, 0.025, 0.050, 0.050, *[0.1] * 20]
    for held_ms in range(1, 1_000):
        waited = 0.0
        for delay in delays:
            waited += delay
            if waited >= held_ms / 1_000:
                break
        assert waited < held_ms / 1_000 + rest_s(held_ms / 1_000)
    assert rest_s(0) == 0


def test_it_rests_longer_beside_a_busy_writer(room: CodeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "BATCH_FILES_MAX", 2)
    rests: list[tuple[float, float]] = []

    def rest(held_s: float, beside_s: float) -> float:
        rests.append((held_s, beside_s))
        return 0.0

    monkeypatch.setattr(indexer, "rest_s", rest)
    repo = room.repository("demo")
    room.push(repo, {f"f{n}": b"text\n" for n in range(7)})

    class Reader:
        """Reads beside somebody who writes while the second batch is made."""

        def files_changed(
            self, repo: StreamId, old: str | None, new: str
        ) -> Iterator[tuple[str, str | None, bytes | None]]:
            for count, change in enumerate(room.reader.files_changed(repo, old, new)):
                if count == 3:
                    room.connection.execute("UPDATE meta SET value=value+1 WHERE name='position'")
                yield change

    running = Indexer(room.views, Reader())  # type: ignore[arg-type]  # nothing else of it is used
    running.start()
    assert running.wait_idle(TIMEOUT_S)
    running.stop()
    assert [beside_s > 0 for _, beside_s in rests] == [False, True, False]
    assert rest_s(0.01, 0.1) == pytest.approx(RESTS * 0.1)


def test_everything_is_indexed_at_once_for_a_rebuild(room: CodeRoom) -> None:
    one, two, broken = (room.repository(name) for name in ("one", "two", "broken"))
    for stream in (one, two, broken):
        room.push(stream, {"a": stream.hex().encode()})
    shutil.rmtree(room.repos / f"{broken.hex()}.git")
    progress: list[tuple[int, int]] = []
    faults = index_all(room.views, room.reader, lambda done, of: progress.append((done, of)))
    assert [fault[: len("the code of repository ") + 64] for fault in faults] == [
        f"the code of repository {broken.hex()}"
    ]
    assert progress == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert room.indexed() == room.afresh(one, two)


def test_the_check_covers_tables_and_full_text(room: CodeRoom) -> None:
    repo = room.repository("demo")
    room.push(repo, {"a": b"words\n"})
    index_all(room.views, room.reader)
    assert check_code(room.views, room.reader, room.folder) == []
    room.connection.execute("DROP TRIGGER code_files_fts_update")
    room.connection.execute("UPDATE code_files SET text='other'")
    assert [fault.partition(":")[0] for fault in check_code(room.views, room.reader)] == [
        "code_files",
        "code_files_fts",
    ]


def test_there_is_nothing_to_index_without_views(tmp_path: Path, room: CodeRoom) -> None:
    with pytest.raises(sqlite3.OperationalError):
        index_all(tmp_path / "nowhere" / "views.sqlite", room.reader)


def test_languages_are_counted_beside_the_code(room: CodeRoom, running: Indexer) -> None:
    repo = room.repository("demo")
    tip = room.push(repo, {"a.py": b"print()\n"})
    running.start()
    assert running.wait_idle(TIMEOUT_S)
    assert room.connection.execute("SELECT commit_id, doc FROM languages").fetchall() == [(tip, b'{"Python":8}')]
    room.show(repo, deleted=True)
    running.wake(repo)
    assert running.wait_idle(TIMEOUT_S)
    assert room.connection.execute("SELECT count(*) FROM languages").fetchone() == (0,)
