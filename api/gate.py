"""Who may come in: the one place that judges readers, and the guard in front of everything that writes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from api.standing import lacks
from domain.authority.needs import need
from domain.errors import Forbidden, Moved, NotFound, Unauthenticated
from domain.ids import is_hex_id
from domain.sight import may_see, reaches, sees_all

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection
    from litestar.handlers import BaseRouteHandler

    from api.asking import Asking
    from domain.actor import Actor
    from domain.ids import StreamId
    from domain.ports_views import EntityRow, EventRow, RepoRow, Views

_SIGN_IN = "log in, or send Authorization: Bearer with a token; `gitant token` prints the operator's"
_WHICH: Final = "name it by its id, or as owner~name; a private one is there for those with a role in it"

_ISSUE: Final = re.compile(r"[1-9][0-9]{0,14}(\.[0-9a-f]{1,64})?|[0-9a-f]{64}")


def readable(asking: Asking, selector: str) -> RepoRow:
    """The repository a selector names, if the asker may see it; else it does not exist for them."""
    # What the asker may not see has no part in what a name means: a clash of names would tell of it.
    repo = asking.remembered.repo(asking.actor, selector) or _found_elsewhere(asking, selector)
    if repo is None or not may_read(asking.actor, repo):
        raise NotFound(f"there is no repository {selector!r} here", hint=_WHICH)
    if asking.scope["method"] != "GET":
        reach(asking.actor, repo.id)
    return repo


def _found_elsewhere(asking: Asking, selector: str) -> RepoRow | None:
    """What was found there before: a request about it is sent on to where it is now, by id, which never changes."""
    views = asking.ports.views
    repo = views.visible_formerly(asking.actor, selector)
    if repo is not None and may_read(asking.actor, repo):
        if to := asking.url_with(selector, repo.id.hex()):
            raise Moved(f"{selector} is {repo.owner}/{repo.name} now", to=to)
        return repo
    if asking.actor.did is not None and views.visible(asking.actor, selector, deleted=True) is not None:
        raise NotFound(f"{selector} is deleted", hint=f"bring it back with: gitant repo undelete {selector}")
    return None


def may_read(actor: Actor, repo: RepoRow) -> bool:
    """Whether somebody may read a repository that stands."""
    return may_see(actor, repo.id, repo.readers, private=repo.private)


def reach(actor: Actor, repo: StreamId) -> None:
    """Return if what somebody came with is good for a repository; their role is the log's affair."""
    if not reaches(actor, repo):
        raise Forbidden("this token is for other repositories", hint="make one for this: gitant token create")


def check_role(asking: Asking, repo: RepoRow, action: str) -> None:
    """Raise `Forbidden` before bytes are taken in for what the asker may not do, as far as the views know.

    The command asks the log again. What it would say of holds and of authors is its own to say.
    """
    did = asking.actor.did
    if did is not None and (why := lacks(asking.ports.views, repo, did, need(action).role)):
        raise Forbidden(why, hint="ask those who look after it", field="no-authority")


async def writers(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: whoever writes is known; what they may is the log's to say. Runs before the body is read.

    It is a coroutine because Litestar would run a plain function in a thread.
    """
    asking = cast("Asking", connection)
    if asking.actor.did is None:
        what = "reading this" if asking.scope["method"] in {"GET", "HEAD"} else "writing"
        raise Unauthenticated(f"{what} needs a token", hint=_SIGN_IN)


async def operators(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: what is the node's own affair is its operator's."""
    actor = cast("Asking", connection).actor
    if actor.operator:
        return
    if actor.did is None:
        raise Unauthenticated("this is the operator's to do", hint=_SIGN_IN)
    raise Forbidden("only the operator of this node may do this")


def issue_of(asking: Asking, repo: RepoRow, selector: str) -> EntityRow:
    """An issue of a repository."""
    issue = asking.ports.views.issue(repo.id, selector) if _ISSUE.fullmatch(selector) else None
    if issue is None:
        raise NotFound(f"there is no issue {selector!r} in {repo.name}")
    return issue


class _Place(msgspec.Struct):
    issue: str


def comment_of(asking: Asking, repo: RepoRow, issue: EntityRow, selector: str) -> EntityRow:
    """A comment of an issue."""
    comment = asking.ports.views.comment(repo.id, selector) if is_hex_id(selector) else None
    if comment is None or msgspec.json.decode(comment.doc, type=_Place).issue != issue.id.hex():
        raise NotFound(f"there is no comment {selector!r} on this issue")
    return comment


class _Kind(msgspec.Struct):
    kind: str


def visible_event(asking: Asking, event: EventRow) -> bool:
    """Whether the asker may see an event."""
    return visible_stream(asking.ports.views, asking.actor, event.stream)


def visible_stream(views: Views, actor: Actor, stream: StreamId) -> bool:
    """Whether somebody may see the events of a stream: of repositories they may read, and of identities."""
    if sees_all(actor):
        return True
    repo = views.repo(stream.hex())
    if repo is not None:
        return may_read(actor, repo)
    genesis = views.event(cast("Any", stream))  # a stream's id is its genesis event's
    return genesis is not None and msgspec.json.decode(genesis.doc, type=_Kind).kind.startswith("identity.")
