"""What the timeline of an issue is made of."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType


class MomentSource(Struct):
    """Where an issue is referred to from; `comment` where it is not the issue's own text."""

    repo: str
    repo_name: str
    issue: str
    number: int
    title: str
    comment: str | UnsetType = UNSET


class Moment(Struct, kw_only=True):
    """One event that changed an issue or refers to it.

    Of a field that has one value, `from` lists what the write replaced (several where it settled a conflict) and
    `to` is the new value. Of one that has members, `added` and `removed` list them.
    """

    id: str
    kind: str
    action: str
    author: str
    time: str
    lamport: int
    field: str | UnsetType = UNSET
    from_: list[Any] | UnsetType = msgspec.field(default=UNSET, name="from")
    to: Any = UNSET
    added: list[str] | UnsetType = UNSET
    removed: list[str] | UnsetType = UNSET
    labels: list[str] | UnsetType = UNSET
    assignees: list[str] | UnsetType = UNSET
    chars_added: int | UnsetType = UNSET
    chars_cut: int | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    commit: str | UnsetType = UNSET
    push: str | UnsetType = UNSET
    comment: str | UnsetType = UNSET
    events: list[str] | UnsetType = UNSET
    source: MomentSource | UnsetType = UNSET
    redacted: bool | UnsetType = UNSET


class Timeline(Struct):
    """A page of what happened to an issue, oldest first."""

    timeline: list[Moment]
