"""The gate that git's URLs lead to: who may fetch, who may push, and a push handed to the writer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn, cast, final

from api import standing
from api.entrance.entrance import ADMITTED, ASKED, asked_of, gathered
from api.gate import may_read, reach
from api.ports import ASKED_HEADERS
from domain.actor import Actor
from domain.authority.needs import need
from domain.errors import Conflict, Forbidden, LocalFault, Moved, NotFound, Unauthenticated
from domain.ids import is_hex_id
from domain.ports_git import RefOutcome, RepoAddress
from domain.scopes import REPO_WRITE, demand
from domain.sight import reaches, sees_private

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.ports import Doors
    from domain.ids import StreamId
    from domain.ports_git import RefCommand
    from domain.ports_views import Views, Writer

_SIGN_IN = "sign in with your user name and a token, or your password; `gitant token` prints the operator's"


@final
class NodeGate:
    """`GitGate` over the views, the writer and the door.

    An anonymous asker gets the same answer for a private repository as for one that is not there: 401, which
    makes git ask for credentials.
    """

    def __init__(self, views: Views, writer: Writer, doors: Doors) -> None:
        self._views = views
        self._writer = writer
        self._doors = doors

    async def actor(self, scope: Mapping[str, Any]) -> Actor:
        # A push's credentials are looked at once: what is used up by that would not do a second time.
        match scope.get(ADMITTED):
            case Actor() as actor:
                return actor
            case LocalFault() as fault:
                raise fault
            case _:
                return await self._doors.actor(asked_of(scope, gathered(scope["headers"], ASKED_HEADERS)))

    async def known_now(self, scope: Mapping[str, Any]) -> Actor:
        asked = scope.get(ASKED) or asked_of(scope, gathered(scope["headers"], ASKED_HEADERS))
        return await self._doors.actor(replace(asked, again=True))

    async def readable(self, actor: Actor, path: str) -> RepoAddress:
        row = self._views.visible(actor, path.replace("/", "~", 1))
        if row is None or not may_read(actor, row):
            self._find_elsewhere(actor, path)
            self._tell_removed(actor, path)
            _refuse(actor, path)
        notice = f"{row.name} goes on as {self._heir(actor, row.successor)}" if row.successor is not None else ""
        return RepoAddress(row.id, row.default_branch, notice)

    async def writable(self, actor: Actor, repo: RepoAddress) -> None:
        row = self._views.visible(actor, repo.id.hex())
        if row is None:
            self._tell_removed(actor, repo.id.hex())
            _refuse(actor, repo.id.hex())
        if actor.did is None:
            raise Unauthenticated("pushing needs credentials", hint=_SIGN_IN)
        demand(actor, REPO_WRITE)
        reach(actor, row.id)
        # The writer judges each ref; nobody who may move none need send gigabytes to hear that.
        if why := standing.lacks(self._views, row, actor.did, need("refs.move").role):
            raise Forbidden(why, hint="ask those who look after it")
        if row.archived:
            raise Conflict(
                f"{row.name} is archived, so nothing can be pushed to it",
                hint=f"take it out of the archive first: gitant repo edit {row.name} --unarchive",
            )
        if row.successor is not None:
            name = self._heir(actor, row.successor)
            raise Conflict(
                f"{row.name} goes on as {name}, so nothing can be pushed to it",
                hint=f"push to {name} instead; git remote set-url names the new place",
            )

    async def push(
        self,
        actor: Actor,
        repo: RepoAddress,
        commands: Sequence[RefCommand],
        *,
        quarantine: str | None,
        atomic: bool,
    ) -> Sequence[RefOutcome]:
        answer = await self._writer.send(
            "refs.move",
            actor,
            {
                "repo": repo.id,
                "commands": [[command.ref, command.old, command.new] for command in commands],
                "quarantine": quarantine,
                "atomic": atomic,
            },
        )
        outcomes = cast("list[tuple[str, str]]", answer.extra["outcomes"])
        words = cast("dict[str, str]", answer.extra.get("words", {}))
        return [RefOutcome(ref, reason, words.get(ref, "")) for ref, reason in outcomes]

    def _heir(self, actor: Actor, successor: StreamId) -> str:
        """What to call the repository that another goes on as: its id to whoever may not see it here."""
        heir = self._views.repo(successor.hex())
        return f"{heir.owner}/{heir.name}" if heir is not None and may_read(actor, heir) else successor.hex()

    def _find_elsewhere(self, actor: Actor, path: str) -> None:
        """Raise where to go for what was found at this path before, or what became of it."""
        selector = path.replace("/", "~", 1)
        moved = self._views.visible_formerly(actor, selector)
        if moved is not None and may_read(actor, moved):
            raise Moved(f"{path} is {moved.owner}/{moved.name} now", to=f"{moved.owner}/{moved.name}")
        if actor.did is not None and self._views.visible(actor, selector, deleted=True) is not None:
            raise NotFound(f"{path} is deleted", hint=f"bring it back with: gitant repo undelete {path}")

    def _tell_removed(self, actor: Actor, path: str) -> None:
        """Say to those who had a role, and have none any more, who took it: that much of it they may know."""
        owner, slash, name = path.partition("/")
        row = None
        if actor.did is not None and slash:
            row = self._views.repo_at(owner, name)
        elif actor.did is not None and is_hex_id(path):
            row = self._views.repo(path)
        if row is None or actor.did is None or not sees_private(actor) or not reaches(actor, row.id):
            return
        if why := standing.ended(self._views, row, actor.did, path):
            raise Forbidden(why, hint="ask those who look after it")


def _refuse(actor: Actor, path: str) -> NoReturn:
    if actor.did is None:
        raise Unauthenticated("there is nothing here to see without credentials", hint=_SIGN_IN)
    raise NotFound(f"there is no repository {path!r} here", hint="its URL ends in /owner/name.git or /id.git")
