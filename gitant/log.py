"""What the processes of a node tell: lines on standard error, for people or as JSON."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Final

from gitant.absent import absent

with absent("rich"):  # it would be loaded for tracebacks in boxes, which no log line has
    import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_QUIETER: Final = {"asyncio": logging.WARNING, "litestar": logging.WARNING, "_granian": logging.ERROR}
"""Libraries whose notes below these levels are of no use to who runs a node."""

get_logger: Final = structlog.get_logger
"""Gives the logger of a name; whoever logs takes it from here."""


def set_up(level: str, form: str) -> None:
    """Send structlog's and the standard library's records of this process to standard error, in one form.

    `level` and `form` are the settings `log_level` and `log_format`.
    """
    least = _LEVELS[level]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(least),
        cache_logger_on_first_use=False,  # a module's logger may be used before and after a set-up
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.PositionalArgumentsFormatter()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(form)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(least)
    for name, quieter in _QUIETER.items():
        logging.getLogger(name).setLevel(max(least, quieter))


def _rendering(form: str) -> list[Processor]:
    if form == "json":
        return [
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ]
    colors = sys.stderr.isatty()
    return [
        _one_line,
        structlog.dev.ConsoleRenderer(
            colors=colors, pad_event_to=0, pad_level=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]


def _one_line(_: WrappedLogger, __: str, record: EventDict) -> EventDict:
    """What strangers wrote must not begin a line of its own or steer the terminal."""
    return {
        name: value if not isinstance(value, str) or value.isprintable() or name == "exception" else ascii(value)
        for name, value in record.items()
    }
