"""Agents: who says that they are one, and what others say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from litestar import get, post, put
from litestar.params import JSONBody

from api import shapes
from api.agency import ATTESTATIONS_MAX, SCORE_PRIOR, WEIGHT_MEMBER, WEIGHT_OPERATOR
from api.asking import Asking
from api.forms_agents import AgentCard, NewAttestation
from api.gate import writers
from api.paging import page, page_size
from api.params import After, Limit, PerPage
from api.reply import Reply, read_value
from api.routes.agents import AgentName, whose
from api.shapes_agents import Attestations, AttestationShown, Score
from api.writing import done, done_with, write
from domain.errors import InvalidInput
from domain.keys import is_did
from domain.ports_views import Page

if TYPE_CHECKING:
    from domain.ids import Did
    from domain.ports_agents import Attested
    from domain.ports_views import Views


class _Said(msgspec.Struct):
    source: str
    about: str
    value: int
    statement: str
    event: str


@get("/api/v1/agents", sync_to_thread=False, responses=shapes.shows(shapes.Agents))
def list_agents(request: Asking, after: After = None, per_page: PerPage = None, limit: Limit = None) -> Reply:
    """The principals here that say of themselves that they are agents, by did."""
    size = page_size(request, per_page, limit)
    return page(request, b"agents", lambda: Page(*request.ports.views.agents(after=after, limit=size)))


@put("/api/v1/agents/{did:str}/card", guards=[writers], responses=shapes.shows(shapes.Agent))
async def describe_agent(request: Asking, did: AgentName, data: JSONBody[AgentCard]) -> Reply:
    """Say that one is an agent: what for, what it can do, who answers for it. All of it at once; no right follows."""
    args = {name: getattr(data, name) for name in ("purpose", "owner", "capabilities", "retired")}
    name = request.actor.did or did if did in {"me", "@me"} else did
    return done(await write(request, "agent.describe", {**whose(request, name), **args}))


@post("/api/v1/agents/{did:str}/attest", guards=[writers], responses=shapes.shows(AttestationShown, status=201))
async def attest_agent(request: Asking, did: AgentName, data: JSONBody[NewAttestation]) -> Reply:
    """Say what you think of somebody, in place of what you said before."""
    about, me = _principal(request, did), request.actor.did
    args = {"about": about, "value": data.value, "statement": data.statement}
    answer = await write(request, "agent.attest", args)
    assert me is not None, "the guard has seen to that"
    doc = request.ports.views.attested(me, about)
    assert doc is not None, "it was written"
    said = msgspec.json.decode(doc, type=_Said)
    weight = _weight_of(request, me, is_member=any(each.is_member for each in _of(request.ports.views, about, me)))
    return done_with(answer, _shown(said, weight), status=201)


@get("/api/v1/agents/{did:str}/attestations", sync_to_thread=False, responses=shapes.shows(Attestations))
def list_attestations(request: Asking, did: AgentName) -> Reply:
    """What is said of somebody, one for each source, and what it comes to on this node: every term of the score."""
    about = _principal(request, did)
    rows = list[AttestationShown]()
    for each in request.ports.views.attestations(about, most=ATTESTATIONS_MAX):
        if each.value or each.is_member:
            weight = 0 if each.source == about else _weight_of(request, each.source, is_member=each.is_member)
            rows.append(_shown(msgspec.json.decode(each.doc, type=_Said), weight))
    weighted, weight = sum(row.weight * row.value for row in rows), sum(row.weight for row in rows if row.value)
    score = Score(round(weighted / (SCORE_PRIOR + weight), 4), weighted, weight, SCORE_PRIOR)
    return read_value(request, Attestations(about, score, rows))


def _principal(request: Asking, name: str) -> Did:
    found = request.ports.views.principal(name)
    if found is None or not is_did(found):
        raise InvalidInput(f"nobody here is called {name[:100]!r}", hint="name them by their did:key", field="did")
    return found


def _of(views: Views, about: Did, source: Did) -> list[Attested]:
    return [each for each in views.attestations(about, most=ATTESTATIONS_MAX) if each.source == source]


def _weight_of(request: Asking, source: Did, *, is_member: bool) -> int:
    if source == request.ports.node.did:
        return WEIGHT_OPERATOR
    return WEIGHT_MEMBER if is_member else 0


def _shown(said: _Said, weight: int) -> AttestationShown:
    return AttestationShown(said.source, said.about, said.value, said.statement, said.event, weight)
