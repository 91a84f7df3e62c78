"""Lists in pages: `Link` and `X-Total-Count` in the header, cursors that say where the page before ended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from api.params import PER_PAGE
from api.reply import joined, read, rendered, send
from domain.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from api.asking import Asking
    from api.remembered import Headers
    from api.reply import Reply
    from domain.ports_views import Page

_NUMBERED: Final = re.compile(rb"(?:^|&)(page|offset)=")


def page_size(asking: Asking, per_page: int | None, limit: int | None) -> int:
    """How many to list; `limit` is what others call `per_page`."""
    if numbered := _NUMBERED.search(asking.scope["query_string"]):
        # To ignore the number would be to answer the first page for ever.
        hint = "follow the Link header with rel=next until there is none"
        raise InvalidInput("pages are not numbered here", hint=hint, field=numbered[1].decode())
    return per_page or limit or PER_PAGE


def page(asking: Asking, key: bytes, find: Callable[[], Page]) -> Reply:
    """One page of ready documents. `find` reads it, unless that was done since the views have last moved."""
    remembered = asking.remembered
    name = (asking.scope["path"], asking.scope["query_string"], asking.base_url, asking.actor)
    known = remembered.get(name)
    if known is None:
        found = find()
        known = rendered(joined(key, found.docs), headers=page_headers(asking, found.next, found.total))
        remembered.keep(name, known)
    return send(asking, known)


def listed(asking: Asking, key: bytes, docs: Sequence[bytes], after: str | None, total: int) -> Reply:
    """One page, the cursor of the next one (None at the end), and how many there are in all."""
    return read(asking, joined(key, docs), headers=page_headers(asking, after, total))


def page_headers(asking: Asking, after: str | None, total: int) -> Headers:
    """What the header of a page says of the pages around it."""
    url = asking.page_url()
    link = f'<{url[:-1]}>; rel="first"'
    if after is not None:
        link = f'<{url}after={quote(after)}>; rel="next", {link}'
    return [(b"link", link.encode("latin-1")), (b"x-total-count", b"%d" % total)]
