"""`Imports` of one HTTP worker: takes orders, runs some at a time, and has the writer begin what they have staged."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any, Final, final
from weakref import WeakValueDictionary

import msgspec

from domain.errors import Conflict, InvalidInput, LocalFault, Unavailable
from domain.ids import is_segment
from domain.limits import SOURCE_CHARS_MAX
from domain.ports_imports import ImportFault, ImportJob, ImportOrder
from domain.repository.imported import source_problem
from gitant.imports.fetch import Fetch
from gitant.imports.local import SOURCE, pipe_to
from gitant.log import get_logger
from transport.git.remote import Credentials, carrier_to, read_url
from transport.outbound.door import Door, resolve

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from domain.actor import Actor
    from domain.ports_git import GitStore, PackCaps
    from domain.ports_views import Views, Writer
    from gitant.imports.book import Book, Claim
    from transport.git.remote import Carrier
    from transport.outbound.addresses import Allowed
    from transport.outbound.door import Resolve

RUNNING_MAX: Final = 2
WAITING_MAX: Final = 20
OF_ONE_MAX: Final = 5
"""Of those, how many one account may have. They take turns among themselves: a server that says nothing, for as long as
an import may take, keeps nobody from an import but whoever named it."""
_log = get_logger("gitant.imports")


@final
class Importer:
    """Imports of this process. `close` ends what is under way."""

    def __init__(
        self,
        book: Book,
        store: GitStore,
        views: Views,
        writer: Writer,
        *,
        allowed: Allowed,
        seconds_max: float,
        caps: PackCaps,
        agent: str,
        git: str = "git",
        resolver: Resolve = resolve,
    ) -> None:
        self._book = book
        self._store = store
        self._views = views
        self._writer = writer
        self._allowed = allowed
        self._seconds_max = seconds_max
        self._caps = caps
        self._agent = agent
        self._git = git
        self._resolver = resolver
        self._turns = asyncio.Semaphore(RUNNING_MAX)
        self._own_turns = WeakValueDictionary[str, asyncio.Lock]()
        self._tasks: dict[asyncio.Task[None], Fetch] = {}
        book.tidy()

    async def start(
        self, actor: Actor, order: ImportOrder, *, repeat: tuple[bytes, bytes] | None = None
    ) -> tuple[ImportJob, bool]:
        if repeat is not None and (known := self._book.asked(*repeat)) is not None:
            return known, True
        if len(self._tasks) >= RUNNING_MAX + WAITING_MAX:
            raise Unavailable(f"{WAITING_MAX} imports are waiting already", hint="try again when they are done")
        if not actor.operator and self._begun_by(actor) >= OF_ONE_MAX:
            raise Unavailable(f"{OF_ONE_MAX} imports of yours are waiting already", hint="try again when they are done")
        source, suggested, carrier = self._source(order)
        name = order.name or suggested
        if not is_segment(name):
            raise InvalidInput(f"{name!r} is no name of a repository", hint="say what it is to be called", field="name")
        owner = self._views.name_of(actor.did) if actor.did is not None else None
        if owner is not None and self._views.repo_at(owner, name) is not None:
            raise Conflict(f"you already have a repository named {name}", hint="choose another name", field="name")
        claim = self._book.claim()
        now = self._book.now()
        job = ImportJob(
            id=claim.job,
            state="queued",
            phase="waiting",
            source=source,
            name=name,
            started_at=now,
            updated_at=now,
            by=actor.did or "",
        )
        self._book.save(job)
        if repeat is not None:
            self._book.note(*repeat, job.id)
        fetch = Fetch(
            job, claim, self._book, carrier, self._store.stage, agent=self._agent, seconds_max=self._seconds_max
        )
        task = asyncio.create_task(self._run(fetch, claim, actor, order))
        self._tasks[task] = fetch
        task.add_done_callback(self._tasks.pop)
        return msgspec.structs.replace(job), False

    def show(self, job: str) -> ImportJob | None:
        return self._book.load(job)

    def cancel(self, job: str) -> None:
        self._book.cancel(job)

    async def close(self) -> None:
        """End what is under way, and wait until nothing is left of it."""
        for task, fetch in [*self._tasks.items()]:
            fetch.cut_short("stopping")
            if fetch.job.state == "queued":
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _source(self, order: ImportOrder) -> tuple[str, str, Callable[[], Carrier]]:
        """What may be told of where it comes from, a name for it, and how to get there."""
        if bool(order.url) == bool(order.ticket):
            raise InvalidInput("say where from: a url", field="url")
        if order.ticket:
            folder = self._book.take_ticket(order.ticket)
            return SOURCE, _name_in(_named(folder)), lambda: pipe_to(folder, self._git, self._caps)
        place, credentials = read_url(order.url)
        if len(place.shown) > SOURCE_CHARS_MAX:
            raise InvalidInput(f"the URL has more than {SOURCE_CHARS_MAX} characters", field="url")
        if source_problem(place.shown):
            said = "in the URL's path, // stands before an @, which nobody can tell from credentials"
            raise InvalidInput(said, hint="write the path with single slashes", field="url")
        if order.username or order.password:
            if credentials is not None or place.scheme == "git":
                raise InvalidInput("give credentials once, and for http(s)", field="username")
            credentials = Credentials(order.username, order.password)
        door = Door(self._allowed, self._resolver)
        return place.shown, _name_in(place.path), lambda: carrier_to(place, credentials, door, self._agent)

    async def _run(self, fetch: Fetch, claim: Claim, actor: Actor, order: ImportOrder) -> None:
        job = fetch.job
        in_doubt = False
        try:
            async with self._own_turn(actor), self._turns:
                if claim.cancelled:
                    fetch.cut_short("cancelled")
                if await asyncio.to_thread(fetch.run):
                    in_doubt = not await self._begin(fetch, actor, order)
        except asyncio.CancelledError:
            job.state, job.error = "failed", ImportFault("the node is stopping", "begin again when it is back")
            raise
        finally:
            if fetch.staging is not None and not in_doubt:
                await asyncio.to_thread(fetch.staging.discard)
            self._tell_end(job)
            claim.release()

    def _begun_by(self, actor: Actor) -> int:
        return sum(fetch.job.by == (actor.did or "") for fetch in self._tasks.values())

    def _own_turn(self, actor: Actor) -> AbstractAsyncContextManager[Any]:
        """The operator's imports take no turns among themselves."""
        if actor.operator:
            return nullcontext()
        return self._own_turns.setdefault(actor.did or "", asyncio.Lock())

    async def _begin(self, fetch: Fetch, actor: Actor, order: ImportOrder) -> bool:
        """Have the writer begin the repository; False if it may have and did not say so."""
        job, selection = fetch.job, fetch.selection
        assert fetch.staging is not None
        job.phase = "writing"
        skips = {fault: [*oids] for fault, oids in fetch.staging.excused.items()}
        args: dict[str, Any] = {
            "name": job.name,
            "owner": order.owner,
            "source": job.source,
            "staged": fetch.staging.token,
            "refs": [[name, oid] for name, oid in selection.refs.items()],
            "description": order.description,
            "private": order.private,
            "default_branch": fetch.default_branch,
            "objects": job.objects,
            "skips": skips,
        }
        try:
            answer = await self._writer.send("repository.import", actor, args)
        except LocalFault as fault:
            job.state, job.error = "failed", ImportFault(fault.message, fault.hint)
            return not isinstance(fault, Unavailable)
        job.state, job.refs = "done", len(selection.refs)
        job.excused = {fault: len(oids) for fault, oids in skips.items()}
        job.repo = str(msgspec.json.decode(answer.doc)["id"])
        return True

    def _tell_end(self, job: ImportJob) -> None:
        job.phase, job.progress = "ended", ""
        with suppress(OSError):
            self._book.save(job)
        detail = job.error.detail if job.error is not None else ""
        _log.info("an import ended", job=job.id, source=job.source, state=job.state, detail=detail)


def _name_in(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")


def _named(folder: Path) -> str:
    """A work tree's `.git` is named for the folder around it."""
    return str(folder.parent if folder.name == ".git" else folder)
