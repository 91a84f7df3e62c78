"""When the node tends its repositories: a task of the supervisor that starts a process for one at a time."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, final

import msgspec
import trio

from gitant.care.asked import AskedLast
from gitant.care.numbers import CARE_CELLS, FAR_CELLS, care_counts, far_counts
from gitant.care.tend import Outcome
from gitant.cells import Cells, read_cells
from gitant.chore import done
from gitant.log import get_logger
from storage.git.care.clearing import has_stale, repositories
from storage.git.care.merging import LINGER_S, replaced_since_s
from storage.git.care.packs import packs_of, worth_merging
from storage.git.care.usage import DiskUse
from storage.git.engine.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from domain.ids import StreamId
    from gitant.settings import Settings
    from storage.datadir import DataDir

LOOK_EVERY_S: Final = 30.0
"""How often all repositories are looked at: one look at a folder each, where nothing has changed."""
SWEEP_EVERY_S: Final = 3_600.0
"""How often it is looked for pushes that never ended, and for what is kept of repositories that are gone."""
TELL_EVERY_S: Final = 10.0
"""How often the log says how far the tables of a large repository are."""
RETRY_S: Final = 900.0
"""How long a repository is left alone that could not be tended."""
PATIENCE_S: Final = 10.0
"""How long a repository waits for a busy writer to have less to do."""
LULL_LOOK_S: Final = 0.1
_log = get_logger("gitant.care")


@final
class Rounds:
    """`run` until it is cancelled; what is under way then ends at once, and goes on with the next start."""

    def __init__(
        self, folder: DataDir, settings: Callable[[], Settings], is_busy: Callable[[], bool] = lambda: False
    ) -> None:
        """`is_busy` says whether the writer takes in a copy or a flood now, which is to have the processor."""
        self._folder = folder
        self._settings = settings
        self._is_busy = is_busy
        self._use = DiskUse(folder.repos)
        self._cells = Cells(CARE_CELLS, care_counts(folder))
        self._woken = trio.Event()
        self._named: set[Path] = set()
        self._token: trio.lowlevel.TrioToken | None = None
        self._not_before: dict[Path, float] = {}
        self._swept = 0.0
        self._looked = -LOOK_EVERY_S
        self._asked = AskedLast(Shelf(folder.cache / "packs"))

    def wake(self, repo: StreamId) -> None:
        """Look at a repository soon, because something was pushed to it; from any thread."""
        if self._token is not None:
            with suppress(trio.RunFinishedError):
                self._token.run_sync_soon(self._note, self._folder.repos / f"{repo.hex()}.git")

    async def run(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        while True:
            named, self._named, self._woken = self._named, set(), trio.Event()
            if time.monotonic() - self._looked >= LOOK_EVERY_S:
                named = set(await trio.to_thread.run_sync(self._look_at_all))
                self._looked = time.monotonic()
            due = await trio.to_thread.run_sync(self._due, named)
            while due:
                repo = await trio.to_thread.run_sync(self._asked.first, due)
                due.remove(repo)
                await wait_for_a_lull(self._is_busy)
                await self._tend(repo)
            with trio.move_on_after(LOOK_EVERY_S):
                await self._woken.wait()

    def _note(self, repo: Path) -> None:
        self._named.add(repo)
        self._woken.set()

    def _look_at_all(self) -> list[Path]:
        """In a thread: all repositories. Adds up what they take, and clears up once in a while."""
        found = repositories(self._folder.repos)
        self._cells.put("repositories", len(found))
        uses = [self._use.usage(repo) for repo in found]
        self._cells.put("disk_bytes", sum(use.bytes for use in uses))
        self._cells.put("tableless", sum(use.tableless > 0 for use in uses))
        for repo in self._not_before.keys() - set(found):
            del self._not_before[repo]
        return found

    def _due(self, repos: Iterable[Path]) -> list[Path]:
        """In a thread: which of these want something done."""
        now, sweeps = time.monotonic(), False
        if not self._swept or now - self._swept >= SWEEP_EVERY_S:
            self._swept, sweeps = now, True
            shelf = Shelf(self._folder.cache / "packs")
            shelf.sweep({repo.stem for repo in repositories(self._folder.repos)})
        packs_max = self._settings().gc_packs_max
        waiting = [repo for repo in repos if now >= self._not_before.get(repo, 0.0)]
        return [repo for repo in sorted(waiting) if self._wants_care(repo, packs_max, sweeps=sweeps)]

    def _wants_care(self, repo: Path, packs_max: int, *, sweeps: bool) -> bool:
        if sweeps and has_stale(repo, time.time()):
            return True
        use = self._use.usage(repo)
        if use.tableless:
            return True
        since = replaced_since_s(repo)
        if since is not None:
            return since >= LINGER_S
        return 0 < packs_max < use.packs and bool(worth_merging(packs_of(repo)))

    async def _tend(self, repo: Path) -> None:
        settings = self._settings()
        self._cells.put("under_way", 1)
        far = far_counts(self._folder)
        words = [repo, settings.gc_packs_max, settings.gc_memory_max, LINGER_S, far]
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._watch, repo)
                ended = await done("gitant.care.one", *map(str, words))
                nursery.cancel_scope.cancel()
        finally:
            self._cells.put("under_way", 0)
            far.unlink(missing_ok=True)
        if ended.was_asked_to:
            return
        try:
            outcome = msgspec.json.decode(ended.told, type=Outcome)
        except msgspec.DecodeError:
            outcome = Outcome(repo=repo.stem, fault=f"its process ended with {ended.code}")
        self._tell(repo, outcome)

    async def _watch(self, repo: Path) -> None:
        """Tell now and then how far it is; until cancelled."""
        while True:
            await trio.sleep(TELL_EVERY_S)
            far = read_cells(FAR_CELLS, far_counts(self._folder))
            if far and far["commits"]:
                left = self._cells.get("tableless")
                _log.info("making tables", repo=repo.stem, commits=far["done"], of=far["commits"], repositories=left)

    def _tell(self, repo: Path, outcome: Outcome) -> None:
        self._cells.add("runs")
        self._cells.add("tables", outcome.tables)
        if outcome.tables:
            self._cells.add("tableless", -1)
        self._cells.add("merged_packs", outcome.merged)
        self._cells.add("saved_bytes", max(0, outcome.saved_bytes))
        if outcome.fault or not outcome.did_something:
            self._not_before[repo] = time.monotonic() + RETRY_S
        else:
            self._not_before.pop(repo, None)
        if outcome.fault and repo.exists():
            self._cells.add("failures")
            _log.error("a repository could not be tended", repo=repo.stem, fault=outcome.fault, hint=outcome.hint)
        elif outcome.did_something:
            _log.info(
                "a repository was tended",
                repo=repo.stem,
                merged=outcome.merged,
                packs=outcome.packs_after,
                saved_bytes=outcome.saved_bytes,
                tables=outcome.tables,
                dropped=outcome.dropped,
            )


async def wait_for_a_lull(is_busy: Callable[[], bool]) -> None:
    """Return when nobody is busy any more, but not for ever."""
    with trio.move_on_after(PATIENCE_S):
        while is_busy():  # noqa: ASYNC110  # the writer's thread tells nobody
            await trio.sleep(LULL_LOOK_S)
