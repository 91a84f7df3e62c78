"""Which branches move forward: whether where one was is in the history of where it goes."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack, closing
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final

from domain.refs.names import is_oid
from storage.git.child import environment, limited
from storage.git.landed import Commits
from storage.git.packdir import PackedObjects

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from domain.ports_git import PackCaps

Move = tuple[str, str]
"""Where a branch was, and where it goes."""
READ_COMMITS_MAX: Final = 250
"""Of all moves of one push together; git reads faster, once it runs."""
FEW: Final = 4
"""So many are asked of git one by one: for that, it need not look at the whole history."""
WALKED_COMMITS_MAX: Final = 250_000
MARKS_AT_ONCE: Final = 1_024
_ASKED_S_MAX: Final = 60
_OLD, _NEW = 1, 2


def advancing(repo: Path, fresh: Path | None, moves: Collection[Move], caps: PackCaps, *, git: str) -> frozenset[Move]:
    """Those moves that go forward; `fresh` is the folder of a quarantine that may hold some of their history.

    Most pushes bring a few commits: those are looked at here. What goes further, git is asked: of many moves once for
    all of them. One that nothing can be found out about is not among them.
    """
    folders = [repo / "objects"] if fresh is None else [fresh, repo / "objects"]
    forward, far = set[Move](), list[Move]()
    with ExitStack() as stack:
        stores = [stack.enter_context(closing(PackedObjects(folder))) for folder in folders]
        commits = Commits(stores, READ_COMMITS_MAX)
        for move in dict.fromkeys(move for move in moves if all(map(is_oid, move))):
            near = None if commits.spent else _near(commits, *move)
            if near is None:
                far.append(move)
            elif near:
                forward.add(move)
    asking = _Asking(repo, fresh, caps, git)
    if len(far) > FEW and (lines := asking.history(far)) is not None:
        return frozenset(forward | _among(lines, far))
    return frozenset(forward | {move for move in far if asking.is_forward(move)})


def _near(commits: Commits, old: str, new: str) -> bool | None:
    """The answer, if the newest commits behind both have it; None if they are not enough.

    While `new` may yet lead to `old`, a commit between them waits that `old` does not lead to, whatever the clocks say.
    """
    if old == new:
        return True
    ends = [(commits.read(oid), oid) for oid in (old, new)]
    queue = [(-commit.time, oid) for commit, oid in ends if commit is not None]
    if len(queue) < len(ends):
        return False
    heapify(queue)
    marks = {old: _OLD, new: _NEW}
    one_sided = {old, new}
    while one_sided:
        if commits.spent:
            return None
        oid = heappop(queue)[1]
        one_sided.discard(oid)
        for parent in commits.parents(oid):
            if parent == old and marks[oid] & _NEW:
                return True
            before = marks.get(parent, 0)
            marks[parent] = before | marks[oid]
            commit = commits.read(parent) if marks[parent] != before else None
            if commit is not None:
                heappush(queue, (-commit.time, parent))
                (one_sided.discard if before else one_sided.add)(parent)
    return False


def _among(history: Sequence[str], moves: Sequence[Move]) -> set[Move]:
    """Those that go forward by a history whose lines are commits with their parents, parents first."""
    forward = set[Move]()
    olds = list({old for old, _ in moves})
    for begin in range(0, len(olds), MARKS_AT_ONCE):
        bits = {old: 1 << bit for bit, old in enumerate(olds[begin : begin + MARKS_AT_ONCE])}
        marks = dict[str, int]()
        for line in history:
            commit, *parents = line.split(" ")
            mark = bits.get(commit, 0)
            for parent in parents:
                above = marks.get(parent, 0)
                # What adds nothing stays one number in memory, however many commits have it.
                mark = above if mark | above == above else mark | above
            if mark:
                marks[commit] = mark
        forward.update((old, new) for old, new in moves if marks.get(new, 0) & bits.get(old, 0))
    return forward


class _Asking:
    """Git, with a repository and a quarantine before it."""

    def __init__(self, repo: Path, fresh: Path | None, caps: PackCaps, git: str) -> None:
        self._repo = repo
        self._fresh = fresh
        self._caps = caps
        self._git = git

    def is_forward(self, move: Move) -> bool:
        done = self._run(["merge-base", "--is-ancestor", *move])
        return done is not None and done.returncode == 0

    def history(self, moves: Sequence[Move]) -> list[str] | None:
        """What is behind all that the moves lead to; None if that is too much, or not to be had."""
        words = [
            "rev-list",
            "--parents",
            "--topo-order",
            "--reverse",
            f"--max-count={WALKED_COMMITS_MAX + 1}",
            "--stdin",
        ]
        done = self._run(words, "".join(f"{new}\n" for new in dict.fromkeys(new for _, new in moves)))
        if done is None or done.returncode:
            return None
        lines = done.stdout.splitlines()
        return lines if len(lines) <= WALKED_COMMITS_MAX else None

    def _run(self, words: list[str], asked: str = "") -> subprocess.CompletedProcess[str] | None:
        """None if it takes too long."""
        try:
            return subprocess.run(
                limited([self._git, *words], self._caps),
                env=environment(self._git, self._repo, self._fresh),
                cwd=self._repo,
                input=asked,
                text=True,
                errors="replace",
                capture_output=True,
                timeout=_ASKED_S_MAX,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
