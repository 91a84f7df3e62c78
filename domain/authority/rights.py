"""Whether an event had the right to happen: the one question, asked of a court, a place and the table."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from domain.authority.acts import Grant, Hold, Limit, Push
from domain.authority.enrolment import RANK_PLAIN
from domain.authority.needs import HOLDS, need
from domain.authority.roles import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.authority.acts import Deed, Rules
    from domain.authority.ancestry import Branch, Place
    from domain.authority.court import Act, Court, Standing
    from domain.ids import Did, EventId


class Request(NamedTuple):
    """What somebody does: the rows of the table it has to pass, and what it does it to."""

    actions: tuple[str, ...]
    author: Did
    thing_author: Did | None = None
    entity: bytes = b""
    pushes: tuple[Push, ...] = ()
    deed: Deed | None = None


class Denial(NamedTuple):
    """A void reason, and the act it rests on, if there is one: when that changes, the answer may."""

    reason: str
    by: Act | None = None
    detail: str = ""


_HELD_REASONS: Final = {"archive": "archived", "lock": "locked", "protection": "protected"}


def deny(court: Court, request: Request, branch: Branch, place: Place, event: EventId) -> tuple[Role, Denial | None]:
    """The author's role at an event, and why the event may not be, if it may not. A pure function of the stream."""
    if branch.enrolment.fault:
        return Role.BLOCKED, Denial(branch.enrolment.fault)
    if branch.enrolment.principal != request.author:
        return Role.BLOCKED, Denial("not-enrolled")
    standing = court.standing(branch, place, event)
    role = standing.role
    if request.deed is not None and _concerns_himself(request, branch):
        dead = court.cut_by_own(branch, place)
        return role, None if dead is None else Denial("device-revoked", dead)
    for action in request.actions:
        needed = need(action)
        if role >= needed.role:
            continue
        if needed.author and role >= Role.GUEST and request.thing_author == request.author:
            continue
        return role, _lacking(standing, place)
    if request.deed is not None:
        return role, _overreach(court, request.deed, role, request.author)
    return role, _held(court, request, role, place, event)


def _concerns_himself(request: Request, branch: Branch) -> bool:
    """Whether somebody leaves, or ends a device of his own: that needs nobody's leave."""
    deed = request.deed
    if not isinstance(deed, Limit):
        return False
    if deed.principal is not None:
        return deed.principal == request.author and deed.role == Role.GUEST
    return branch.enrolment.rank > RANK_PLAIN


def _lacking(standing: Standing, place: Place) -> Denial:
    by = standing.by
    if by is None:
        return Denial("no-authority")
    assert isinstance(by.deed, Limit)
    if by.deed.principal is None:
        return Denial("device-revoked", by)
    return Denial("revoked" if by.in_past(place) else "revoked-meanwhile", by)


def _overreach(court: Court, deed: Deed, role: Role, author: Did) -> Denial | None:
    """Grants and limits reach strictly below their author; of himself he can only give everything back."""
    if isinstance(deed, Grant) and (deed.role >= role or deed.principal in court.roots):
        return Denial("above-level")
    if isinstance(deed, Limit) and (deed.role >= role or deed.principal in (author, *court.roots)):
        return Denial("above-level")
    return None


def _held(court: Court, request: Request, role: Role, place: Place, event: EventId) -> Denial | None:
    for sort, free in _closing(request.actions):
        if role >= free:
            continue
        for hold in court.holds(sort, request.entity if sort == "lock" else b""):
            if (
                hold.counts_against(place)
                and not court.lifted(hold, place)
                and not court.admitted(event, hold, free - 1)
            ):
                assert isinstance(hold.deed, Hold)
                words = _broken(hold.deed, request.pushes, request.author, role) if sort == "protection" else sort
                if words:
                    return Denial(_HELD_REASONS[sort], hold, words)
    return None


@cache
def _closing(actions: tuple[str, ...]) -> tuple[tuple[str, Role], ...]:
    """The sorts of hold that close any of these actions, and whom each does not bind."""
    return tuple((sort, free) for sort, (free, closed) in HOLDS.items() if not closed.isdisjoint(actions))


def _broken(hold: Hold, pushes: Sequence[Push], author: Did, role: Role) -> str:
    """Which rule of a protection a push breaks, in words, or nothing."""
    assert hold.rules is not None
    for push in pushes:
        name = push.ref.removeprefix("refs/heads/")
        if name != push.ref and fnmatchcase(name, hold.about.decode()):
            words = breach(hold.rules, push, author, role)
            if words:
                return f"{name}: {words}"
    return ""


def breach(rules: Rules, push: Push, author: Did, role: Role) -> str:
    """Which of its rules a push to a protected branch breaks, in words, or nothing."""
    if rules.pushers and author not in rules.pushers:
        return "only those it names may push to it"
    if role < rules.push_role:
        return f"pushing to it takes the role {rules.push_role.word}"
    if push.deletes:
        return "" if rules.allow_delete else "it may not be deleted"
    if push.forced and not rules.allow_force:
        return "it may not be moved back or aside (no force push)"
    if rules.approvals:
        return f"it takes changes with {rules.approvals} approvals only, and a push has none"
    if rules.checks:
        return f"it takes changes that passed {', '.join(rules.checks)} only, and a push has passed nothing"
    return ""
