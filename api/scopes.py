"""Which scope each route takes of a token: data, judged by one guard over all routes.

A token narrows what its holder may, and gives nothing. Reads of repositories are not refused to a narrow token: without
`repo:read` it sees what everybody sees (`domain/sight.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from domain.errors import Forbidden
from domain.scopes import (
    ISSUE_WRITE,
    NODE_ADMIN,
    REPO_ADMIN,
    REPO_READ,
    REPO_WRITE,
    USER_READ,
    USER_WRITE,
    demand,
)

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection
    from litestar.handlers import BaseRouteHandler

    from api.asking import Asking

OPEN: Final = ""
"""Of routes that anybody may ask, whatever they came with."""
REPO: Final = "/api/v1/repos/{id}"
_ISSUE: Final = f"{REPO}/issues/{{issueId}}"
_COMMENT: Final = f"{_ISSUE}/comments/{{commentId}}"
_USER: Final = "/api/v1/users/{id}"
_PEER: Final = "/api/v1/peers/{did}"
_AGENT: Final = "/api/v1/agents/{did}"

_TABLE: Final[dict[str, tuple[str, ...]]] = {
    OPEN: (
        "GET /health",
        "GET /live",
        "GET /ready",
        "GET /metrics",
        "GET /.well-known/did.json",
        "GET /api/v1/status",
        "GET /api/v1/version",
        "GET /api/v1/openapi.json",
        "GET /api/v1/names",
        "GET /api/v1/users",
        f"GET {_USER}",
        "GET /api/v1/agents",
        "GET /api/v1/agents/resolve/{did}",
        "POST /api/v1/agents/generate-did",
        "POST /api/v1/agents/verify",
        f"GET {_AGENT}",
        f"GET {_AGENT}/heads",
        f"GET {_AGENT}/attestations",
        "GET /api/v1/ucan/revocations",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/logout",
        "POST /api/v1/auth/register",
        "POST /api/v1/auth/reset",
        # Whoever signed an event hands it in; its signature is judged, not who brings it.
        "POST /api/v1/events",
    ),
    REPO_READ: (
        f"GET {REPO}/sync",
        "GET /api/v1/activity",
        "GET /api/v1/network/bootstrap",
        "GET /api/v1/network/events",
        "GET /api/v1/federation/discover",
        "GET /api/v1/audit",
        "GET /api/v1/audit/{id}",
        "GET /api/v1/events/stream",
        "GET /api/v1/events/{eventId}",
        "GET /api/v1/issues",
        "GET /api/v1/repos",
        f"GET {REPO}",
        f"GET {REPO}/alarms",
        f"GET {REPO}/archive/{{ref}}",
        f"GET {REPO}/attachments",
        f"GET {REPO}/attachments/{{hash}}",
        f"GET {REPO}/attachments/{{hash}}/{{name}}",
        f"GET {REPO}/audit",
        f"GET {REPO}/blame/{{path}}",
        f"GET {REPO}/branches",
        f"GET {REPO}/clone",
        f"GET {REPO}/collaborators",
        f"GET {REPO}/commits",
        f"GET {REPO}/commits/{{hash}}",
        f"GET {REPO}/commits/{{hash}}/parents",
        f"GET {REPO}/diff",
        f"GET {REPO}/diff/patch",
        f"GET {REPO}/events",
        f"GET {REPO}/files",
        f"GET {REPO}/files/{{path}}",
        f"GET {REPO}/forks",
        f"GET {REPO}/heads",
        f"GET {REPO}/issue-templates",
        f"GET {REPO}/issues",
        f"GET {REPO}/issues/pinned",
        f"GET {_ISSUE}",
        f"GET {_ISSUE}/comments",
        f"GET {_ISSUE}/timeline",
        f"GET {REPO}/labels",
        f"GET {REPO}/languages",
        f"GET {REPO}/objects/{{hash}}",
        f"GET {REPO}/protections",
        f"GET {REPO}/protections/{{branch}}",
        f"GET {REPO}/raw/{{path}}",
        f"GET {REPO}/refs",
        f"GET {REPO}/search",
        f"GET {REPO}/stars",
        f"GET {REPO}/strangers",
    ),
    REPO_WRITE: (
        "POST /api/v1/repos",
        f"POST {REPO}/fork",
        "POST /api/v1/import",
        "GET /api/v1/import/{job}",
        "DELETE /api/v1/import/{job}",
        f"POST {REPO}/branches",
        f"POST {REPO}/refs/resolve",
        f"DELETE {REPO}/branches/{{name}}",
        f"POST {REPO}/push",
        f"POST {REPO}/push-packfile",
    ),
    ISSUE_WRITE: (
        f"POST {REPO}/issues",
        f"PATCH {REPO}/issues",
        f"PATCH {_ISSUE}",
        f"POST {_ISSUE}/close",
        f"POST {_ISSUE}/reopen",
        f"PUT {_ISSUE}/labels",
        f"PUT {_ISSUE}/assignees",
        f"POST {_ISSUE}/comment",
        f"PATCH {_COMMENT}",
        f"DELETE {_COMMENT}",
        f"PUT {_ISSUE}/reactions/{{content}}",
        f"DELETE {_ISSUE}/reactions/{{content}}",
        f"PUT {_COMMENT}/reactions/{{content}}",
        f"DELETE {_COMMENT}/reactions/{{content}}",
        f"PUT {_ISSUE}/lock",
        f"DELETE {_ISSUE}/lock",
        f"PUT {_ISSUE}/pin",
        f"DELETE {_ISSUE}/pin",
        f"POST {REPO}/labels",
        f"PUT {REPO}/labels/{{name}}",
        f"DELETE {REPO}/labels/{{name}}",
        f"POST {REPO}/attachments",
        f"DELETE {REPO}/attachments/{{hash}}",
    ),
    REPO_ADMIN: (
        f"PATCH {REPO}",
        f"DELETE {REPO}",
        f"POST {REPO}/undelete",
        f"PUT {REPO}/topics",
        f"POST {REPO}/transfer",
        f"DELETE {REPO}/transfer",
        f"POST {REPO}/transfer/accept",
        f"PUT {REPO}/successor",
        f"DELETE {REPO}/successor",
        f"POST {REPO}/collaborators",
        f"DELETE {REPO}/collaborators/{{user}}",
        f"POST {REPO}/collaborators/{{user}}/block",
        f"POST {REPO}/collaborators/{{user}}/unblock",
        f"POST {REPO}/admitted",
        f"POST {REPO}/devices/revoke",
        f"POST {REPO}/custodians/revoke",
        f"PUT {REPO}/protections/{{branch}}",
        f"DELETE {REPO}/protections/{{branch}}",
        f"GET {REPO}/held",
        f"POST {REPO}/held/{{author}}/admit",
        f"POST {REPO}/held/{{author}}/block",
        f"DELETE {REPO}/held/{{author}}",
        f"DELETE {REPO}/held",
        f"PUT {REPO}/strangers",
        f"GET {REPO}/deploy-keys",
        f"POST {REPO}/deploy-keys",
        f"DELETE {REPO}/deploy-keys/{{keyId}}",
    ),
    USER_READ: (
        f"GET {REPO}/subscription",
        "GET /api/v1/auth/profile",
        f"GET {_USER}/export",
        f"GET {_USER}/sessions",
        f"GET {_USER}/tokens",
        f"GET {_USER}/devices",
    ),
    USER_WRITE: (
        f"POST {REPO}/star",
        f"POST {REPO}/unstar",
        f"PUT {REPO}/subscription",
        f"DELETE {REPO}/subscription",
        "PATCH /api/v1/auth/profile",
        f"PATCH {_USER}",
        f"DELETE {_USER}",
        f"PUT {_USER}/password",
        f"DELETE {_USER}/sessions",
        f"DELETE {_USER}/sessions/{{sessionId}}",
        f"POST {_USER}/tokens",
        f"DELETE {_USER}/tokens/{{tokenId}}",
        f"POST {_USER}/devices",
        f"DELETE {_USER}/devices/{{did}}",
        f"PATCH {_AGENT}",
        f"DELETE {_AGENT}/profile",
        f"POST {_AGENT}/devices",
        f"PUT {_AGENT}/card",
        f"POST {_AGENT}/attest",
        f"POST {_AGENT}/delegate",
        "POST /api/v1/ucan/revoke",
    ),
    NODE_ADMIN: (
        f"POST {_USER}/reset",
        "GET /api/v1/peers",
        "POST /api/v1/peers",
        f"GET {_PEER}",
        f"DELETE {_PEER}",
        f"PUT {_PEER}/block",
        f"DELETE {_PEER}/block",
        "GET /api/v1/follows",
        "POST /api/v1/follows",
        "DELETE /api/v1/follows/{id}",
        "GET /api/v1/network/status",
        "POST /api/v1/network/compare",
        "GET /api/v1/network/peers",
        "PUT /api/v1/network/apart/{id}",
        "DELETE /api/v1/network/apart/{id}",
        "DELETE /api/v1/network/copies/{id}",
        "PUT /api/v1/network/pause",
        "DELETE /api/v1/network/pause",
        f"PUT {_PEER}/pause",
        f"DELETE {_PEER}/pause",
    ),
}
ROUTES: Final[dict[tuple[str, str], str]] = {
    (method, path): scope
    for scope, routes in _TABLE.items()
    for method, _, path in (route.partition(" ") for route in routes)
}
"""By method and template of a route, its scope."""
MAKING: Final = frozenset({("POST", f"{REPO}/fork")})
"""What names a repository and writes in another one."""


async def within(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard of every route: a token does no more than it was made for. Runs before the body is read."""
    actor = cast("Asking", connection).actor
    if actor.scopes is None and actor.repos is None:
        return
    fields = cast("dict[str, Any]", connection.scope)
    route: tuple[str, str] = (fields["method"], fields["path_template"])
    if route[0] == "OPTIONS":
        return
    scope = ROUTES.get(route)
    if scope is None:
        raise Forbidden("this takes a whole session, or the operator's token", hint="a token was narrowed for less")
    if scope in {OPEN, REPO_READ}:
        return
    demand(actor, scope)
    # Of those at a repository, `readable` looks at which it is.
    if actor.repos is not None and (route in MAKING or not route[1].startswith(REPO)):
        raise Forbidden("this token is for single repositories", hint="make one for this: gitant token create")
