"""`label.renamed.v1`: it gets another name; issues carry it by id and follow."""

from __future__ import annotations

from domain.fold.kind import Kind, Payload
from domain.label.state import setting, touching_label
from domain.words import LabelName, Replaces, line_problem


class LabelRenamed(Payload, frozen=True, kw_only=True):
    """The new value, and the events whose values it replaces."""

    name: LabelName
    replaces: Replaces

    def problem(self) -> str:
        return line_problem(self.name, "name")


KIND = Kind(
    name="label.renamed.v1",
    payload=LabelRenamed,
    action="label.manage",
    touches=touching_label(setting("name", "name")),
    acts_on=("label",),
)
