"""A text that a person writes in their editor, as git asks for commit messages."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from domain.errors import InvalidInput, Unavailable

SCISSORS: Final = "<!-- ------------------------ >8 ------------------------"


def at_a_terminal() -> bool:
    """Whether somebody is there to write."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def written(text: str, hint: str) -> str:
    """What `text` has become in the editor, without what is behind the scissors; raises `InvalidInput` for nothing."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="gitant-") as folder:
        path = Path(folder) / "ISSUE.md"
        path.write_text(f"{text}\n\n{SCISSORS}\n{hint}\n-->\n", encoding="utf-8")
        try:
            # As git does it: what is in the variable may be a command with options.
            run = subprocess.run(["/bin/sh", "-c", f'{editor} "$@"', editor, str(path)], check=False)
        except OSError as fault:
            raise Unavailable(f"{editor} cannot be started: {fault.strerror}", hint="set VISUAL or EDITOR") from fault
        if run.returncode:
            raise Unavailable(f"{editor} ended with {run.returncode}", hint="set VISUAL or EDITOR, or give --body")
        found = path.read_text(encoding="utf-8", errors="replace").partition(SCISSORS)[0].strip()
    if not found:
        raise InvalidInput("the text is empty, so nothing was done", hint='to leave the text out, give --body ""')
    return found
