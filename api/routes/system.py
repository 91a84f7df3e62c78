"""What the node says about itself: health, numbers, names, and every route there is."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from litestar import get

from api import metrics, shapes
from api.asking import Asking
from api.did import did_document
from api.faults import NotReady
from api.reply import Reply, encode_json, read, read_value
from domain.errors import Unavailable

if TYPE_CHECKING:
    from api.ports import ApiPorts
    from api.tally import Tally

TALLY: Final = "tally"
OPENAPI: Final = "openapi"


@get("/health", sync_to_thread=False, responses=shapes.shows(shapes.Health))
def show_health(request: Asking) -> Reply:
    """Whether the process is alive and its views can be read."""
    try:
        position = request.ports.views.position()
    except Exception as fault:  # whatever it is, it is what this route is asked for
        raise Unavailable("the views cannot be read", hint="the node's log says why") from fault
    return Reply(encode_json({"status": "ok", "checks": {"views": {"ok": True, "position": position}}}))


@get("/live", sync_to_thread=False, responses=shapes.shows(shapes.Live))
def show_live() -> Reply:
    """Whether the process answers."""
    return Reply(b'{"status":"ok"}')


@get("/ready", sync_to_thread=False, responses=shapes.shows(shapes.Health))
def show_ready(request: Asking) -> Reply:
    """Whether the node can take work: its views are caught up, it takes peers if it is to, and its disk has room."""
    checks, reasons = _checks(request.ports)
    if reasons:
        raise NotReady("; ".join(reasons), checks)
    return Reply(encode_json({"status": "ok", "checks": checks}))


def _checks(ports: ApiPorts) -> tuple[dict[str, object], list[str]]:
    behind, alone = [*ports.node.not_ready()], [*ports.node.peers_not_ready()]
    free, least = ports.node.free_bytes(), ports.node.free_bytes_min
    room = free >= least
    checks: dict[str, object] = {
        "views": {"ok": not behind, "reasons": behind},
        "peers": {"ok": not alone, "reasons": alone},
        "disk": {"ok": room, "free_bytes": free, "free_bytes_min": least},
    }
    reasons = [*behind, *alone]
    if not room:
        reasons.append(f"{free:,} bytes are free and {least:,} are needed")
    return checks, reasons


@get("/metrics", sync_to_thread=False, responses=shapes.shows(str, media_type="text/plain"))
def show_metrics(request: Asking) -> Reply:
    """The node's numbers for Prometheus."""
    tally: Tally = request.app.state[TALLY]
    return Reply(metrics.exposition(request.ports, tally, request.actor), kind=metrics.CONTENT_TYPE)


@get("/.well-known/did.json", sync_to_thread=False, responses=shapes.shows(dict[str, Any]))
def show_did(request: Asking) -> Reply:
    """The node's DID document."""
    return read_value(request, did_document(request.ports.views, request.ports.node.did))


@get("/api/v1/version", sync_to_thread=False, responses=shapes.shows(shapes.Version))
def show_version(request: Asking) -> Reply:
    """Which Gitant this is."""
    return read_value(request, {"version": request.ports.node.version, "api": "v1"})


@get("/api/v1/status", sync_to_thread=False, responses=shapes.shows(shapes.NodeStatus))
def show_status(request: Asking) -> Reply:
    """What the node says about itself."""
    node, views = request.ports.node, request.ports.views
    started = datetime.fromtimestamp(node.started_ms / 1000, UTC)
    return read_value(
        request,
        {
            "name": "gitant",
            "version": node.version,
            "did": node.did,
            "url": request.base_url,
            "peer_address": request.ports.peering.address if request.ports.peering is not None else None,
            "started_at": started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "uptime_s": max(0, int(time.time() - node.started_ms / 1000)),
            "position": views.position(),
            "counts": dict(views.stats(request.actor)),
        },
    )


@get("/api/v1/openapi.json", sync_to_thread=False, responses=shapes.shows(dict[str, Any]))
def show_openapi(request: Asking) -> Reply:
    """Every HTTP route of this node, in OpenAPI 3.1."""
    return read(request, request.app.state[OPENAPI]())
