"""A repository through git's own programs, for as long as it has no tables: slower, with the same answers.

Git chooses and packs; what it may be asked for, and what it is told that a client holds, is looked at here first.
"""

from __future__ import annotations

import mmap
import re
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Final, final

import numpy as np

from domain.errors import InvalidInput, Unavailable
from domain.ports_serving import DEPTH_INFINITE, Cut
from storage.git.child import environment, limited
from storage.git.engine.plan import Plan, Source
from storage.git.plain_objects import ServedObjects
from storage.git.plain_walk import Walks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
    from pathlib import Path

    from domain.ports_git import AdvertisedRef, PackCaps
    from domain.ports_serving import Deepening, ObjectFilter, PackRequest

CPU_S_MAX: Final = 600
"""How long git may work for one answer."""
_OID: Final = re.compile("[0-9a-f]{40}")
_SETTINGS: Final = (
    "core.packedGitWindowSize=32m",  # maps count as address space, too
    "core.packedGitLimit=256m",
    "pack.threads=1",
    "pack.useBitmaps=false",
)
_LOOK_S: Final = 0.25
_HEADER_BYTES, _TRAILER_BYTES = 12, 20


@final
class ByGit:
    """`Meanwhile`: opens repositories that have no tables."""

    def __init__(self, caps: PackCaps, *, git: str = "git") -> None:
        self._caps = replace(caps, index_cpu_s_max=min(CPU_S_MAX, caps.index_cpu_s_max))
        self._git = git

    def open(self, path: Path, refs: Sequence[AdvertisedRef]) -> SeenByGit:
        """The repository in this folder, to somebody who is shown these refs."""
        return SeenByGit(_Asking(path, self._caps, self._git), path, refs)


@final
class SeenByGit:
    """`PlainSeen`: what one set of refs leads to."""

    def __init__(self, asking: _Asking, path: Path, refs: Sequence[AdvertisedRef]) -> None:
        self._asking = asking
        self._refs = refs
        self._tips = list(dict.fromkeys(ref.oid for ref in refs))
        self._objects = ServedObjects(path / "objects")
        self._walks = Walks(self._objects)

    def held(self, oids: Sequence[str]) -> list[str]:
        kinds = self._asking.kinds(oids)
        commits = [oid for oid in oids if oid in kinds and kinds[oid][0] == "commit"]
        unseen = self._unseen(commits)
        return [oid for oid in commits if oid not in unseen]

    def missing(self, oids: Collection[str]) -> set[str]:
        """Looks at tips first, then at commits, and only then at every object there is."""
        left = set(oids) - {oid for ref in self._refs for oid in (ref.oid, ref.peeled)}
        kinds = self._asking.kinds(left)
        commits = {oid for oid, (kind, _) in kinds.items() if kind == "commit"}
        return (left - kinds.keys()) | self._unseen(commits) | self._unreached(kinds.keys() - commits)

    def cut(self, wants: Sequence[str], client_shallow: Collection[str], deepening: Deepening) -> Cut:
        known = frozenset(self.held(sorted(client_shallow)))
        if deepening.depth is None:
            return self._cut_by_walk(wants, known, deepening)
        if deepening.depth >= DEPTH_INFINITE:
            return Cut(frozenset(), known)
        starts, depth = wants, deepening.depth
        if deepening.relative:
            past = set(self._walks.newest_first(wants))
            starts, depth = sorted(known & past), depth + 1
        ends, above = self._walks.within(starts, depth)
        return Cut(frozenset(ends - known), known & above)

    def all_meet(self, wants: Sequence[str], common: Collection[str]) -> bool:
        return self._walks.all_meet(wants, sorted(common))

    def sizes(self, oids: Collection[str]) -> dict[str, int]:
        seen = set(oids) - self.missing(oids)
        return {oid: size for oid, (_, size) in self._asking.kinds(seen).items()}

    def plan(self, request: PackRequest, scratch: Path, still_wanted: Callable[[], None]) -> Plan:
        """The pack that is asked for, in a nameless file of `scratch`; `still_wanted` may raise to end the work."""
        words = ["pack-objects", "--revs", "--stdout", "-q", "--window=0", "--shallow", *_filters(request.filter)]
        words += ["--thin"] if request.thin else []
        words += ["--delta-base-offset"] if request.ofs_delta else []
        cut_off, below = request.client_shallow, frozenset[str]()
        if request.cut is not None:
            # What a client unshallows stays cut off, as in what it has; its parents are wanted.
            cut_off, below = cut_off | request.cut.shallow, request.cut.unshallow
        lines = [f"--shallow {oid}" for oid in sorted(cut_off)]
        lines += [*request.wants, *self._asking.parents(sorted(below)), *self._along(request)]
        lines += ["--not", *request.haves, *sorted(below), ""]
        with tempfile.TemporaryFile(dir=scratch) as file:
            self._asking.write(words, lines, file, still_wanted)
            return _plan_of(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))

    def close(self) -> None:
        """Let go of what is open."""
        self._objects.close()

    def _cut_by_walk(self, wants: Sequence[str], known: frozenset[str], deepening: Deepening) -> Cut:
        names = {ref.name: ref.oid for ref in self._refs}
        if unknown := [name for name in deepening.excluded if name not in names]:
            raise InvalidInput(f"there is no ref {unknown[0]}")
        without = set(self._walks.newest_first(names[name] for name in deepening.excluded))
        kept = set(self._walks.newest_first(wants, since=deepening.since or 0)) - without
        if not kept:
            raise InvalidInput("no commits selected for shallow requests")
        border = {oid for oid in kept if not kept.issuperset(self._walks.parents(oid))}
        return Cut(frozenset(border - known), known & (kept - border))

    def _unseen(self, commits: Collection[str]) -> set[str]:
        """Those of these commits that no ref shown leads to."""
        asked = set(commits) - set(self._tips)
        if not asked:
            return set()
        return asked.intersection(
            self._asking.lines(["rev-list", "--stdin"], [*asked, *(f"^{oid}" for oid in self._tips)])
        )

    def _unreached(self, oids: Collection[str]) -> set[str]:
        """Those of these tags, trees and blobs that no ref shown leads to."""
        left = set(oids)
        if left:
            words = ["rev-list", "--objects", "--no-object-names", "--stdin"]
            with self._asking.going(words, self._tips) as lines:
                for line in lines:
                    left.discard(line.strip())
                    if not left:
                        break
        return left

    def _along(self, request: PackRequest) -> list[str]:
        """Tags that lead to what is sent. Where a history is cut, those on what is wanted: a client asks for others."""
        tags = [ref for ref in self._refs if ref.peeled is not None and ref.oid not in request.wants]
        if not request.include_tag or not tags:
            return []
        sent = set(request.wants)
        if request.cut is None and not request.client_shallow:
            words = [*request.wants, *(f"^{oid}" for oid in request.haves)]
            sent.update(self._asking.lines(["rev-list", "--stdin"], words))
        return [ref.oid for ref in tags if ref.peeled in sent]


