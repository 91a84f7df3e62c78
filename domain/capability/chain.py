"""Chains: whether the delegations that an invocation names lead from its subject to its issuer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.capability.policy import allows
from domain.capability.refused import REASONS, Refused
from domain.capability.token import Delegation, Invocation, covers, is_signed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from domain.capability.dagcbor import Link
    from domain.capability.token import Token


class Finding(NamedTuple):
    """What is wrong with a token of a chain, by its place: delegations from 0, the subject's own first."""

    place: int
    reason: str

    @property
    def words(self) -> str:
        return REASONS[self.reason]


def is_subjects_own(delegation: Delegation) -> bool:
    """Whether a delegation is by its subject's own key: what begins a chain by the specification."""
    return delegation.issuer == delegation.subject


def check(
    invocation: Invocation,
    proofs: Mapping[Link, Delegation],
    now_s: int,
    *,
    revoked: Collection[Link] = (),
    begins: Callable[[Delegation], bool] = is_subjects_own,
) -> Sequence[Delegation]:
    """The chain behind an invocation; raises `Refused` with the first thing that is wrong.

    `begins` says whether a delegation may be the first of a chain. Whom the invocation is for, and whether it came
    before, is asked where it comes in.
    """
    chain = chain_of(invocation, proofs)
    for finding in examine([*chain, invocation], now_s, revoked=revoked, begins=begins):
        raise Refused(finding.reason, f"token {finding.place + 1} of {len(chain) + 1}" if chain else "")
    return chain


def chain_of(invocation: Invocation, proofs: Mapping[Link, Delegation]) -> list[Delegation]:
    """The delegations that an invocation names, in order."""
    missing = [link for link in invocation.proofs if link not in proofs]
    if missing:
        raise Refused("proof-missing", str(missing[0]))
    return [proofs[link] for link in invocation.proofs]


def examine(
    tokens: Sequence[Token],
    now_s: int,
    *,
    revoked: Collection[Link] = (),
    begins: Callable[[Delegation], bool] = is_subjects_own,
) -> Iterator[Finding]:
    """All that is wrong with a chain, which an invocation ends or does not (yet)."""
    last = len(tokens) - 1
    for place in (last, *range(last)):  # the one that anybody could have made up first
        yield from (Finding(place, reason) for reason in _by_itself(tokens[place], now_s, revoked))
    ended = tokens[last]
    for place, token in enumerate(tokens):
        if isinstance(token, Delegation):
            if place == 0 and not begins(token):
                yield Finding(place, "root-subject")
            if place < last and token.audience != tokens[place + 1].issuer:
                yield Finding(place, "audience")
            if place > 0 and token.subject not in {None, tokens[0].subject}:
                yield Finding(place, "subject")
            if place > 0 and not covers(tokens[place - 1].command, token.command):
                yield Finding(place, "command")
        elif place == 0 and token.issuer != token.subject:
            yield Finding(place, "proof-absent")
    if isinstance(ended, Invocation) and last:
        yield from _invoked(tokens, ended)


def _by_itself(token: Token, now_s: int, revoked: Collection[Link]) -> Iterator[str]:
    if not is_signed(token):
        yield "signature"
    if token.expires is not None and token.expires <= now_s:
        yield "expired"
    if isinstance(token, Delegation) and token.not_before is not None and token.not_before > now_s:
        yield "too-early"
    if token.link in revoked:
        yield "revoked"


def _invoked(tokens: Sequence[Token], invocation: Invocation) -> Iterator[Finding]:
    last = len(tokens) - 1
    if invocation.subject != tokens[0].subject:
        yield Finding(last, "subject")
    if not covers(tokens[last - 1].command, invocation.command):
        yield Finding(last, "command")
    for place, token in enumerate(tokens[:last]):
        if isinstance(token, Delegation) and not allows(token.policy, dict(invocation.args)):
            yield Finding(place, "policy")
