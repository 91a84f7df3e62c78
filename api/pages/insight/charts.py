"""Charts as templates draw them: where each bar stands and what it says, worked out from the rows of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.ports_insight import Table

HEIGHT: Final = 100
"""Of the drawing, in its own units; its width is ten for each group of bars."""
_GROUP: Final = 10
_GAP: Final = 2
_STEPS: Final = (1, 2, 5, 10)


class Bar(NamedTuple):
    """One bar: its place, the series it is of (from 1), and its value in words."""

    x: float
    y: float
    width: float
    height: float
    series: int
    says: str


class Chart(NamedTuple):
    """Bars in groups from left to right, over one axis from 0 to `top`."""

    width: int
    top: float
    bars: list[Bar]
    series: list[str]
    first: str
    last: str


class Row(NamedTuple):
    """One bar that lies: what it is of, its value, its share of the longest in hundredths."""

    name: str
    value: float
    share: float


def standing(table: Table, series: Sequence[str], unit: str = "") -> Chart:
    """A group of bars for each row, with a bar for each column of `series`; the first column names the group."""
    values = [[_value(row[table.columns.index(each)]) for each in series] for row in table.rows]
    names = [str(row[0]) for row in table.rows]
    top = above(max((value for group in values for value in group if value is not None), default=0))
    wide = (_GROUP - _GAP) / len(series)
    bars: list[Bar] = []
    for at, (name, group) in enumerate(zip(names, values, strict=True)):
        for place, (what, value) in enumerate(zip(series, group, strict=True)):
            if value:
                high = round(HEIGHT * value / top, 2)
                left = round(at * _GROUP + _GAP / 2 + place * wide, 2)
                says = f"{name}: {value:,} {plain(what)}{unit}"
                bars.append(Bar(left, round(HEIGHT - high, 2), round(wide, 2), high, place + 1, says))
    ends = (names[0], names[-1]) if names else ("", "")
    return Chart(_GROUP * max(1, len(names)), top, bars, [plain(each) for each in series], *ends)


def lying(table: Table, column: str) -> list[Row]:
    """A bar for each row, as long as its value in a column; the first column names it."""
    place = table.columns.index(column)
    values = [_value(row[place]) or 0 for row in table.rows]
    most = max(values, default=0) or 1
    return [
        Row(str(row[0]), value, round(100 * value / most, 1)) for row, value in zip(table.rows, values, strict=True)
    ]


def total(table: Table, column: str) -> float:
    """The sum of a column."""
    place = table.columns.index(column)
    return sum(_value(row[place]) or 0 for row in table.rows)


def plain(column: str) -> str:
    """A column's name as words."""
    return column.replace("_", " ")


def above(value: float) -> float:
    """The end of an axis that holds a value: one, two or five of a power of ten."""
    power = 1.0
    while power * _STEPS[-1] < value:
        power *= 10
    found = next(step * power for step in _STEPS if step * power >= value)
    return int(found)


def _value(cell: str | float | None) -> float | None:
    return cell if isinstance(cell, int | float) else None
