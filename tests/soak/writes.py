"""Power cuts: a node's writes are recorded, and its folder rebuilt with the unsynced ones torn or dropped."""

from __future__ import annotations

import signal
import threading
from contextlib import closing
from typing import TYPE_CHECKING

from domain.ids import parse_stream_id
from gitant.writer.opening import open_core
from storage import keys
from storage.datadir import DataDir
from tests.crash import writes
from tests.gitant.running import running
from tests.house.tree import BIN
from tests.soak.checks import check_acknowledged, check_folder
from tests.soak.clients import Caller, Gone, at_once, push_commits, write_issues
from tests.soak.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from domain.ids import StreamId

LOAD_S = 4.0
PORT_PATIENCE = 600


def run_writes(count: int, seed: int, scratch: Path, say: Callable[[str], None]) -> None:
    """Raises `AssertionError` at the first cut after which something acknowledged is missing."""
    folder, ledger = DataDir(scratch / "node"), Ledger()
    with running(folder.path) as node:
        token = keys.load_or_create_token(folder.operator_token)
        with closing(Caller(node.address, token)) as caller:
            made = caller.ask("POST", "/api/v1/repos", {"name": "attic"})
        assert node.end() == 0
    repo = parse_stream_id(made["id"])
    recording = _record(folder, repo, ledger, scratch, seed)
    say(f"recorded {len(recording.calls)} calls and {len(ledger.facts)} answers")
    into = scratch / "cuts"
    into.mkdir()
    for number, cut in enumerate(writes.cuts(recording, seed=seed, count=count, into=into), 1):
        facts = ledger.before(cut.at)
        after = DataDir(cut.folder)
        open_core(after).close()
        check_acknowledged(after, repo, ledger, facts)
        check_folder(after)
        say(f"cut {number} of {count} at call {cut.point}: all {len(facts)} answers kept")


def _record(folder: DataDir, repo: StreamId, ledger: Ledger, scratch: Path, seed: int) -> writes.Recording:
    (scratch / "record").mkdir()
    argv = [str(BIN / "gitant"), "serve", "--data-dir", str(folder.path), "--port", "0", "--workers", "1"]
    (folder.path / "node.json").unlink(missing_ok=True)
    recorder = writes.start(argv, folder.path, scratch / "record")
    token = keys.load_or_create_token(folder.operator_token)
    try:
        _load(folder, token, repo, ledger, scratch, seed)
        recorder.process.send_signal(signal.SIGTERM)
    except BaseException:
        recorder.process.kill()
        raise
    finally:
        recording = recorder.finish()
    return recording


def _load(folder: DataDir, token: str, repo: StreamId, ledger: Ledger, scratch: Path, seed: int) -> None:
    address = _address(folder, token)
    stop = threading.Event()
    remote = f"http://x:{token}@{address[0]}:{address[1]}/operator/attic.git"
    threads = at_once(
        [
            *(_writing(Caller(address, token), repo, ledger, seed + n, stop) for n in range(3)),
            lambda: push_commits(scratch / "tree", remote, "branch", ledger, stop),
        ]
    )
    threading.Event().wait(LOAD_S)
    stop.set()
    for thread in threads:
        thread.join(timeout=90)


def _writing(caller: Caller, repo: StreamId, ledger: Ledger, seed: int, stop: threading.Event) -> Callable[[], None]:
    return lambda: write_issues(caller, f"/api/v1/repos/{repo.hex()}", ledger, seed, stop)


def _address(folder: DataDir, token: str) -> tuple[str, int]:
    """Where the recorded node listens, once it is ready (under the recorder that takes a while)."""
    pause = threading.Event()
    for _ in range(PORT_PATIENCE):
        pause.wait(0.1)
        info = folder.running()
        if info is None or not info.url:
            continue
        host, _, port = info.url.removeprefix("http://").rpartition(":")
        try:
            with closing(Caller((host, int(port)), token)) as caller:
                caller.ask("GET", "/ready")
        except Gone:
            continue
        return host, int(port)
    raise AssertionError("the recorded node did not get ready")
