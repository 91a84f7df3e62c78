"""Git in a child that cannot cost more than it may, and that knows no settings but its repository's and ours."""

from __future__ import annotations

import os
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.ports_git import PackCaps

# The shell sets the limits before git exists; a hook between fork and exec is not safe in a process with threads.
_LIMITED: Final = 'ulimit -c 0 && ulimit -S -t "$1" && ulimit -H -t "$2" && ulimit -f "$3" && {} shift 4 && exec "$@"'
_ADDRESS_SPACE: Final = 'ulimit -v "$4" &&' if sys.platform == "linux" else ""
_CPU_GRACE_S: Final = 5
"""At the soft limit git gets the signal that names the reason, at the hard one it is killed."""
_FILE_BLOCK_BYTES: Final = 512


def limited(words: Sequence[str], caps: PackCaps) -> list[str]:
    """The command `words`, with the limits that `caps` put on a pack's check."""
    limits = (
        caps.index_cpu_s_max,
        caps.index_cpu_s_max + _CPU_GRACE_S,
        2 * caps.pack_bytes_max // _FILE_BLOCK_BYTES + 1,  # the bases of a thin pack come on top
        caps.index_memory_bytes_max // 1024,
    )
    return ["/bin/sh", "-c", _LIMITED.format(_ADDRESS_SPACE), "sh", *map(str, limits), *_mortal(), *words]


def environment(git: str, repo: Path, objects: Path | None = None) -> dict[str, str]:
    """Nothing of this process's own: no settings but those of the repository and ours, no other folders.

    New objects go to the folder `objects`, and what it lacks is read from the repository.
    """
    folder = str(Path(git).parent) if os.sep in git else ""
    found = {
        "PATH": os.pathsep.join(filter(None, [folder, os.defpath])),
        "HOME": os.devnull,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_DIR": str(repo),
        "GIT_NO_REPLACE_OBJECTS": "1",
    }
    if objects is not None:
        alternate = str(repo / "objects").replace("\\", "\\\\").replace('"', '\\"')
        found["GIT_OBJECT_DIRECTORY"] = str(objects)
        found["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = f'"{alternate}"'
    return found


@cache
def _mortal() -> tuple[str, ...]:
    """Ends the child at once when its parent is killed; without util-linux the broken meter does, a little later."""
    setpriv = shutil.which("setpriv", path=os.defpath)
    return (setpriv, "--pdeathsig", "KILL") if setpriv else ()
