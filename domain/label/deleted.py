"""`label.deleted.v1`: the label is gone, from every issue that carries it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold.kind import Kind, Payload
from domain.label.state import LabelState, touching_label

if TYPE_CHECKING:
    from domain.envelope import Event


class LabelDeleted(Payload, frozen=True, kw_only=True):
    """Nothing to say beyond which label."""


def _apply(state: LabelState, _: Event, __: LabelDeleted | None) -> None:
    state.deleted = True


KIND = Kind(
    name="label.deleted.v1",
    payload=LabelDeleted,
    action="label.manage",
    touches=touching_label(_apply),
    acts_on=("label",),
)
