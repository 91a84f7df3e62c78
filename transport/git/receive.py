"""Take a push: commands, then a pack into a quarantine, then one answer for each ref.

    read commands -> refuse what names alone forbid -> feed the quarantine -> finish (sizes, hashes, syntax, links)
    -> gate.push (policy, event, publish, refs) -> drop the quarantine -> report

Once the gate was asked, the outcome is its to tell: a quarantine is not dropped while its answer is in doubt, for the
writer may have appended the event and be about to publish. What is left then is healed at the node's next start.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, final

from domain.errors import LocalFault, Unauthenticated, Unavailable
from domain.ports_git import ZERO_OID, PackRefused
from transport.git.commands import parse_options, parse_push, refuse
from transport.git.pktline import FLUSH, read_section
from transport.git.report import CONTENT_TYPE, Report

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from domain.actor import Actor
    from domain.ports_git import (
        GitGate,
        GitStore,
        PackCaps,
        Quarantine,
        RefCommand,
        RefOutcome,
        RepoAddress,
    )
    from transport.git.asgi import Body, Reply
    from transport.git.commands import PushRequest
    from transport.git.limits import GitLimits
    from transport.git.turns import Turns

T = TypeVar("T")
_log = logging.getLogger(__name__)
_NOT_ALONE = "refused because the push is atomic and another ref of it was refused"
_FEED_BYTES_MIN = 256 * 1024


@dataclass(slots=True)
class _Push:
    """One push on its way: why it fails as a whole, and why single refs do."""

    actor: Actor
    repo: RepoAddress
    request: PushRequest
    reasons: dict[str, str]
    known_now: Callable[[], Awaitable[Actor]]
    problem: str = ""
    hint: str = ""
    in_doubt: bool = False
    """Whether the writer may be at work on the quarantine."""

    def accepted(self) -> list[RefCommand]:
        """The commands that nothing speaks against so far; in an atomic push all do or none."""
        if self.request.atomic and self.reasons:
            for command in self.request.commands:
                self.reasons.setdefault(command.ref, _NOT_ALONE)
        return [command for command in self.request.commands if command.ref not in self.reasons]

    def refuse_all(self, fault: LocalFault) -> None:
        """Nothing is wrong with the pack, and still none of it is wanted."""
        self.hint = fault.hint
        self.reasons = {command.ref: fault.message for command in self.request.commands}

    def fail(self, fault: PackRefused | LocalFault) -> None:
        self.problem = str(fault)
        self.hint = fault.hint if isinstance(fault, LocalFault) else ""
        for command in self.request.commands:
            self.reasons.setdefault(command.ref, self.problem)


@final
class Receiver:
    """Takes the pushes of one worker process."""

    def __init__(self, gate: GitGate, store: GitStore, caps: PackCaps, limits: GitLimits, turns: Turns) -> None:
        self._gate = gate
        self._store = store
        self._caps = caps
        self._limits = limits
        self._turns = turns

    async def receive(
        self,
        actor: Actor,
        repo: RepoAddress,
        body: Body,
        reply: Reply,
        *,
        known_now: Callable[[], Awaitable[Actor]],
        refusal: LocalFault | None = None,
    ) -> None:
        """Answer one POST; with a `refusal`, every ref is refused for that reason.

        `known_now` says whom the request's credentials stand for by the time that its pack has come.
        """
        lines, rest = await read_section(body, bytes_max=self._limits.command_bytes_max)
        if not lines:  # before a large push, git asks with an empty one whether it may
            await reply.whole(CONTENT_TYPE, b"")
            return
        request = parse_push(lines, self._limits)
        options: tuple[str, ...] = ()
        if request.has_options:
            lines, rest = await read_section(body, bytes_max=self._options_bytes_max, begun=rest)
            options = parse_options(lines, self._limits)
        async with self._turns.turn():
            present = await self._turns.run(self._store.refs, repo.id)
            push = _Push(actor, repo, request, refuse(request.commands, present), known_now)
            if refusal is not None:
                push.refuse_all(refusal)
            await self._take(push, rest, body, Report(reply, request))
            for option in options:
                await Report(reply, request).say(f"the push option “{option}” is not known here and changes nothing")
            if not reply.started:
                await reply.start(CONTENT_TYPE)
            await Report(reply, request).close(push.problem, push.reasons)

    @property
    def _options_bytes_max(self) -> int:
        return self._limits.push_options_max * (self._limits.push_option_bytes_max + len(FLUSH))

    async def _take(self, push: _Push, rest: bytes, body: Body, report: Report) -> None:
        """All of the push but its report; the quarantine is gone when this returns."""
        quarantine: Quarantine | None = None
        try:
            if push.accepted() and push.request.has_pack:
                fresh = await self._turns.run(self._store.quarantine, push.repo.id)
                quarantine = fresh
                await self._feed(push, fresh, rest, body)
            await body.drain(bytes_max=self._caps.pack_bytes_max)
            if quarantine is not None and push.accepted():
                await self._check(push, quarantine, report)
            if push.accepted():
                await self._push(push, quarantine, report)
            if push.hint:
                await report.say(push.hint)
        finally:
            if quarantine is not None and not push.in_doubt:
                await self._turns.run(quarantine.discard)

    async def _feed(self, push: _Push, quarantine: Quarantine, rest: bytes, body: Body) -> None:
        """Pass the pack on, in pieces that are worth the way to a thread."""
        waiting = bytearray(rest)
        try:
            while piece := await body.read():
                waiting += piece
                if len(waiting) >= _FEED_BYTES_MIN:
                    await self._turns.run(quarantine.feed, bytes(waiting))
                    waiting.clear()
            await self._turns.run(quarantine.feed, bytes(waiting))
        except (PackRefused, LocalFault) as fault:
            push.fail(fault)

    async def _check(self, push: _Push, quarantine: Quarantine, report: Report) -> None:
        """Finish the quarantine; a branch must point to a commit."""
        tips = sorted({command.new for command in push.accepted()} - {ZERO_OID})
        try:
            work = self._turns.run(quarantine.finish, tips)
            kinds = await self._patiently(work, report, quarantine)
        except (PackRefused, LocalFault) as fault:
            push.fail(fault)
            return
        for command in push.accepted():
            kind = kinds.get(command.new, "commit")
            if command.ref.startswith("refs/heads/") and kind != "commit":
                push.reasons[command.ref] = f"a branch points to a commit, and {command.new[:12]} is a {kind}"

    async def _push(self, push: _Push, quarantine: Quarantine | None, report: Report) -> None:
        commands = push.accepted()
        try:
            # Asked again: a token, or the right to push, may be gone since the client began to send.
            if await push.known_now() != push.actor:
                raise Unauthenticated("the credentials of this push have ended", hint="sign in again, and push again")
            await self._gate.writable(push.actor, push.repo)
            push.in_doubt = quarantine is not None
            outcomes = await self._patiently(self._ask(push, commands, quarantine), report, None)
        except LocalFault as fault:
            push.in_doubt = push.in_doubt and isinstance(fault, Unavailable)
            push.hint = fault.hint
            for command in commands:
                push.reasons[command.ref] = fault.message
            if push.in_doubt:
                _log.warning("the outcome of a push is in doubt: %s", fault)
            return
        push.in_doubt = False
        assert [outcome.ref for outcome in outcomes] == [command.ref for command in commands]
        for outcome in outcomes:
            if not outcome.ok:
                push.reasons[outcome.ref] = outcome.reason
            if outcome.words:
                await report.say(outcome.words)

    async def _ask(
        self, push: _Push, commands: Sequence[RefCommand], quarantine: Quarantine | None
    ) -> Sequence[RefOutcome]:
        return await self._gate.push(
            push.actor,
            push.repo,
            commands,
            quarantine=quarantine.token if quarantine is not None else None,
            atomic=push.request.atomic,
        )

    async def _patiently(self, work: Awaitable[T], report: Report, quarantine: Quarantine | None) -> T:
        """Wait, and let the client know that there is something to wait for."""
        task = asyncio.ensure_future(work)
        while not (await asyncio.wait({task}, timeout=self._limits.keepalive_s))[0]:
            await report.keep_alive(quarantine.progress if quarantine is not None else "")
        return task.result()
