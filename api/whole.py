"""What the routes of keys ask of a request: what the node has for them, and that somebody came as himself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import Forbidden, NotFound, Unauthenticated

if TYPE_CHECKING:
    from api.agency import AgentPorts
    from api.asking import Asking
    from domain.ids import Did


def agency_of(asking: Asking) -> AgentPorts:
    """What this node has of it."""
    if asking.ports.agents is None:
        raise NotFound("this node keeps no keys")
    return asking.ports.agents


def whole(asking: Asking) -> Did:
    """Who asks, if he came in as himself: what is made with less could do more."""
    actor = asking.actor
    if actor.did is None:
        raise Unauthenticated("this needs a login", hint="log in, or sign the request with your key")
    if actor.door in {"token", "capability"} or actor.repos is not None:
        raise Forbidden("a token or capability cannot do this", hint="log in, or sign the request with your key")
    return actor.did
