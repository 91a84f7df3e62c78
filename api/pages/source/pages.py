"""Every page about what is in a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from api.pages.source import branches, changes, files, finding, history

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    *files.HANDLERS,
    *history.HANDLERS,
    *changes.HANDLERS,
    *branches.HANDLERS,
    *finding.HANDLERS,
)
