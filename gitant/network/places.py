"""Where a node's processes can be reached by those who own its data folder: sockets in it.

The system lets the path of a socket be about a hundred bytes, and a data folder may lie deeper. Linux gives every open
folder a short name, `/proc/self/fd/N`, which this process keeps open for as long as it uses the path.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from storage.datadir import DataDir

_FDS: Final = Path("/proc/self/fd")


def asking_socket(folder: DataDir) -> Path:
    """Where the network process answers this node's other processes."""
    return _short(folder) / "network.sock"


def relay_socket(folder: DataDir) -> Path:
    """Where it takes the connections of peers that came through the HTTP port."""
    return _short(folder) / "relay.sock"


def writer_socket(folder: DataDir) -> Path:
    """Where the writer takes commands of the folder's owner while the node runs."""
    return _short(folder) / "writer.sock"


def _short(folder: DataDir) -> Path:
    if not _FDS.exists():
        return folder.cache
    return _FDS / str(os.open(folder.cache, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
