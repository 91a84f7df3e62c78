"""What the charts of a node and of one repository are drawn from: questions by name, in DuckDB's SQL.

Each begins with the repositories that it counts (`seen`). Times are what authors claim, so each looks at a window that
ends when the question is asked, and a date in the year 9999 moves no axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Scope = Literal["one", "public", "all"]

REPOSITORY: Final = "repository"
"""The one parameter, of the scope `one`: the repository's id in hexadecimal."""
_SCOPES: Final[Mapping[Scope, str]] = {
    "one": f"id = ${REPOSITORY}",
    "public": "NOT private AND NOT deleted",
    "all": "true",
}
_NOW: Final = "get_current_timestamp()::TIMESTAMP"
_WEEKS: Final = f"""weeks AS (
  SELECT unnest(range(date_trunc('week', {_NOW} - INTERVAL 51 WEEK), {_NOW}, INTERVAL 1 WEEK)) AS week
)"""
_MONTHS: Final = f"""months AS (
  SELECT unnest(range(date_trunc('month', {_NOW} - INTERVAL 23 MONTH), {_NOW}, INTERVAL 1 MONTH)) AS month
)"""

_BODIES: Final[Mapping[str, tuple[str, ...]]] = {
    "activity": (
        _WEEKS,
        """happened AS (
  SELECT date_trunc('week', time) AS week, count(*) AS events, count(DISTINCT author) AS people
  FROM events
  WHERE verdict = 'accepted' AND stream IN (FROM seen)
  GROUP BY ALL
)""",
        """SELECT week::DATE AS week, coalesce(events, 0) AS events, coalesce(people, 0) AS people
FROM weeks LEFT JOIN happened USING (week)
ORDER BY week""",
    ),
    "contributors": (
        """SELECT author, count(*) AS events,
  count(*) FILTER (kind = 'refs.moved.v1') AS pushes,
  count(*) FILTER (kind = 'issue.opened.v1') AS issues,
  count(*) FILTER (kind = 'comment.added.v1') AS comments,
  max(time)::DATE AS latest
FROM events
WHERE verdict = 'accepted' AND stream IN (FROM seen)
GROUP BY author
ORDER BY events DESC, author
LIMIT 20""",
    ),
    "flow": (
        _WEEKS,
        """came AS (
  SELECT date_trunc('week', opened) AS week, count(*) AS opened
  FROM issues WHERE repository IN (FROM seen) GROUP BY ALL
)""",
        """went AS (
  SELECT date_trunc('week', closed) AS week, count(*) AS closed
  FROM issues WHERE repository IN (FROM seen) AND closed IS NOT NULL GROUP BY ALL
)""",
        """SELECT week::DATE AS week, coalesce(opened, 0) AS opened, coalesce(closed, 0) AS closed
FROM weeks LEFT JOIN came USING (week) LEFT JOIN went USING (week)
ORDER BY week""",
    ),
    "age": (
        """ages(place, age, least, most) AS (
  VALUES (1, 'under a day', 0, 1), (2, 'under a week', 1, 7), (3, 'under a month', 7, 30),
    (4, 'under three months', 30, 91), (5, 'under a year', 91, 365), (6, 'a year and more', 365, 1000000000)
)""",
        f"""open AS (
  SELECT greatest(0, date_diff('second', opened, {_NOW}) / 86400) AS days
  FROM issues WHERE state = 'open' AND repository IN (FROM seen)
)""",
        """SELECT age, count(days) AS issues
FROM ages LEFT JOIN open ON days >= least AND days < most
GROUP BY place, age
ORDER BY place""",
    ),
    "response": (
        _MONTHS,
        """answers AS (
  SELECT i.opened, min(c.created) AS answered
  FROM issues i LEFT JOIN comments c
    ON c.issue = i.id AND c.repository = i.repository AND c.author <> i.author AND c.created >= i.opened
  WHERE i.repository IN (FROM seen)
  GROUP BY i.id, i.opened
)""",
        """waits AS (
  SELECT date_trunc('month', opened) AS month, count(*) AS issues, count(answered) AS answered,
    quantile_cont(date_diff('second', opened, answered) / 3600, 0.5) AS median,
    quantile_cont(date_diff('second', opened, answered) / 3600, 0.9) AS most
  FROM answers GROUP BY ALL
)""",
        """SELECT month::DATE AS month, coalesce(issues, 0) AS issues, coalesce(answered, 0) AS answered,
  round(median, 1) AS median_hours, round(most, 1) AS hours_of_nine_in_ten
FROM months LEFT JOIN waits USING (month)
ORDER BY month""",
    ),
    "growth": (
        _MONTHS,
        """came AS (
  SELECT time, payload_size FROM events WHERE verdict = 'accepted' AND stream IN (FROM seen)
)""",
        """SELECT month::DATE AS month,
  (SELECT count(*) FROM came WHERE time < month + INTERVAL 1 MONTH) AS events,
  (SELECT coalesce(sum(payload_size), 0)::BIGINT FROM came WHERE time < month + INTERVAL 1 MONTH) AS bytes
FROM months
ORDER BY month""",
    ),
}
NAMES: Final = tuple(_BODIES)


def question(name: str, scope: Scope) -> str:
    """The SQL of one of `NAMES` over these repositories; of `one`, it takes the parameter `REPOSITORY`."""
    *parts, body = _BODIES[name]
    seen = f"seen AS (SELECT id FROM repositories WHERE {_SCOPES[scope]})"
    return "WITH " + ",\n".join([seen, *parts]) + "\n" + body