@final
class _Asking:
    """Git, with one repository before it."""

    def __init__(self, path: Path, caps: PackCaps, git: str) -> None:
        self._path = path
        self._caps = caps
        self._git = git

    def kinds(self, oids: Iterable[str]) -> Mapping[str, tuple[str, int]]:
        """The type and size of those of these objects that are there, whoever may see them."""
        asked = [oid for oid in oids if _OID.fullmatch(oid)]
        told = self.lines(["cat-file", "--batch-check"], asked) if asked else []
        rows = (line.split(" ") for line in told)
        return {row[0]: (row[1], int(row[2])) for row in rows if len(row) == 3}

    def parents(self, commits: Sequence[str]) -> list[str]:
        """Of all of these together."""
        told = self.lines(["rev-list", "--no-walk", "--parents", "--stdin"], commits) if commits else []
        return [oid for line in told for oid in line.split(" ")[1:]]

    def lines(self, words: Sequence[str], asked: Sequence[str]) -> list[str]:
        """What git answers."""
        with self.going(words, asked) as lines:
            return [line.rstrip("\n") for line in lines]

    @contextmanager
    def going(self, words: Sequence[str], asked: Sequence[str]) -> Generator[IO[str]]:
        """What git answers as it comes; it is ended where nobody reads to the end."""
        with tempfile.TemporaryFile("w+") as told:
            told.write("".join(f"{line}\n" for line in asked))
            told.seek(0)
            child = subprocess.Popen(
                self._words(words), stdin=told, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                env=environment(self._git, self._path), cwd=self._path,
            )  # fmt: skip
        assert child.stdout is not None
        ended = False
        try:
            yield child.stdout
            ended = not child.stdout.read(1)
        finally:
            if not ended:
                child.kill()
            child.stdout.close()
            code = child.wait()
        if ended and code:
            raise _failed(words[0])

    def write(
        self, words: Sequence[str], asked: Sequence[str], file: IO[bytes], still_wanted: Callable[[], None]
    ) -> None:
        """Have git write its answer into a file."""
        with tempfile.TemporaryFile("w+") as told:
            told.write("".join(f"{line}\n" for line in asked))
            told.seek(0)
            child = subprocess.Popen(
                self._words(words), stdin=told, stdout=file, stderr=subprocess.DEVNULL,
                env=environment(self._git, self._path), cwd=self._path,
            )  # fmt: skip
        try:
            while child.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    child.wait(_LOOK_S)
                still_wanted()
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        if child.returncode:
            raise _failed(words[0])

    def _words(self, words: Sequence[str]) -> list[str]:
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        return limited([self._git, *settings, *words], self._caps)


def _filters(chosen: ObjectFilter | None) -> list[str]:
    words = list[str]()
    if chosen is not None and chosen.blob_bytes_max is not None:
        words.append(f"--filter=blob:limit={chosen.blob_bytes_max}" if chosen.blob_bytes_max else "--filter=blob:none")
    if chosen is not None and chosen.tree_depth_max is not None:
        words.append(f"--filter=tree:{chosen.tree_depth_max}")
    return words


def _plan_of(data: memoryview) -> Plan:
    """A pack that is whole already, to be sent once or twice and never put into a file of its own."""
    end = len(data) - _TRAILER_BYTES
    if end < _HEADER_BYTES or bytes(data[:4]) != b"PACK":
        raise _failed("pack-objects")
    some = int(end > _HEADER_BYTES)
    plan = Plan(
        [Source("", data)],
        np.zeros(some, np.int32),
        np.full(some, _HEADER_BYTES, np.int64),
        np.full(some, end, np.int64),
        objects=int.from_bytes(data[8:12], "big"),
        trailer=bytes(data[end:]),
    )
    plan.filed = True
    return plan


def _failed(word: str) -> Unavailable:
    return Unavailable(
        f"git {word} did not end well, and the tables of this repository are still being made",
        hint="try again in a while; `gitant repo check` says what is wrong with a repository",
    )
