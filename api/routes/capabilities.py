"""Keys and capabilities: made, explained, lent, and taken back."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Any, Final

from litestar import get, post
from litestar.params import JSONBody

from api import shapes
from api.asking import Asking
from api.forms_agents import NewDelegation, TokenToExplain, TokenToRevoke
from api.gate import readable, writers
from api.noting import note
from api.paging import listed, page_size
from api.params import After, Limit, PerPage
from api.reply import Reply, encode_json
from api.routes.agents import AgentName
from api.shapes_agents import Delegated, Explained, ExplainedLink, Finding, GeneratedKey, Revocations, Revoked
from api.threads import in_thread
from api.whole import agency_of, whole
from api.writing import refuse_condition
from domain.capability import chain
from domain.capability.commands import COMMANDS
from domain.capability.container import read_word, sorted_out, write_word
from domain.capability.dagcbor import Link, is_list, is_map
from domain.capability.policy import check_policy
from domain.capability.refused import REASONS, Refused
from domain.capability.token import Delegation, Invocation, covers, is_command, is_signed, read_token
from domain.errors import Forbidden, InvalidInput
from domain.keys import SigningKey
from domain.ports_doors import Revocation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.capability.token import Token

_NO_STORE: Final = (b"cache-control", b"no-store")


@post("/api/v1/agents/generate-did", sync_to_thread=False, responses=shapes.shows(GeneratedKey, status=201))
def generate_did(request: Asking) -> Reply:
    """Make a key for an agent. It is in this answer and nowhere else: this node keeps nothing of it."""
    refuse_condition(request)
    seed = secrets.token_bytes(32)
    key = SigningKey(seed)
    coded = base64.b64encode(seed).decode()
    purpose = {"format": "gitant-key/v1", "did": key.did, "purpose": "root"}
    made: dict[str, Any] = {**purpose, "secret": {"kdf": "none", "seed": coded}, "certificates": []}
    answer = GeneratedKey(key.did, key.device.hex(), coded, made)
    return Reply(encode_json(answer), status=201, headers=[_NO_STORE])


@post("/api/v1/agents/verify", responses=shapes.shows(Explained))
async def verify_token(request: Asking, data: JSONBody[TokenToExplain]) -> Reply:
    """What a capability comes to here, link by link, and all that is wrong with it. Nothing is used up."""
    refuse_condition(request)
    agency = agency_of(request)
    at_s = agency.now_s() if data.at is None else data.at
    return Reply(encode_json(await in_thread(_explained, request, data.token, at_s)))


@post("/api/v1/agents/{did:str}/delegate", guards=[writers], responses=shapes.shows(Delegated, status=201))
async def delegate(request: Asking, did: AgentName, data: JSONBody[NewDelegation]) -> Reply:
    """Lend the agent part of what you may: signed by the key that this node keeps for you, and in no event."""
    refuse_condition(request)
    agency, me = agency_of(request), whole(request)
    audience = request.ports.views.principal(did)
    if audience is None:
        raise InvalidInput(f"nobody here is called {did[:100]!r}", hint="name the agent by its did:key", field="did")
    if not is_command(data.command) or not any(covers(data.command, command) for command in COMMANDS):
        raise InvalidInput("there is no such command", hint=f"one of {', '.join(COMMANDS)}", field="command")
    policy = list(data.policy)
    if data.repo:
        policy.append(["==", ".repo", readable(request, data.repo).id.hex()])
    try:
        check_policy(policy)
    except Refused as fault:
        raise InvalidInput(str(fault), field="policy") from fault
    expires = agency.now_s() + data.expires_in_s
    payload = {"aud": audience, "cmd": data.command, "pol": policy, "nonce": secrets.token_bytes(12), "exp": expires}
    try:
        signed = await agency.keeper.lend(me, payload)
        token = read_token(signed)
    except Refused as fault:
        raise InvalidInput(str(fault), field="policy") from fault
    assert isinstance(token, Delegation)
    await note(request, "capability.lent", f"{token.link} {data.command} to {audience}")
    word = write_word(signed)
    answer = Delegated(word, str(token.link), token.issuer, audience, me, data.command, policy, expires)
    return Reply(encode_json(answer), status=201, headers=[_NO_STORE])


@get("/api/v1/ucan/revocations", responses=shapes.shows(Revocations))
async def list_revocations(
    request: Asking, after: After = None, per_page: PerPage = None, limit: Limit = None
) -> Reply:
    """The delegations that were revoked on this node and would not have expired yet, by CID."""
    kept = agency_of(request).revocations
    size = page_size(request, per_page, limit)
    found = await in_thread(kept.page, after=after or "", limit=size + 1)
    docs = [encode_json(_revoked(each)) for each in found[:size]]
    following = found[size - 1].link if len(found) > size else None
    return listed(request, b"revocations", docs, following, await in_thread(kept.count))


@post("/api/v1/ucan/revoke", guards=[writers], responses=shapes.shows(Revoked))
async def revoke_delegation(request: Asking, data: JSONBody[TokenToRevoke]) -> Reply:
    """End a delegation on this node, and all that was lent on from it: for its issuer, its subject and the operator."""
    refuse_condition(request)
    agency, actor = agency_of(request), request.actor
    if actor.door == "capability":
        raise Forbidden("what was lent revokes nothing", hint="sign the request with your own key")
    token = _one(data.token)
    if not isinstance(token, Delegation) or not is_signed(token):
        raise InvalidInput("this is no delegation that its issuer has signed", field="token")
    assert actor.did is not None, "the guard has seen to that"
    # A device of the subject's issues in its name.
    if not actor.operator and actor.did not in {token.issuer, token.subject}:
        raise Forbidden("a delegation is revoked by its issuer, its subject or the operator of this node")
    revocation = Revocation(str(token.link), actor.did, token.issuer, agency.now_s(), token.expires)
    if await in_thread(agency.revocations.add, revocation):
        await note(request, "capability.revoked", revocation.link)
    return Reply(encode_json(_revoked(revocation)))


def _one(word: str) -> Token:
    try:
        tokens = read_word(word)
    except Refused as fault:
        raise InvalidInput(str(fault), field="token") from fault
    if len(tokens) != 1:
        raise InvalidInput("name one delegation", field="token")
    return tokens[0]


def _revoked(revocation: Revocation) -> Revoked:
    return Revoked(revocation.link, revocation.by, revocation.issuer, revocation.revoked_s, revocation.expires_s)


def _explained(request: Asking, word: str, at_s: int) -> Explained:
    """All of it; what cannot be read at all is one finding."""
    try:
        tokens = read_word(word)
        invocation, proofs = sorted_out(tokens)
        links: Sequence[Token] = _in_order(invocation, proofs)
    except Refused as fault:
        return Explained(good=False, links=[], problems=[Finding(fault.reason, str(fault))], scope="")
    agency = agency_of(request)
    revoked = {token.link for token in links if agency.revocations.is_revoked(str(token.link))}
    found = list(chain.examine(links, at_s, revoked=revoked, begins=agency.begins))
    whole_ = list[Finding]()
    if isinstance(invocation, Invocation) and invocation.audience != request.ports.node.did:
        whole_.append(Finding("elsewhere", REASONS["elsewhere"]))
    command = links[-1].command
    if isinstance(invocation, Invocation) and command not in COMMANDS:
        whole_.append(Finding("command-unknown", REASONS["command-unknown"]))
    shown = [
        _link(token, [Finding(each.reason, each.words) for each in found if each.place == place])
        for place, token in enumerate(links)
    ]
    return Explained(good=not found and not whole_, links=shown, problems=whole_, scope=COMMANDS.get(command, ""))


def _in_order(invocation: Invocation | None, proofs: dict[Any, Delegation]) -> Sequence[Token]:
    """The chain of an invocation; without one, delegations in the order in which each goes on from the one before."""
    if invocation is not None:
        return [*chain.chain_of(invocation, proofs), invocation]
    left = list(proofs.values())
    heard = {each.audience for each in left}
    first = [each for each in left if each.issuer not in heard] or left[:1]
    ordered = first[:1]
    left.remove(ordered[0])
    while following := [each for each in left if each.issuer == ordered[-1].audience]:
        ordered.append(following[0])
        left.remove(following[0])
    return [*ordered, *left]


def _link(token: Token, problems: list[Finding]) -> ExplainedLink:
    if isinstance(token, Delegation):
        return ExplainedLink(
            cid=str(token.link),
            sort="delegation",
            issuer=token.issuer,
            audience=token.audience,
            subject=token.subject,
            command=token.command,
            expires_at=token.expires,
            not_before=token.not_before,
            policy=[_plain(each) for each in token.policy],
            problems=problems,
        )
    return ExplainedLink(
        cid=str(token.link),
        sort="invocation",
        issuer=token.issuer,
        audience=token.audience,
        subject=token.subject,
        command=token.command,
        expires_at=token.expires,
        args=_plain(dict(token.args)),
        problems=problems,
    )


def _plain(value: Any) -> Any:
    """A value of DAG-CBOR as JSON can have it: bytes in base64, links as their CIDs."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if is_list(value):
        return [_plain(each) for each in value]
    if is_map(value):
        return {name: _plain(each) for name, each in value.items()}
    return str(value) if isinstance(value, Link) else value
