"""Lists in pages: `Link` and `X-Total-Count` in the header, cursors that say where the page before ended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from api.params import PER_PAGE
from api.reply import joined, read
from domain.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.asking import Asking
    from api.reply import Headers, Reply
    from domain.ports_views import Page

_NUMBERED: Final = re.compile(rb"(?:^|&)(page|offset)=")


def page_size(asking: Asking, per_page: int | None, limit: int | None) -> int:
    """How many to list; `limit` is what others call `per_page`."""
    if numbered := _NUMBERED.search(asking.scope["query_string"]):
        # To ignore the number would be to answer the first page for ever.
        hint = "follow the Link header with rel=next until there is none"
        raise InvalidInput("pages are not numbered here", hint=hint, field=numbered[1].decode())
    return per_page or limit or PER_PAGE


def page(asking: Asking, key: bytes, found: Page) -> Reply:
    """One page of ready documents."""
    return listed(asking, key, found.docs, found.next, found.total)


def listed(asking: Asking, key: bytes, docs: Sequence[bytes], after: str | None, total: int) -> Reply:
    """One page, the cursor of the next one (None at the end), and how many there are in all."""
    return read(asking, joined(key, docs), headers=page_headers(asking, after, total))


def page_headers(asking: Asking, after: str | None, total: int) -> Headers:
    """What the header of a page says of the pages around it."""
    links = [f'<{asking.url_with(after=None)}>; rel="first"']
    if after is not None:
        links.insert(0, f'<{asking.url_with(after=after)}>; rel="next"')
    return [(b"link", ", ".join(links).encode("latin-1")), (b"x-total-count", b"%d" % total)]
