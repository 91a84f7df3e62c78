"""Access tokens: narrow keys to an account, for scripts, agents and git."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from litestar import delete, get, post
from litestar.params import JSONBody, PathParameter

from api import shapes
from api.asking import Asking
from api.forms_tokens import NewToken
from api.gate import readable, writers
from api.noting import note
from api.reply import Reply, encode_json, read_value
from api.shapes_tokens import AccessTokens, MadeToken
from api.threads import in_thread
from api.tokens import made, maker, new_token, shown, tokens_of
from api.writing import refuse_condition
from domain.errors import Forbidden, NotFound, Unauthenticated
from domain.scopes import NODE_ADMIN

if TYPE_CHECKING:
    from domain.ids import Did

_PATH = "/api/v1/users/{id:str}/tokens"
Owner = Annotated[str, PathParameter(name="id", description="A user name, a did:key, or `@me`.")]
TokenId = Annotated[str, PathParameter(name="tokenId", description="A token's id, as the list has it.")]


@get(_PATH, guards=[writers], responses=shapes.shows(AccessTokens))
async def list_tokens(request: Asking, user: Owner) -> Reply:
    """Somebody's tokens, the newest first: for themselves and the operator. Deploy keys are with their repository."""
    did = _whose(request, user)
    found = await in_thread(tokens_of(request).of, did)
    return read_value(request, AccessTokens([shown(token) for token in found]))


@post(_PATH, guards=[writers], responses=shapes.shows(MadeToken, status=201))
async def create_token(request: Asking, user: Owner, data: JSONBody[NewToken]) -> Reply:
    """Make a token of one's own. Its secret is in this answer and nowhere else."""
    refuse_condition(request)
    did = maker(request)
    if _whose(request, user) != did:
        raise Forbidden("everybody makes their own tokens", hint="POST /api/v1/users/@me/tokens")
    if NODE_ADMIN in data.scopes and not request.actor.operator:
        raise Forbidden(f"{NODE_ADMIN} is for the operator's tokens")
    repos = None if data.repos is None else frozenset(readable(request, name).id for name in data.repos)
    token, secret, digest = new_token(did, data.name, frozenset(data.scopes), repos, data.lifetime_days)
    await in_thread(tokens_of(request).add, token, digest)
    await note(request, "token.created", f"{token.id} {token.name}: {' '.join(sorted(token.scopes))}")
    return Reply(encode_json(made(token, secret)), status=201, headers=[(b"cache-control", b"no-store")])


@delete(f"{_PATH}/{{tokenId:str}}", status_code=200, guards=[writers], responses=shapes.shows(None, status=204))
async def revoke_token(request: Asking, user: Owner, token: TokenId) -> Reply:
    """End a token; every worker knows with its next request."""
    refuse_condition(request)
    gone = await in_thread(tokens_of(request).revoke, token, did=_whose(request, user))
    if gone is None:
        raise NotFound("there is no such token", hint="`gitant token list` shows their whole ids")
    await note(request, "token.revoked", f"{gone.id} {gone.name}")
    return Reply(b"", status=204)


def _whose(request: Asking, name: str) -> Did:
    """Whom the address names, if that is anybody's business who asks."""
    actor = request.actor
    if actor.did is None:
        raise Unauthenticated("this needs a login")
    did = actor.did if name in {"me", "@me"} else request.ports.views.principal(name)
    if did is None or (did != actor.did and not actor.operator):
        # Whether there is such a user is told elsewhere; here, nothing is different.
        raise Forbidden("these are somebody else's tokens")
    return did
