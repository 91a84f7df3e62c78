"""What a catch-up reads of the log, answer by answer."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from domain.actor import Actor
from domain.ids import DeviceKey, StreamId
from domain.keys import SigningKey
from domain.ports_git import PackCaps
from domain.ports_views import Answer
from gitant.network.reads import LogReads
from gitant.writer.opening import open_core
from gitant.writer.request import Request
from replication.effects import After, ReadFeeds
from storage import keys
from storage.datadir import DataDir
from storage.log.eventlog import SQLiteEventLog

if TYPE_CHECKING:
    from pathlib import Path

    from replication.effects import Row


def test_a_long_catch_up_begins_with_a_short_answer_and_leaves_nothing_out(tmp_path: Path) -> None:
    """Where refs are is known, and objects are asked for, while the rest is read."""
    folder = DataDir(tmp_path / "node")
    folder.create()
    key = SigningKey(keys.load_or_create(folder.identity_key))
    me = Actor(did=key.did, operator=True)
    core = open_core(folder, PackCaps())
    (made,) = core.execute([Request("repository.create", me, {"name": "long"})])
    assert isinstance(made, Answer)
    repo = StreamId(bytes.fromhex(made.events[-1]))
    issues = [Request("issue.open", me, {"repo": repo, "title": f"{number}"}) for number in range(520)]
    assert all(isinstance(outcome, Answer) for outcome in core.execute(issues))
    with closing(SQLiteEventLog(folder.log)) as log:
        reads = LogReads(folder.views, log)
        feeds = (After(DeviceKey(key.device), ()),)
        answers: list[tuple[Row, ...]] = []
        cursor = 0
        while cursor or not answers:
            rows = reads.read(ReadFeeds(repo, feeds, cursor, 1 << 20, 2_048))
            answers.append(rows.rows)
            cursor = rows.cursor
        assert [len(answer) for answer in answers] == [128, 521 - 128]
        whole = [row.id for answer in answers for row in answer]
        assert len(set(whole)) == 521
        short = (After(key.device, ((301, whole[300]),)),)
        assert [row.id for row in reads.read(ReadFeeds(repo, short, 0, 1 << 20, 2_048)).rows] == whole[301:]
    core.close()
