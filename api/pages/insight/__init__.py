"""What a node and its repositories come to in numbers: charts, an operator's own questions, how the node does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from api.pages.insight import numbers, query, show

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (*show.HANDLERS, *query.HANDLERS, *numbers.HANDLERS)
