"""The browser: one that is here, or the distribution's, which root may install."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL: Final = "apt-get install -y --no-install-recommends chromium"
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
"""Root has no sandbox; containers have little shared memory."""
_INSTALLING_S_MAX: Final = 300


def chromium() -> str:
    """The path of a Chromium. Raises, naming the command that installs one, where there is none and none comes."""
    found = _found()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _install()
        found = _found()
    assert found is not None, f"there is no Chromium here, and pages are tested in one: sudo {INSTALL}"
    return found


def _found() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


def _install() -> None:
    # Test processes run side by side, and apt takes one at a time.
    with (Path(tempfile.gettempdir()) / "gitant-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _found():
            return
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["apt-get", "update", "-qq"], [*INSTALL.split(), "-qq"]):
            subprocess.run(words, env=environ, stdout=subprocess.DEVNULL, timeout=_INSTALLING_S_MAX)
