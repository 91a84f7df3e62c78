"""What was read from the views at their present position, kept until they move on.

A list that many ask for is read and rendered once for each state of the log, and then sent from memory. Nothing here
can be stale: the position is asked for each time, and when it has changed, everything is forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, final

if TYPE_CHECKING:
    from collections.abc import Hashable, Sized

    from domain.actor import Actor
    from domain.ports_views import RepoRow, Views

RENDERED_BYTES_MAX: Final = 16 << 20
PAGES_BYTES_MAX: Final = 24 << 20
REPOS_MAX: Final = 4_096
_OVERHEAD_BYTES: Final = 1_024
Headers = list[tuple[bytes, bytes]]


class Rendered(NamedTuple):
    """A body with its entity tag, and the headers that go with it."""

    body: bytes
    tag: str
    headers: Headers


@final
class Remembered:
    """The memory of one worker; used on its event loop only."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._position = -1
        self._repos: dict[tuple[str, Actor], RepoRow] = {}
        self._rendered: dict[Hashable, Rendered] = {}
        self._bytes = 0
        self._pages: dict[Hashable, Sized] = {}
        self._pages_bytes = 0

    @property
    def position(self) -> int:
        """Of the log, at the last `look`."""
        return self._position

    def repo(self, reader: Actor, selector: str) -> RepoRow | None:
        """As `Views.visible`."""
        row = self._repos.get((selector, reader))
        if row is None:
            row = self._views.visible(reader, selector)
            if row is not None:
                if len(self._repos) >= REPOS_MAX:
                    self._repos.clear()
                self._repos[selector, reader] = row
        return row

    def get(self, key: Hashable) -> Rendered | None:
        """What was kept under `key`."""
        return self._rendered.get(key)

    def keep(self, key: Hashable, rendered: Rendered, position: int | None = None) -> None:
        """Keep what was read since the last `look`: it is at least as new as the position seen there.

        Whoever let others go on while it was made says at which `position` that began: the log may have moved since.
        """
        if position is not None and position != self._position:
            return
        self._bytes += len(rendered.body) + _OVERHEAD_BYTES
        if self._bytes > RENDERED_BYTES_MAX:
            self._rendered.clear()
            self._bytes = len(rendered.body) + _OVERHEAD_BYTES
        self._rendered[key] = rendered

    def page(self, key: Hashable) -> Sized | None:
        """The page that was kept under `key`."""
        return self._pages.get(key)

    def keep_page(self, key: Hashable, page: Sized, position: int) -> None:
        """Keep a page that was begun at `position`, unless the log has moved on since. Its length is in bytes."""
        if position != self._position or position != self._views.position():
            return
        size = len(page) + _OVERHEAD_BYTES
        self._pages_bytes += size
        if self._pages_bytes > PAGES_BYTES_MAX:
            self._pages.clear()
            self._pages_bytes = size
        self._pages[key] = page

    def look(self) -> None:
        """Forget everything if the views have moved. Each request does this before it asks for anything here."""
        position = self._views.position()
        if position != self._position:
            self._position = position
            self._repos.clear()
            self._rendered.clear()
            self._bytes = 0
            self._pages.clear()
            self._pages_bytes = 0
