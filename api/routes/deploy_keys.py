"""Deploy keys: what a machine shows to fetch or push the code of one repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from litestar import delete, get, post
from litestar.params import JSONBody, PathParameter

from api import shapes
from api.asking import Asking
from api.forms_tokens import NewDeployKey
from api.gate import readable, writers
from api.noting import note
from api.params import Repo
from api.reply import Reply, encode_json, read_value
from api.shapes_tokens import DeployKey, DeployKeys, MadeDeployKey
from api.standing import lacks
from api.threads import in_thread
from api.tokens import key_scopes, made_key, maker, new_token, shown_key, tokens_of
from api.writing import refuse_condition
from domain.authority.roles import Role
from domain.errors import Forbidden, NotFound, Unauthenticated

if TYPE_CHECKING:
    from domain.ports_views import RepoRow

_PATH = "/api/v1/repos/{id:str}/deploy-keys"
KeyId = Annotated[str, PathParameter(name="keyId", description="A deploy key's id, as the list has it.")]


@get(_PATH, guards=[writers], responses=shapes.shows(DeployKeys))
async def list_deploy_keys(request: Asking, repo: Repo) -> Reply:
    """A repository's deploy keys, the newest first: for its admins and the operator."""
    row = readable(request, repo)
    check_managed(request, row)
    return read_value(request, DeployKeys(await keys_of(request, row)))


@post(_PATH, guards=[writers], responses=shapes.shows(MadeDeployKey, status=201))
async def create_deploy_key(request: Asking, repo: Repo, data: JSONBody[NewDeployKey]) -> Reply:
    """Make a key for git. It acts for whoever made it, in this repository alone, and can do no more than they may."""
    refuse_condition(request)
    made = await make_key(request, readable(request, repo), data)
    return Reply(encode_json(made), status=201, headers=[(b"cache-control", b"no-store")])


@delete(f"{_PATH}/{{keyId:str}}", status_code=200, guards=[writers], responses=shapes.shows(None, status=204))
async def revoke_deploy_key(request: Asking, repo: Repo, key: KeyId) -> Reply:
    """End a deploy key, whoever made it."""
    refuse_condition(request)
    row = readable(request, repo)
    check_managed(request, row)
    await end_key(request, row, key)
    return Reply(b"", status=204)


async def keys_of(request: Asking, row: RepoRow) -> list[DeployKey]:
    """A repository's deploy keys, the newest first."""
    return [shown_key(token) for token in await in_thread(tokens_of(request).deploying, row.id)]


async def make_key(request: Asking, row: RepoRow, data: NewDeployKey) -> MadeDeployKey:
    """Make a deploy key in the name of whoever asks, who has to be an admin; its secret is in the answer alone."""
    did = maker(request)
    # The operator, too, needs a role of their own: the key acts for them, and pushes are the log's to judge.
    check_managed(request, row, whole=False)
    token, secret, digest = new_token(
        did, data.name, key_scopes(write=data.write), frozenset({row.id}), data.lifetime_days, deploys=row.id
    )
    await in_thread(tokens_of(request).add, token, digest)
    await note(request, "deploy_key.created", f"{token.id} {token.name}: {row.id.hex()}")
    return made_key(token, secret)


async def end_key(request: Asking, row: RepoRow, key: str) -> None:
    """End a deploy key of a repository."""
    gone = await in_thread(tokens_of(request).revoke, key, deploys=row.id)
    if gone is None:
        raise NotFound("there is no such deploy key", hint="list them to see which there are")
    await note(request, "deploy_key.revoked", f"{gone.id} {gone.name}: {row.id.hex()}")


def check_managed(request: Asking, row: RepoRow, *, whole: bool = True) -> None:
    """Raise unless an admin of a repository asks; or, where it is about the `whole`, its node's operator."""
    actor = request.actor
    if actor.did is None:
        raise Unauthenticated("this needs a login")
    if not (whole and actor.operator) and (missing := lacks(request.ports.views, row, actor.did, Role.ADMIN)):
        raise Forbidden(missing)
