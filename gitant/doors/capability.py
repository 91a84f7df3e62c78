"""The capability's door: an invocation of what the subject has lent to whoever asks (UCAN 1.0)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, final
from urllib.parse import unquote

from api.faults import NotBelieved
from api.threads import in_thread
from domain.actor import Actor
from domain.authority.enrolment import read_certificate
from domain.authority.enrolment_text import chain_of
from domain.capability.chain import check, is_subjects_own
from domain.capability.commands import ARGUMENTS, COMMANDS, ENROLMENT, LIFETIME_S_MAX
from domain.capability.container import MARK, sorted_out, unpack
from domain.capability.refused import Refused
from domain.errors import InvalidInput
from domain.ids import StreamId, is_hex_id
from domain.keys import key_of
from domain.scopes import with_included
from domain.signature.digest import read_digest
from domain.signature.refused import BadSignature
from domain.signature.request import CREATED_S_MAX
from transport.git.app import is_git_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from api.ports import Asked
    from domain.capability.token import Delegation, Invocation
    from domain.ids import Did
    from domain.ports_doors import Replays, Revocations
    from gitant.doors.acting import ActingKeys

DOOR: Final = "capability"
HINT: Final = "docs/api.md says what an invocation holds; POST /api/v1/agents/verify explains one link by link"


@final
class CapabilityDoor:
    """Lets somebody ask in the name of who lent him the right to, and for that alone. Not where git is served."""

    def __init__(
        self,
        node: Did,
        keys: ActingKeys,
        replays: Replays,
        revocations: Revocations,
        *,
        now_s: Callable[[], int] = lambda: int(time.time()),
    ) -> None:
        self._node = node
        self._keys = keys
        self._replays = replays
        self._revocations = revocations
        self._now_s = now_s

    async def actor(self, asked: Asked) -> Actor | None:
        """In whose name is asked, narrowed; None where there is no capability. Raises `NotBelieved`."""
        scheme, _, word = asked.header(b"authorization").strip().partition(" ")
        if scheme.lower() != "bearer" or not word.strip().startswith(MARK) or is_git_path(unquote(asked.path)):
            return None
        try:
            return await self._actor(asked, word.strip())
        except Refused as fault:
            raise NotBelieved(str(fault), reason=fault.reason, hint=HINT) from fault

    async def _actor(self, asked: Asked, word: str) -> Actor:
        now_s = self._now_s()
        invocation, proofs = sorted_out(unpack(word))
        if invocation is None:
            raise Refused("container-invocations")
        scope = self._check_meant(invocation, now_s, again=asked.again)
        repo = _check_request(invocation, asked)
        # Of one that goes on, what ends it is looked at again, but not the moment at which it had to begin.
        at_s = min(now_s, (invocation.expires or now_s) - 1) if asked.again else now_s
        revoked = {link for link in proofs if self._revocations.is_revoked(str(link))}
        chain = check(invocation, proofs, at_s, revoked=revoked, begins=self.begins)
        self._check_known(invocation, chain)
        if not asked.again:
            await in_thread(self._take, invocation, now_s)
        repos = None if repo is None else frozenset({repo})
        name = str(invocation.link)
        return Actor(invocation.subject, door=DOOR, credential=name, scopes=with_included({scope}), repos=repos)

    def begins(self, delegation: Delegation) -> bool:
        """Whether a delegation may begin a chain: it is by its subject, or by a device that acts for it here."""
        if is_subjects_own(delegation):
            return not isinstance(self._keys.acting(delegation.issuer, None), str)
        certificate = delegation.meta.get(ENROLMENT)
        if delegation.subject is None or not isinstance(certificate, str):
            return False
        try:
            chain = chain_of(certificate)
        except InvalidInput:
            return False
        last = read_certificate(chain[-1][0])
        assert last is not None, "the line was read"
        if (last.principal, last.device) != (delegation.subject, key_of(delegation.issuer)) or last.stream is not None:
            return False
        return not isinstance(self._keys.acting(last.principal, last.device), str)

    def _check_meant(self, invocation: Invocation, now_s: int, *, again: bool) -> str:
        """Raise unless it is for this node, now, and of a command that there is; its scope."""
        if invocation.audience != self._node:
            raise Refused("elsewhere")
        issued, expires = invocation.issued, invocation.expires
        if issued is None or expires is None or expires > issued + LIFETIME_S_MAX:
            raise Refused("lifetime")
        if not again and abs(issued - now_s) > CREATED_S_MAX:
            raise Refused("lifetime", "iat is more than a minute from this node's clock")
        if invocation.command not in COMMANDS:
            raise Refused("command-unknown", invocation.command[:40])
        return COMMANDS[invocation.command]

    def _check_known(self, invocation: Invocation, chain: Sequence[Delegation]) -> None:
        """Raise unless the subject is here, and nobody who hands anything on is kept outside."""
        if not chain and isinstance(reason := self._keys.acting(invocation.subject, None), str):
            raise Refused(reason)
        people = {invocation.subject, invocation.issuer, *(each.issuer for each in chain)}
        if not all(self._keys.is_welcome(did) for did in people):
            raise Refused("unknown", "somebody in the chain")

    def _take(self, invocation: Invocation, now_s: int) -> None:
        assert invocation.expires is not None
        assert invocation.issued is not None
        if invocation.issued < self._replays.since():
            raise Refused("replayed", "made before this node began to keep track")
        # A little longer than it holds: a clock may be set back.
        if not self._replays.take(str(invocation.link), invocation.expires + CREATED_S_MAX, now_s):
            raise Refused("replayed")


def _check_request(invocation: Invocation, asked: Asked) -> StreamId | None:
    """Raise unless the arguments are those of the request; the one repository that they confine it to."""
    args = invocation.args
    if unknown := args.keys() - ARGUMENTS:
        raise Refused("request", min(unknown)[:40])
    if args.get("method") != asked.method:
        raise Refused("request", "method")
    if args.get("target") != (f"{asked.path}?{asked.query}" if asked.query else asked.path):
        raise Refused("request", "target")
    try:
        digest = read_digest(asked.header(b"content-digest")) if b"content-digest" in asked.headers else None
    except BadSignature as fault:
        raise Refused("request", str(fault)) from fault
    if args.get("digest") != digest:
        raise Refused("request", "digest")
    repo = args.get("repo")
    if repo is None and "repo" not in args:
        return None
    if not isinstance(repo, str) or not is_hex_id(repo):
        raise Refused("request", "repo")
    return StreamId(bytes.fromhex(repo))
