"""The signature's door: a request signed by a key of somebody whose identity is here (RFC 9421)."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, final
from urllib.parse import unquote, urlsplit

from api.faults import NotBelieved
from api.threads import in_thread
from domain.actor import Actor
from domain.keys import did_of
from domain.signature.refused import BadSignature
from domain.signature.request import CREATED_S_MAX, Message, verified, write_key_name
from transport.git.app import is_git_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.ports import Asked
    from domain.ports_doors import Replays
    from domain.signature.request import Signed
    from gitant.doors.acting import ActingKeys

DOOR: Final = "signature"
HINT: Final = "Accept-Signature says what to sign; gitant api --sign does it"
SEEN: Final = ("content-digest", "content-type", "idempotency-key", "if-match", "signature", "signature-input")


@final
class SignatureDoor:
    """Knows principals by their keys. Where git is served it knows nobody: no git signs what it asks.

    The body is compared with its digest where it arrives (`api.sealed`).
    """

    def __init__(
        self,
        keys: ActingKeys,
        replays: Replays,
        public_url: str | None = None,
        *,
        now_s: Callable[[], int] = lambda: int(time.time()),
    ) -> None:
        self._keys = keys
        self._replays = replays
        self._public = urlsplit(public_url) if public_url else None
        self._now_s = now_s

    async def actor(self, asked: Asked) -> Actor | None:
        """Who signed the request, or None where nobody did. Raises `NotBelieved` with what is wrong."""
        if b"signature" not in asked.headers or b"authorization" in asked.headers:
            return None
        if is_git_path(unquote(asked.path)):
            return None
        try:
            return await self._actor(asked)
        except BadSignature as fault:
            raise NotBelieved(str(fault), reason=fault.reason, hint=HINT) from fault

    async def _actor(self, asked: Asked) -> Actor:
        now_s = self._now_s()
        signed = verified(self._message(asked), None if asked.again else now_s)
        acting = self._keys.acting(signed.by.principal, signed.by.device)
        if isinstance(acting, str):
            raise BadSignature(acting)
        if not asked.again:
            await in_thread(self._take, signed, now_s)
        device = None if signed.by.device is None else did_of(signed.by.device)
        name = write_key_name(signed.by.principal, device)
        repos = None if acting.repo is None else frozenset({acting.repo})
        return Actor(signed.by.principal, door=DOOR, credential=name, repos=repos)

    def _take(self, signed: Signed, now_s: int) -> None:
        if signed.created < self._replays.since():
            raise BadSignature("replayed", "signed before this node began to keep track")
        # A little longer than it holds: a clock may be set back.
        if not self._replays.take(signed.once, signed.expires + CREATED_S_MAX, now_s):
            raise BadSignature("replayed")

    def _message(self, asked: Asked) -> Message:
        target = f"{asked.path}?{asked.query}" if asked.query else asked.path
        headers = {name: asked.header(name.encode()) for name in SEEN if name.encode() in asked.headers}
        message = Message(asked.method, asked.scheme, asked.header(b"host"), target, headers)
        if self._public is None or self._public.netloc.lower() != message.authority.lower():
            return message
        return replace(message, scheme=self._public.scheme)  # a proxy in front speaks TLS, and we do not
