"""Following a node's log from the command line, through drops and restarts of the node."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from domain.errors import Unavailable
from gitant.cli.api import Api, ApiProblem
from gitant.cli.output import tell

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

STREAM: Final = "/api/v1/events/stream"
PAUSE_FIRST_S: Final = 0.5
PAUSE_MOST_S: Final = 10.0
_PASSING: Final = frozenset({429, 502, 503, 504})
"""Answers of a node, or of a proxy before it, that is to be asked again."""


def followed(
    data_dir: str | None, url: str | None, params: Mapping[str, Any], after: int | None
) -> Generator[dict[str, Any]]:
    """Events as they happen, from behind `after` (None: from now). Ends with a `LocalFault` only if asking is vain."""
    last = "" if after is None else str(after)
    pause, heard, told = PAUSE_FIRST_S, False, False
    while True:
        try:
            # Anew each time: a node that starts again may have another port.
            with Api.open(data_dir, url) as api:
                headers = {"last-event-id": last} if last else {}
                with api.stream(STREAM, params, headers) as lines:
                    heard = True
                    for name, data in _blocks(lines, last):
                        last, pause, told = name, PAUSE_FIRST_S, False
                        if data:
                            yield json.loads(data)
        except (Unavailable, ApiProblem) as fault:
            if not heard or (isinstance(fault, ApiProblem) and fault.status not in _PASSING):
                raise
            if not told:
                tell(f"{fault.message}; waiting for the node")
            told = True
        time.sleep(pause)
        pause = min(2 * pause, PAUSE_MOST_S)


def _blocks(lines: Iterator[str], last: str) -> Iterator[tuple[str, str]]:
    """Of each block of a stream, the id that holds from then on and its data, empty where it has none."""
    data: list[str] = []
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            yield last, "\n".join(data)
            data = []
        elif name == "id":
            last = value
        elif name == "data":
            data.append(value)
