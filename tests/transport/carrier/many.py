"""What connections leave behind: descriptors, tasks, memory."""

from __future__ import annotations

import gc
import os
import resource
from pathlib import Path
from typing import NamedTuple

import trio


class Usage(NamedTuple):
    """Of this process, now."""

    descriptors: int
    tasks: int
    resident_bytes: int

    def __str__(self) -> str:
        return f"{self.descriptors} descriptors, {self.tasks} tasks, {self.resident_bytes / 1e6:.1f} MB"


def usage() -> Usage:
    """After everything that can be put away has been."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Usage(len(os.listdir("/proc/self/fd")), _tasks(), pages * resource.getpagesize())  # noqa: PTH208


def _tasks() -> int:
    root = trio.lowlevel.current_root_task()
    return _below(root) if root is not None else 0


def _below(task: trio.lowlevel.Task) -> int:
    return 1 + sum(_below(child) for nursery in task.child_nurseries for child in nursery.child_tasks)
