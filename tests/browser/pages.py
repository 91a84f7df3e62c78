"""Every page there is, once at least, over what `things` makes. Where a page is added, it comes in here, too."""

from __future__ import annotations

from typing import Final

from tests.browser.things import LONG, RIGHT_TO_LEFT

STRANGERS: Final = (
    "/",
    "/explore",
    "/explore?q=nothing-is-called-that",
    "/search",
    "/search?q=vault",
    "/search?q=nothing-is-called-that",
    "/login",
    "/register",
    "/reset",
    "/nothing/here",
    "/kay",
    "/nan",
    "/-/network",
    "/-/insight",
    "/-/events/{event}",
    "/kay/vault",
    "/kay/vault/src/branch/main/src",
    "/kay/vault/src/branch/main/src/steps.py",
    "/kay/vault/src/branch/main/README.md",
    f"/kay/vault/src/branch/main/src/{LONG}/{RIGHT_TO_LEFT}.md",
    f"/kay/vault/src/branch/topic/{LONG}/{LONG}.txt",
    "/kay/vault/src/branch/main/data.csv",
    "/kay/vault/src/branch/main/empty",
    "/kay/vault/src/branch/main/picture.png",
    "/kay/vault/src/branch/main/bytes.bin",
    "/kay/vault/src/branch/main/link",
    "/kay/vault/src/branch/main/module",
    "/kay/vault/src/tag/v1/nothing",
    "/kay/vault/blame/branch/main/src/steps.py",
    "/kay/vault/commits/branch/main",
    "/kay/vault/commits/branch/main/src/steps.py",
    "/kay/vault/commit/{commit}",
    "/kay/vault/commit/{commit}?style=split",
    "/kay/vault/commit/{merge}",
    "/kay/vault/compare",
    f"/kay/vault/compare/topic/{LONG}...main",
    "/kay/vault/compare/main...main",
    "/kay/vault/branches",
    "/kay/vault/tags",
    f"/kay/{LONG}/tags",
    "/kay/vault/search?q=oil",
    "/kay/vault/search?q=nothing-says-that",
    "/kay/vault/issues",
    "/kay/vault/issues?q=is:closed",
    "/kay/vault/issues?q=label:nothing",
    "/kay/vault/issues/2",
    "/kay/vault/issues/2/history",
    "/kay/vault/issues/3/history",
    "/kay/vault/issues/2/comments/{comment}/history",
    "/kay/vault/events",
    "/kay/vault/events?verdict=void",
    "/kay/vault/insight",
)
"""What somebody sees who is not signed in."""

OWN: Final = (
    "/",
    "/new",
    "/new/import",
    "/new/import/{job}",
    "/kay/vault/fork",
    "/issues",
    "/issues?q=is:closed",
    f"/kay/{LONG}",
    "/kay/vault/branches",
    "/kay/vault/tags",
    "/kay/vault/issues?q=",
    "/kay/vault/issues/new",
    "/kay/vault/labels",
    "/kay/vault/issues/1",
    "/kay/vault/issues/2",
    "/kay/vault/issues/3",
    "/kay/vault/issues/2/comments/{comment}/edit",
    "/settings",
    "/settings/devices",
    "/settings/audit",
    "/kay/vault/audit",
    "/kay/vault/settings",
    "/kay/vault/settings/branches",
    "/kay/vault/settings/strangers",
    "/kay/vault/settings/keys",
    "/-/admin",
)
"""What kay sees beside that, whose repository it is."""

OPERATORS: Final = (
    "/",
    "/settings",
    "/settings/devices",
    "/-/network",
    "/-/admin",
    "/-/admin/audit",
    "/-/admin/settings",
    "/-/insight",
    "/-/query",
    "/-/numbers",
)
"""What the node's operator sees beside that."""

NO_PAGES: Final = frozenset(
    {
        "/-/face/{did:str}",
        "/-/static/{name:str}",
        "/favicon.ico",
        "/robots.txt",
        "/{owner:str}/{name:str}/archive/{what:path}",
        "/{owner:str}/{name:str}/blob/{rest:path}",
        "/{owner:str}/{name:str}/commits",
        "/{owner:str}/{name:str}/commits.atom",
        "/{owner:str}/{name:str}/completions",
        "/{owner:str}/{name:str}/events.atom",
        "/{owner:str}/{name:str}/issues.atom",
        "/{owner:str}/{name:str}/media/{rest:path}",
        "/{owner:str}/{name:str}/raw/{rest:path}",
        "/{owner:str}/{name:str}/tree/{rest:path}",
    }
)
"""Routes beside them that show no page: files, feeds, and what only leads elsewhere."""
