"""What supervisor and worker say to each other over the worker's control socket, a line each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gitant.settings import Settings

GO: Final = b"go\n"
"""To the worker: there is a writer, so serve."""
STOP: Final = b"stop\n"
"""To the worker: take nothing new, end what is under way, and end."""
LEAVE: Final = b"leave\n"
"""To the worker: the same, but others serve on, so give whoever has just connected the time to ask."""
READY: Final = b"ready\n"
"""From the worker: it serves."""
_LOG: Final = b"log "


def log_order(settings: Settings) -> bytes:
    """To the worker: log like this from now on."""
    return _LOG + json.dumps([settings.log_level, settings.log_format, settings.access_log]).encode() + b"\n"


def log_ordered(line: bytes) -> tuple[str, str, str] | None:
    """Level, format and access log that a line orders; None for other orders."""
    if not line.startswith(_LOG):
        return None
    told: list[str] = json.loads(line.removeprefix(_LOG))
    level, form, access = told
    return level, form, access
