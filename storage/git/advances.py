"""Whether a branch moves forward: whether where it was is in the history of where it goes."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack, closing
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

from dulwich.object_store import DiskObjectStore

from storage.git.child import environment, limited
from storage.git.landed import Commits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from domain.ports_git import PackCaps

_ASKED_S_MAX: Final = 60


def advances(repo: Path, fresh: Path | None, old: str, new: str, caps: PackCaps, *, git: str) -> bool:
    """Whether `old` is in the history of `new`; `fresh` is the folder of a quarantine that may hold some of it.

    Most pushes bring a few commits: those are looked at here. What goes further, git is asked. No, if it cannot tell.
    """
    if old == new:
        return True
    folders = [repo / "objects"] if fresh is None else [fresh, repo / "objects"]
    near = _near(folders, old, new)
    if near is not None:
        return near
    words = [git, "merge-base", "--is-ancestor", old, new]
    try:
        done = subprocess.run(
            limited(words, caps),
            env=environment(git, repo, fresh),
            cwd=repo,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ASKED_S_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _near(folders: Sequence[Path], old: str, new: str) -> bool | None:
    """The answer, if the newest commits behind `new` have it; None if they are not enough."""
    with ExitStack() as stack:
        commits = Commits([stack.enter_context(closing(DiskObjectStore(folder))) for folder in folders])
        tip = commits.read(new)
        if tip is None or commits.read(old) is None:
            return False
        seen, queue = {new}, [(-tip.time, new)]
        while queue and not commits.spent:
            for parent in commits.parents(heappop(queue)[1]):
                if parent == old:
                    return True
                commit = commits.read(parent) if parent not in seen else None
                seen.add(parent)
                if commit is not None:
                    heappush(queue, (-commit.time, parent))
        return None if queue else False
