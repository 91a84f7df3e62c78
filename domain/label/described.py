"""`label.described.v1`: its description is written again."""

from __future__ import annotations

from domain.fold.kind import Kind, Payload
from domain.label.state import setting, touching_label
from domain.words import Description, Replaces, body_problem


class LabelDescribed(Payload, frozen=True, kw_only=True):
    """The new value, and the events whose values it replaces."""

    description: Description
    replaces: Replaces

    def problem(self) -> str:
        return body_problem(self.description, "description")


KIND = Kind(
    name="label.described.v1",
    payload=LabelDescribed,
    action="label.manage",
    touches=touching_label(setting("description", "description")),
    acts_on=("label",),
)
