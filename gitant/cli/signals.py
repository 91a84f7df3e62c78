"""Signals to the node that serves a folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from domain.errors import Unavailable

if TYPE_CHECKING:
    from storage.datadir import DataDir, NodeInfo


def running_on(folder: DataDir) -> NodeInfo:
    """The node that serves `folder` and listens; raises `Unavailable` if there is none."""
    running = folder.running()
    if running is None:
        raise Unavailable(f"no node is running on {folder.path}", hint="start one with: gitant serve")
    if not running.url:
        raise Unavailable(f"the node on {folder.path} is still starting", hint="try again in a moment")
    return running


def send(running: NodeInfo, number: int) -> None:
    """Signal a node of ours."""
    try:
        os.kill(running.pid, number)
    except ProcessLookupError:
        raise Unavailable(f"the node (pid {running.pid}) has just ended", hint="see with: gitant doctor") from None
    except PermissionError:
        raise Unavailable(
            f"the node (pid {running.pid}) belongs to another user", hint="run this as that user, or as root"
        ) from None
