"""The ASGI app for git's URLs: who may, which service, and every refusal in words a git client shows.

GET  /{owner}/{name}.git/info/refs?service=git-upload-pack|git-receive-pack
POST /{owner}/{name}.git/git-upload-pack
POST /{owner}/{name}.git/git-receive-pack            the same with /{id}.git
"""

from __future__ import annotations

import asyncio
import logging
import re
from functools import partial
from typing import TYPE_CHECKING, Final, final
from urllib.parse import parse_qs

from domain.errors import Conflict, LocalFault, Moved, Unauthenticated, Unavailable
from transport.git.advertise import RECEIVE, UPLOAD, version_of
from transport.git.asgi import NO_CACHE, Body, ClientGone, Reply
from transport.git.limits import RETRY_AFTER_S, GitLimits
from transport.git.receive import Receiver
from transport.git.turns import Turns
from transport.git.upload import Uploader

if TYPE_CHECKING:
    from domain.actor import Actor
    from domain.ports_git import GitGate, GitStore, PackCaps, RepoAddress
    from domain.ports_serving import ServingStore
    from transport.git.asgi import ASGIApp, Receive, Scope, Send

_log = logging.getLogger(__name__)
_URL: Final = re.compile(r"/(?P<path>[^/]+(?:/[^/]+)?)\.git(?:/(?P<rest>.*))?", re.DOTALL)
_DUMB: Final = re.compile(r"HEAD|objects/.*", re.DOTALL)
_SMART_ONLY: Final = "This node speaks git's smart HTTP protocol only. Use git 1.6.6 or newer, or dulwich, or libgit2."
_STATUS: Final = {
    "invalid-input": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not-found": 404,
    "conflict": 409,
    "moved": 308,
    "precondition-failed": 412,
    "too-large": 413,
    "unavailable": 503,
}


def is_git_path(path: str) -> bool:
    """Whether a URL path belongs to this app: `/owner/name.git…` or `/id.git…`."""
    return _URL.fullmatch(path) is not None


def git_app(
    gate: GitGate,
    store: GitStore,
    serving: ServingStore,
    caps: PackCaps,
    limits: GitLimits | None = None,
    *,
    agent: str = "gitant",
) -> ASGIApp:
    """Make the app of one worker process; `agent` is how the node calls itself to git clients."""
    limits = limits or GitLimits()
    pushes = Turns("pushing", at_once_max=limits.pushes_max, waiting_max=limits.waiting_max)
    return _GitApp(gate, Uploader(serving, limits, agent), Receiver(gate, store, caps, limits, pushes), limits)


