"""The command line: how things are asked and shown. What a command means is decided elsewhere."""

from __future__ import annotations

import errno
import os
import sys
from typing import NoReturn

# The command line that comes with httpx takes a fifth of the time in which one of ours starts, and nobody asks for it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # so Python is told that there is none


def main() -> NoReturn:
    """The `gitant` command."""
    from gitant.cli.app import app_for

    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets its escape instead of a traceback.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # both are TextIOWrapper
    words = sys.argv[1:]
    if "_GITANT_COMPLETE" in os.environ:
        from gitant.cli.completion import words_so_far

        words = words_so_far()
    try:
        app_for(words)(prog_name="gitant")
    except BrokenPipeError:
        # Whoever read has gone (`| head`); the interpreter's last flush must not complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as fault:
        code = _say(fault)
        if code is None:
            raise
        sys.exit(code)
    sys.exit(0)


def _say(fault: Exception) -> int | None:
    """Tell a person what went wrong and what to do; None for our own bugs, whose traceback is wanted."""
    from domain.errors import GitantError, LocalFault
    from gitant.cli.output import tell_error

    if isinstance(fault, LocalFault):
        tell_error(fault.message, fault.hint)
        return 1
    if isinstance(fault, GitantError):
        tell_error(str(fault))
        return 1
    if isinstance(fault, OSError) and fault.errno in {errno.ENOSPC, errno.EDQUOT}:
        tell_error("the disk is full", "free some space and try again; nothing acknowledged is lost")
        return 1
    if isinstance(fault, PermissionError):
        tell_error(f"{fault.filename}: permission denied", "run it as the user who owns the file, or mend its mode")
        return 1
    return None
