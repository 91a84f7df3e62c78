"""Every page, behind one shell; what programs ask for is in `api.app`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from litestar import Litestar, Request, Response, Router
from litestar.datastructures import State

from api.asking import Asking
from api.pages import assets, audit, copies, crawling, faces, faults, feeds, front, looks, network, signing, trust
from api.pages.insight import HANDLERS as INSIGHT
from api.pages.issues import HANDLERS as ISSUES
from api.pages.repos import HANDLERS as REPOS
from api.pages.settings import HANDLERS as SETTINGS
from api.pages.source.pages import HANDLERS as SOURCE
from api.routes.system import TALLY
from api.shell import Manners, Shell

if TYPE_CHECKING:
    from litestar.types import ASGIApp, ControllerRouterHandler

    from api.ports import ApiPorts
    from api.tally import Tally

HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    assets.show_asset,
    assets.show_icon,
    crawling.show_robots,
    faces.show_face,
    *feeds.HANDLERS,
    front.show_front,
    front.explore,
    looks.choose_look,
    signing.show_login,
    signing.login,
    signing.logout,
    signing.show_register,
    signing.register,
    signing.show_reset,
    signing.reset,
    *network.HANDLERS,
    *trust.HANDLERS,
    *audit.HANDLERS,
    *copies.HANDLERS,
    *INSIGHT,
    *ISSUES,
    *SETTINGS,
    *REPOS,
    *SOURCE,
)
MANNERS: Final = Manners(
    (
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"vary", b"Accept, Authorization, Cookie, Signature"),
    ),
    faults.told,
)
"""What has no policy of its own is somebody's bytes, and runs nowhere."""
_MADE_ANEW: Final = frozenset({b"content-type", b"content-length"})


def create_pages(ports: ApiPorts, tally: Tally) -> ASGIApp:
    """The pages as an ASGI application."""
    app = Litestar(
        [Router("/", route_handlers=HANDLERS)],
        request_class=Asking,
        request_max_body_size=ports.settings.body_bytes_max,
        exception_handlers={Exception: _told},
        state=State({TALLY: tally}),
        openapi_config=None,
        logging_config=None,
        debug=False,
        pdb_on_exception=False,
    )
    return Shell(crawling.unindexed(app.asgi_handler), ports, tally, {}, {}, MANNERS)


def _told(request: Request[Any, Any, Any], exc: Exception) -> Response[bytes]:
    reply = faults.of(exc, cast("Asking", request))
    headers = {name.decode(): value.decode("latin-1") for name, value in reply.fields if name not in _MADE_ANEW}
    kind = next((value.decode() for name, value in reply.fields if name == b"content-type"), None)
    return Response(reply.body, status_code=reply.status_code, headers=headers, media_type=kind)
