"""Who is asking, once a door has found out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.ids import Did


@dataclass(frozen=True, slots=True)
class Actor:
    """One asker as the one policy judges it; `did` is None for an anonymous one.

    `operator` says that the asker holds this node's operator token, so that the node signs for it.
    """

    did: Did | None = None
    operator: bool = False


ANONYMOUS = Actor()