@final
class _GitApp:
    def __init__(self, gate: GitGate, uploader: Uploader, receiver: Receiver, limits: GitLimits) -> None:
        self._gate = gate
        self._limits = limits
        self._uploader = uploader
        self._receiver = receiver

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        reply = Reply(send)
        try:
            await self._route(scope, receive, reply)
        except ClientGone:
            _log.debug("a git client hung up")
        except asyncio.CancelledError:
            # The node ends, and cuts off who is not done: that is for the client to see, and nothing to report.
            _log.debug("a git request was cut off")
        except Moved as fault:
            await _redirect(scope, reply, fault)
        except LocalFault as fault:
            await _refuse(reply, fault)
        except Exception:
            _log.exception("a git request failed")
            if reply.started:
                raise  # cutting the answer off is all that is left to say
            await reply.text(500, "This node failed to answer; its log says why.")

    async def _route(self, scope: Scope, receive: Receive, reply: Reply) -> None:
        match = _URL.fullmatch(scope["path"])
        rest = match["rest"] if match is not None else None
        if match is None or rest is None:
            await reply.text(404, "There is nothing here to browse; this URL is for git clone.")
        elif rest == "info/refs":
            if await _is_method(scope, reply, "GET"):
                await self._advertise(scope, match["path"], reply)
        elif rest in {UPLOAD, RECEIVE}:
            if await _is_method(scope, reply, "POST"):
                await self._serve(scope, match["path"], rest, receive, reply)
        elif _DUMB.fullmatch(rest):
            await reply.text(403, _SMART_ONLY)
        else:
            await reply.text(404, "A git repository has nothing at this URL.")

    async def _advertise(self, scope: Scope, path: str, reply: Reply) -> None:
        service = parse_qs(scope["query_string"].decode("latin-1")).get("service", [""])[0]
        if service not in {UPLOAD, RECEIVE}:
            await reply.text(403, _SMART_ONLY)
            return
        _, repo, _ = await self._admit(scope, path, service)
        version = version_of(_header(scope, b"git-protocol"))
        body = await self._uploader.advertised(service, repo, version)
        await reply.whole(f"application/x-{service}-advertisement", body)

    async def _serve(self, scope: Scope, path: str, service: str, receive: Receive, reply: Reply) -> None:
        # No form of a web page can send this type, so no page can make a browser push.
        expected = f"application/x-{service}-request"
        if _header(scope, b"content-type") != expected:
            await reply.text(415, f"The content type of this request is {expected}.")
            return
        actor, repo, refusal = await self._admit(scope, path, service)
        encoding = _header(scope, b"content-encoding").strip().lower()
        # Between two pieces of its pack a pusher may have to think.
        stall_s = self._limits.stall_s if service == UPLOAD else self._limits.push_stall_s
        body = Body(receive, encoding, stall_s=stall_s)
        if service == UPLOAD:
            await self._uploader.upload(repo, version_of(_header(scope, b"git-protocol")), body, receive, reply)
        else:
            known_now = partial(self._gate.known_now, scope)
            await self._receiver.receive(actor, repo, body, reply, known_now=known_now, refusal=refusal)

    async def _admit(self, scope: Scope, path: str, service: str) -> tuple[Actor, RepoAddress, Conflict | None]:
        """Who asks, for what, and why nobody can push there now: that is told of each ref, not by an HTTP error."""
        actor = await self._gate.actor(scope)
        repo = await self._gate.readable(actor, path)
        if service == RECEIVE:
            try:
                await self._gate.writable(actor, repo)
            except Conflict as fault:
                return actor, repo, fault
        return actor, repo, None


async def _redirect(scope: Scope, reply: Reply, fault: Moved) -> None:
    """Send a client on to the same service of the repository `owner/name`, or to where its id is all there is.

    Relative to the URL asked for, so that it leads on behind proxies, too, whatever they put in front.
    """
    match = _URL.fullmatch(scope["path"])
    assert match is not None, "a repository was asked for"
    rest = match["rest"] or ""
    up = "../" * (match["path"].count("/") + 1 + rest.count("/"))
    query = scope["query_string"].decode("latin-1")
    location = f"{up}{fault.to}.git/{rest}" + (f"?{query}" if query else "")
    # A client that does not hold to the method of a 301 would turn a POST into a GET.
    status = 301 if scope["method"] in {"GET", "HEAD"} else 308
    await reply.text(status, fault.message, (b"location", location.encode("latin-1")))


async def _is_method(scope: Scope, reply: Reply, method: str) -> bool:
    if scope["method"] == method:
        return True
    await reply.text(405, f"Git uses {method} here.", (b"allow", method.encode()))
    return False


async def _refuse(reply: Reply, fault: LocalFault) -> None:
    """Answer a fault; behind the first bytes of an answer there is no place for it any more."""
    if reply.started:
        raise fault
    headers = list(NO_CACHE)
    if isinstance(fault, Unauthenticated):
        headers.append((b"www-authenticate", b'Basic realm="Gitant", charset="UTF-8"'))
    if isinstance(fault, Unavailable):
        headers.append((b"retry-after", str(RETRY_AFTER_S).encode()))
    text = "\n".join(filter(None, [fault.message, fault.hint]))
    await reply.whole(
        "text/plain; charset=utf-8", f"{text}\n".encode(), status=_STATUS[fault.code], headers=tuple(headers)
    )


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")
