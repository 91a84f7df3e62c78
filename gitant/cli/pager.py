"""Long answers on a terminal, a screen at a time; and which colours that terminal wants."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator

    from rich.console import Console

_DEFAULT: Final = "less"
_LESS: Final = "FRX"
"""End at once if it fits, let colours through, leave the screen as it was."""


@contextmanager
def paged() -> Generator[None]:
    """What is printed inside goes through the pager if it is longer than the terminal; elsewhere it is just printed."""
    if not sys.stdout.isatty():
        yield
        return
    held = StringIO()
    with redirect_stdout(held):
        yield
    show(held.getvalue())


def show(text: str) -> None:
    """Print `text`, through the pager if somebody looks and it does not fit."""
    import shutil
    import subprocess  # neither is needed where nobody looks

    command = _pager()
    if not command or not sys.stdout.isatty() or text.count("\n") < shutil.get_terminal_size().lines:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    environment = {"LESS": _LESS, "LV": "-c", **os.environ}
    sys.stdout.flush()
    # As git does it: what is in the variable may be a command with options.
    data = text.encode(sys.stdout.encoding, "backslashreplace")
    run = subprocess.run(["/bin/sh", "-c", command], input=data, env=environment, check=False)
    if run.returncode == _NOT_FOUND:
        sys.stdout.write(text)


_NOT_FOUND: Final = 127


def console(*, stderr: bool = False) -> Console:
    """A console for tables and bars, with the colours that NO_COLOR, CLICOLOR and TERM allow."""
    from rich.console import Console

    plain = os.environ.get("CLICOLOR") == "0" or bool(os.environ.get("NO_COLOR"))
    return Console(stderr=stderr, no_color=plain, highlight=False, markup=False, emoji=False)


def _pager() -> str:
    """The pager's command; empty for none."""
    for name in ("GIT_PAGER", "PAGER"):
        if name in os.environ:
            named = os.environ[name].strip()
            return "" if named == "cat" else named
    return _DEFAULT
