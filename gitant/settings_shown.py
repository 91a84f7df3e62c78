"""Settings as the operator reads them in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.ports import SettingShown
from gitant.settings import MASKED, SETTINGS

if TYPE_CHECKING:
    from gitant.settings import Settings


def shown(settings: Settings) -> list[SettingShown]:
    """Every row of the table with its value, secrets masked, and with its default."""
    rows: list[SettingShown] = []
    for row in SETTINGS:
        value, default = row.kind.show(getattr(settings, row.name)), row.kind.show(row.kind.read(row.default))
        rows.append(SettingShown(row.name, MASKED if row.secret and value else value, default, row.help, row.change))
    return rows
