"""What crawlers are told: which pages to leave out, in `robots.txt` and with the pages themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from litestar import get

from api.entrance.dear import ENDLESS, WORDS, is_dear
from api.reply import TEXT, Reply

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

_HEADER: Final = (b"x-robots-tag", b"noindex, nofollow")
_FORBIDDEN: Final = (
    "/api/",
    "/-/",
    "/search",
    "/login",
    "/register",
    "/settings",
    "/new",
    "/issues",
    *(f"/*/*/{word}" for word in (*WORDS, *ENDLESS)),
    "/*/*/events",
    "/*/*/issues/new",
    "/*/history",
    "/*.diff$",
    "/*.patch$",
    "/*?*after=",
    "/*?*q=",
)
ROBOTS: Final = "".join(
    ("User-agent: *\n", "Crawl-delay: 5\n", *(f"Disallow: {each}\n" for each in _FORBIDDEN), "Allow: /-/static/\n")
).encode()


@get("/robots.txt", sync_to_thread=False)
def show_robots() -> Reply:
    """RFC 9309: everything but what is costly, endless, or of no use to somebody who searches."""
    return Reply(ROBOTS, kind=TEXT, headers=[(b"cache-control", b"public, max-age=3600")])


def unindexed(app: ASGIApp) -> ASGIApp:
    """The application, whose costly pages say that they are not to be kept by searches, nor their links followed."""

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        fields = cast("dict[str, Any]", scope)
        if fields["type"] != "http" or not is_dear(fields["path"]):
            await app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], _HEADER]
            await send(message)

        await app(scope, receive, sending)

    return answering
