"""One import up to the point where everything is staged: a thread that fetches, and another that watches it."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, final

from domain.errors import LocalFault, TooLarge, Unavailable
from domain.ports_git import PackRefused
from domain.ports_imports import ImportFault
from gitant.imports.selection import Selection, default_branch, select
from gitant.log import get_logger
from transport.git.fetching import OfferReader, PackReader, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.ports_git import Staging
    from domain.ports_imports import ImportJob
    from gitant.imports.book import Book, Claim
    from transport.git.fetching import Offer
    from transport.git.remote import Carrier

WATCH_EVERY_S: Final = 0.25
_log = get_logger("gitant.imports")


class _CutShort(Exception):
    """It was cancelled, or took too long."""


@final
class Fetch:
    """Call `run` in a thread; `job` and the files of the book say how far it is."""

    def __init__(
        self,
        job: ImportJob,
        claim: Claim,
        book: Book,
        carrier: Callable[[], Carrier],
        stage: Callable[[], Staging],
        *,
        agent: str,
        seconds_max: float,
    ) -> None:
        self.job = job
        self.selection = Selection()
        self.default_branch = "main"
        self.staging: Staging | None = None
        self._claim = claim
        self._book = book
        self._make_carrier = carrier
        self._make_staging = stage
        self._agent = agent
        self._seconds_max = seconds_max
        self._carrier: Carrier | None = None
        self._reader = PackReader()
        self._over = threading.Event()
        self._cut = ""
        self._lock = threading.Lock()

    def run(self) -> bool:
        """Whether everything is staged; if not, the job says why."""
        watcher = threading.Thread(target=self._watch, name="import-watch", daemon=True)
        watcher.start()
        staged = False
        try:
            self._fetch()
            staged = True
        except Exception as fault:  # noqa: BLE001 - whatever it was, the job has to say that it failed
            self._fail(fault)
        finally:
            self._over.set()
            watcher.join()
            if self._carrier is not None:
                self._carrier.close()
        return staged

    def cut_short(self, how: str) -> None:
        """End it from another thread; `how` is cancelled, time or stopping."""
        with self._lock:
            self._cut = self._cut or how
            carrier, staging = self._carrier, self.staging
        if carrier is not None:
            carrier.abort()
        if staging is not None and self.job.phase == "checking":
            staging.discard()

    def _fetch(self) -> None:
        job = self.job
        job.state, job.phase = "running", "connecting"
        offer = self._read_offer()
        self.selection = select(offer)
        self.default_branch = default_branch(offer, self.selection.refs)
        staging = self._make_staging()
        with self._lock:
            self.staging = staging
        tips = self.selection.tips
        if tips:
            job.phase = "receiving"
            self._receive(staging, offer, tips)
        else:
            staging.feed(_EMPTY_PACK)
        job.phase = "checking"
        self._check_time()
        self.selection.only_commits(staging.finish(tips))
        self._check_time()
        self._look()

    def _read_offer(self) -> Offer:
        carrier = self._make_carrier()
        with self._lock:
            self._carrier = carrier
        self._check_time()
        reader = OfferReader(service=carrier.heading)
        for piece in carrier.refs():
            reader.feed(piece)
            if reader.done:
                return reader.offer
            self._check_time()
        raise Unavailable("the other side ended before it had told all its refs", hint="try again later")

    def _receive(self, staging: Staging, offer: Offer, tips: list[str]) -> None:
        assert self._carrier is not None
        for piece in self._carrier.exchange(request(offer, tips, self._agent)):
            for data in self._reader.feed(piece):
                self.job.bytes += len(data)
                staging.feed(data)
            if self._reader.done:
                return
            self._check_time()
        raise Unavailable("the other side ended before it had sent everything", hint="try again later")

    def _check_time(self) -> None:
        if self._cut:
            raise _CutShort

    def _watch(self) -> None:
        """Tell how far it is, and notice when it is to end."""
        until = time.monotonic() + self._seconds_max
        while not self._over.wait(WATCH_EVERY_S):
            if self._claim.cancelled:
                self.cut_short("cancelled")
            elif time.monotonic() > until:
                self.cut_short("time")
            with suppress(OSError):  # a full disk is found by those who write what matters
                self._look()
                self._book.save(self.job)

    def _look(self) -> None:
        job = self.job
        job.progress = self._reader.progress
        if self.staging is not None:
            job.objects, job.objects_total = self.staging.counts
            if job.phase == "checking":
                job.progress = self.staging.progress
        job.left_out, job.skipped_refs = self.selection.left_out, self.selection.skipped

    def _fail(self, fault: Exception) -> None:
        job = self.job
        if self._cut == "cancelled":
            job.state = "cancelled"
            return
        job.state = "failed"
        if self._cut == "time":
            fault = TooLarge(f"it took more than {self._seconds_max:g} s, which is the limit")
            fault.hint = "the operator can raise it with the setting import_s_max"
        elif self._cut:
            fault = Unavailable("the node is stopping", hint="begin again when it is back")
        if isinstance(fault, LocalFault):
            job.error = ImportFault(fault.message, fault.hint)
        elif isinstance(fault, PackRefused):
            hint = "faults that could harm who clones are never excused; `git fsck` at the source lists them"
            job.error = ImportFault(f"the objects are not taken: {fault}", hint if "fsck" in str(fault) else "")
        else:
            _log.error("an import ended in a bug", job=job.id, exc_info=fault)
            job.error = ImportFault("the node made a mistake, which its log tells of")


_EMPTY_PACK: Final = bytes.fromhex("5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e")
