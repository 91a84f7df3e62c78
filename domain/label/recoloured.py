"""`label.recoloured.v1`: it gets another colour."""

from __future__ import annotations

from domain.fold.kind import Kind, Payload
from domain.label.state import setting, touching_label
from domain.words import Colour, Replaces


class LabelRecoloured(Payload, frozen=True, kw_only=True):
    """The new value, and the events whose values it replaces."""

    colour: Colour
    replaces: Replaces


KIND = Kind(
    name="label.recoloured.v1",
    payload=LabelRecoloured,
    action="label.manage",
    touches=touching_label(setting("colour", "colour")),
    acts_on=("label",),
)
