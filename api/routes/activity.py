"""What happened lately."""

from __future__ import annotations

from litestar import get

from api import shapes
from api.asking import Asking
from api.paging import page, page_size
from api.params import After, Limit, PerPage
from api.reply import Reply


@get("/api/v1/activity", sync_to_thread=False, responses=shapes.shows(shapes.Activities))
def list_activity(request: Asking, after: After = None, per_page: PerPage = None, limit: Limit = None) -> Reply:
    """What happened lately in repositories that the asker may see, newest first."""
    size = page_size(request, per_page, limit)
    return page(request, b"activity", lambda: request.ports.views.activity(request.actor, after=after, limit=size))
