"""The versions of an issue's text and of a comment's: who changed which words, and when."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import msgspec
from litestar import get
from litestar.params import QueryParameter

from api.asking import Asking
from api.costly import turns
from api.gate import comment_of
from api.pages.issues.differences import PROSE_LINE_CHARS_MAX, differences
from api.pages.issues.finding import COMMENT, ISSUE, CommentId, Number, found, url_of_issue
from api.pages.page import Shown, steady
from api.pages.place import Name, Owner, frame
from api.pages.source.patches import Marker, in_rows
from api.reply import Reply
from api.threads import in_thread
from api.versions import Version, versions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.pages.source.patches import Drawn
    from domain.ports_views import EntityRow, RepoRow

VERSIONS_SHOWN: Final = 20
CHARS_SHOWN_MAX: Final = 120_000
"""Of all changes of one page; what comes after is a link away."""
Last = Annotated[int | None, QueryParameter(name="last", description="Begin with this version.", ge=1, le=1_000_000)]


@get(f"{ISSUE}/history")
async def show_issue_history(request: Asking, owner: Owner, name: Name, number: Number, last: Last = None) -> Reply:
    """What an issue said, the last version first."""
    row, thing = found(request, owner, name, number)
    back = url_of_issue(row, number, "issue-body")
    return await steady(request, partial(_history, request, row, thing, (f"#{number}", back), last))


@get(f"{COMMENT}/history")
async def show_comment_history(
    request: Asking, owner: Owner, name: Name, number: Number, comment: CommentId, last: Last = None
) -> Reply:
    """What a comment said."""
    row, thing = found(request, owner, name, number)
    said = comment_of(request, row, thing, comment)
    back = url_of_issue(row, number, f"comment-{comment[:12]}")
    return await steady(request, partial(_history, request, row, said, (f"a comment on #{number}", back), last))


class Change(NamedTuple):
    """A version, with how it differs from the one before; `table` is None where nothing can be shown of it."""

    version: Version
    table: Drawn | None
    cut: bool


def changes(versions: Sequence[Version]) -> list[Change]:
    """As many as a page has room for, and one at least. Blocking: it finds the words that changed."""
    marker = Marker(PROSE_LINE_CHARS_MAX)
    made: list[Change] = []
    left = CHARS_SHOWN_MAX
    for version in versions:
        if left <= 0:
            break
        hunks, chars, cut = differences(version.before, version.after, left if made else CHARS_SHOWN_MAX)
        if cut and made:
            break
        left -= chars
        made.append(Change(version, in_rows(hunks, marker) if hunks else None, cut))
    return made


async def _history(request: Asking, row: RepoRow, thing: EntityRow, of: tuple[str, str], last: int | None) -> Shown:
    def read() -> dict[str, object]:
        versions = versions_of(request, row.id, thing.id, last=last, count=VERSIONS_SHOWN)
        shown = changes(versions.shown)
        following = shown[-1].version.number - 1 if shown else 0
        return {"changes": shown, "total": versions.total, "whole": versions.whole, "following": following}

    async with turns.one():
        values = frame(request, row, "issues") | await in_thread(read)
    values |= {"of": of[0], "back": of[1], "thing": msgspec.json.decode(thing.doc)}
    return Shown("issue_history.html", f"History of {of[0]} · {row.name}", values)
