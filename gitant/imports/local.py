"""Reading a repository on this machine's disk: git serves it through a pipe, and runs nothing it is told to there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from domain.errors import InvalidInput
from storage.git.child import environment, limited
from transport.git.remote import Pipe

if TYPE_CHECKING:
    from pathlib import Path

    from domain.ports_git import PackCaps

_SETTINGS = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "gc.auto=0")
SOURCE = "a folder on the node's disk"
"""What the log says of where it came from: paths are nobody else's business."""


def pipe_to(folder: Path, git: str, caps: PackCaps) -> Pipe:
    """A pipe to the repository, bare or not; raises `InvalidInput` if that is no folder."""
    if not folder.is_absolute() or not folder.is_dir():
        raise InvalidInput(f"{folder} is not a folder that the node can read", field="ticket")
    flags = [word for setting in _SETTINGS for word in ("-c", setting)]
    words = [git, *flags, "upload-pack", "--timeout=600", str(folder)]
    environ = environment(git, folder)
    del environ["GIT_DIR"]  # it is to look for `.git` in the folder
    # No remote helper, and no fetching of what a partial clone lacks: either would be a command of the folder's choice.
    environ |= {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1", "GIT_CEILING_DIRECTORIES": os.sep}
    return Pipe(limited(words, caps), environ)
