"""The node, for its operator: how it is, and who has an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import get, post
from litestar.params import QueryParameter

from api.accounts import NewAccount
from api.asking import Asking
from api.noting import note
from api.pages.forms import Form, check_operator, check_person, form_of
from api.pages.page import Shown, fresh, see
from api.pages.signing import NO_STORE, status_of
from api.people import account_of, accounts_of, rfc3339, shown
from api.reply import Reply
from api.routes.held import held_everywhere
from api.threads import in_thread
from domain.errors import InvalidInput, LocalFault, Unavailable

if TYPE_CHECKING:
    from domain.ports_accounts import Standing

PATH: Final = "/-/admin"
PEOPLE_SHOWN: Final = 100
_STANDINGS: Final[dict[str, Standing]] = {each: each for each in ("waiting", "active", "suspended", "deleted")}
After = Annotated[str, QueryParameter(description="The name before.", max_length=100)]
OfStanding = Annotated[str, QueryParameter(description="Only accounts in this standing.", max_length=20)]


@get(PATH)
async def show_node(request: Asking, standing: OfStanding = "", after: After = "") -> Reply:
    """How the node is, and its accounts."""
    check_person(request)
    check_operator(request)
    return fresh(request, await _page(request, standing=standing, after=after))


@post(PATH, status_code=303)
async def change_people(request: Asking) -> Reply:
    """Let an account in, suspend it, hand out a code for a new password, or make one."""
    form = await form_of(request)
    act, _, name = form.text("act").partition(":")
    told: dict[str, str] = {}
    check_person(request)
    check_operator(request)
    try:
        reception = accounts_of(request).reception
        if act == "make":
            wanted = NewAccount(form.line("username"), form.line("email"), form.text("password"))
            made = await reception.register(wanted, waiting=False)
            await note(request, "account.created", made.account.name)
            told = {"name": made.account.name, "recovery": made.recovery}
        elif act in {"approve", "suspend", "reset"}:
            account = await account_of(request, name)
            if act == "approve":
                await reception.approve(account)
                await note(request, "account.let_in", account.name)
            elif act == "suspend":
                await in_thread(accounts_of(request).people.set_standing, account.did, "suspended")
                await note(request, "account.suspended", account.name)
            else:
                code, until_ms = await reception.offer_reset(account)
                await note(request, "account.reset_offered", account.name)
                told = {"name": account.name, "code": code, "until": rfc3339(until_ms)}
        else:
            raise InvalidInput("choose what to do", field="act")
    except LocalFault as fault:
        return fresh(request, await _page(request, form, fault))
    if told:
        return fresh(request, await _page(request, told=told), headers=[NO_STORE])
    return see(PATH, "done")


async def _held(request: Asking) -> dict[str, Any] | None:
    """What waits of strangers; None when the writer is away, as a node is looked at when something is wrong with it."""
    try:
        return await held_everywhere(request)
    except Unavailable:
        return None


async def _page(
    request: Asking,
    form: Form | None = None,
    fault: LocalFault | None = None,
    told: dict[str, str] | None = None,
    standing: str = "",
    after: str = "",
) -> Shown:
    ports = request.ports
    which = _STANDINGS.get(standing)
    people: list[dict[str, Any]] = []
    total = 0
    following = ""
    if request.actor.operator and ports.accounts is not None:
        found = await in_thread(ports.accounts.people.page, after=after, limit=PEOPLE_SHOWN + 1, standing=which)
        people = [msgspec.to_builtins(shown(request, account)) for account in found[:PEOPLE_SHOWN]]
        following = found[PEOPLE_SHOWN - 1].name if len(found) > PEOPLE_SHOWN else ""
        total = await in_thread(ports.accounts.people.count, which)
    values = {
        "node": ports.node,
        "free_bytes": ports.node.free_bytes(),
        "troubles": ports.node.not_ready(),
        "stats": ports.views.stats(request.actor),
        "position": ports.views.position(),
        "held": await _held(request),
        "people": people,
        "total": total,
        "following": following,
        "standing": standing,
        "standings": tuple(_STANDINGS),
        "form": form or Form(),
        "told": told or {},
        "fault": fault,
    }
    return Shown("admin.html", "This node", values, status_of(fault))
