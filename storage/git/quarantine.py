"""The objects of one push, apart from the repository until the event that names them is durable.

    <repository>/quarantine/<token>/incoming        the bytes as they arrive, scanned on their way
    <repository>/quarantine/<token>/pack/pack-*     what git has checked and indexed
    <repository>/quarantine/<token>/pack/*.gt       the engine's tables of it, unless it is large (design/git-engine.md)
    <repository>/quarantine/<token>/intent          written last: everything before it is good, and on the disk

The folder is no alternate of the repository, so nothing in it can be seen or built upon before `publish`.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING, Final, Protocol, cast, final

from dulwich.object_format import SHA1
from dulwich.pack import load_pack_index

from domain.errors import NotFound, Unavailable
from domain.ports_git import Leftover, PackRefused
from storage.files import flush_folder, replace
from storage.git.alone import alone
from storage.git.chains import check_chains
from storage.git.indexer import Indexer
from storage.git.packdir import PackDir, kind_at
from storage.git.packscan import PackScan, human_bytes
from storage.git.streaming import Streamed

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from dulwich.pack import PackIndex

    from domain.ports_git import PackCaps

QUARANTINE: Final = "quarantine"
_INTENT: Final = "intent"
_PACK_SUFFIXES: Final = (".pack", ".rev", ".gt", ".idx")
"""In this order: a pack is there for readers once its index is."""
_TOKEN: Final = re.compile(r"[0-9a-f]{32}")
_TABLED_OBJECTS_MAX: Final = 20_000
"""Making the tables of so many takes about a second. Those of a larger push are made when somebody needs them."""


_STREAMED_OBJECTS_MIN: Final = 1_000
"""Git needs some milliseconds to read fewer."""


class TableMaker(Protocol):
    """Makes the tables that serving builds upon."""

    def make(self, pack: Path, repo: Path) -> None:
        """Put the tables of `pack`, which is to become the repository's, beside it."""
        ...


@final
class DiskQuarantine:
    """A push on its way in. `feed` and `finish` come one after the other; `discard` may come from any thread."""

    def __init__(
        self,
        repo: Path,
        token: str,
        caps: PackCaps,
        *,
        git: str,
        lenient: bool = False,
        hasty: bool = False,
        tables: TableMaker | None = None,
    ) -> None:
        """With `lenient`, objects with old, harmless faults are taken and noted in `excused`.

        `hasty` has git read a large pack while it arrives, as far as it was scanned: for one that comes without a
        pause, as a child waits for it. Git resolves no delta before it has all, and so not before all was scanned.
        """
        assert not (hasty and lenient), "what is read as it comes cannot be read again"
        self._tables = tables
        self.token = token
        self._lenient = lenient
        self._repo = repo
        self._folder = quarantine_folder(repo, token)
        self._caps = caps
        self._scan = PackScan(caps)
        self._bytes = 0
        self._lock = Lock()
        self._discarded = False
        if not repo.exists():
            raise NotFound("the repository's folder is missing on this node")
        (self._folder / "pack").mkdir(parents=True)
        self._incoming = self._folder / "incoming"
        self._file = self._incoming.open("xb")
        self._indexer = Indexer(git, repo, self._folder, caps)
        self._hasty = hasty
        self._streamed: Streamed | None = None
        self._unread = bytearray()
        """Of a pack that git reads while it arrives, what it was not given yet."""

    @property
    def progress(self) -> str:
        """What `finish` is at, in git's words."""
        return self._indexer.progress

    @property
    def counts(self) -> tuple[int, int]:
        """How many objects have arrived, and how many the pack says it has (0: not known yet)."""
        return len(self._scan.entries), self._scan.total

    @property
    def excused(self) -> dict[str, list[str]]:
        """By fault, the objects that were taken although they have it."""
        return {fault: sorted(oids) for fault, oids in sorted(self._indexer.excused.items())}

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the pack; a fault is raised as soon as its bytes are here."""
        self._bytes += len(chunk)
        if self._bytes > self._caps.pack_bytes_max:
            raise PackRefused(f"the pack is larger than {human_bytes(self._caps.pack_bytes_max)}, which is the limit")
        self._scan.feed(chunk)
        with self._lock, disk_faults():
            if self._discarded:
                raise PackRefused("the push was called off")
            if self._streamed is not None:
                self._unread += chunk
                self._hand_on(self._streamed)
                return
            self._file.write(chunk)
            if self._hasty and self._scan.total >= _STREAMED_OBJECTS_MIN:
                self._begin_early()

    def _begin_early(self) -> None:
        """Go on without the file: git writes what it reads."""
        self._file.close()
        self._unread += self._incoming.read_bytes()
        self._incoming.unlink()
        self._streamed = Streamed(self._indexer)
        self._hand_on(self._streamed)

    def _hand_on(self, streamed: Streamed) -> None:
        """Let git see what was scanned."""
        ready = self._scan.position - (self._bytes - len(self._unread))
        streamed.feed(self._unread[:ready])
        del self._unread[:ready]

    def finish(self, new_tips: Sequence[str]) -> dict[str, str]:
        """Check the whole, make it durable, and say of which type each tip is."""
        with self._lock, disk_faults():
            if self._discarded:
                raise PackRefused("the push was called off")
            self._file.close()
            self._scan.finish()
            if len(self._scan.entries):
                self._index()
            else:
                self._incoming.unlink()
            kinds = self._kinds(new_tips)
            make_durable(self._folder, new_tips)
            return kinds

    def discard(self) -> None:
        """Leave no bytes behind."""
        self._discarded = True
        self._indexer.kill()
        with self._lock:
            if self._streamed is not None:
                self._streamed.end()
            with suppress(OSError):  # what it still wanted to write has no place any more
                self._file.close()
            remove_quarantine(self._repo, self.token)

    def _index(self) -> None:
        entries = self._scan.entries
        packs = self._folder / "pack"
        if self._streamed is not None:
            self._streamed.feed(self._unread)
            self._streamed.finish()
        elif thin := bool(entries.ref_entries):
            self._indexer.run(self._incoming, thin=thin, lenient=self._lenient)
            self._incoming.unlink()
        else:
            pack = packs / f"pack-{self._scan.checksum}.pack"
            self._incoming.rename(pack)
            self._indexer.run(pack, thin=thin, lenient=self._lenient)
        (path,) = packs.glob("pack-*.idx")
        index = load_pack_index(path, SHA1)
        try:
            check_chains(entries, index, delta_depth_max=self._caps.delta_depth_max)
            self._check_structures(path.with_suffix(".pack"), index)
        finally:
            index.close()
        if self._tables is not None and (self._lenient or len(entries) <= _TABLED_OBJECTS_MAX):
            self._tables.make(path.with_suffix(".pack"), self._repo)

    def _check_structures(self, pack: Path, index: PackIndex) -> None:
        """Only a file may be as large as objects may be. Of objects over the lower bound there are few to look at."""
        entries, limit = self._scan.entries, self._caps.tree_bytes_max
        for offset, size in zip(entries.offsets, entries.sizes, strict=True):
            if size > limit and (kind := kind_at(pack, index, offset)) != "blob":
                raise PackRefused(f"a {kind} of the pack has {human_bytes(size)}; the limit is {human_bytes(limit)}")

    def _kinds(self, tips: Sequence[str]) -> dict[str, str]:
        kinds: dict[str, str] = {}
        with PackDir(self._folder) as fresh, PackDir(self._repo / "objects") as present:
            for tip in tips:
                kind = fresh.kind(tip) or present.kind(tip)
                if kind is None:
                    raise PackRefused(f"object {tip} is neither in the pack nor in the repository")
                kinds[tip] = kind
        return kinds


def make_durable(folder: Path, tips: Sequence[str]) -> None:
    """From the leaves to the root of a quarantine, and the intent when all it speaks of is on the disk."""
    for path in (folder / "pack").iterdir():
        if path.suffix == ".gt":
            continue  # whoever made it saw to that
        path.chmod(0o444)
        with path.open("rb") as file:
            os.fsync(file.fileno())
    flush_folder(folder / "pack")
    replace(folder / _INTENT, json.dumps({"tips": list(tips)}).encode(), 0o600)
    flush_folder(folder.parent)


@contextmanager
def disk_faults() -> Generator[None]:
    """A full disk is the node's trouble, and nobody's bug."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise Unavailable("the disk of this node is full", hint="free some space and push again") from error


def quarantine_folder(repo: Path, token: str) -> Path:
    """Where a quarantine is; a token comes from another process and must not be a path."""
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"not a quarantine token: {token!r}")
    return repo / QUARANTINE / token


def publish_quarantine(repo: Path, token: str) -> None:
    """Move a finished quarantine's packs into the repository, durably; doing it again finishes or does nothing."""
    folder = quarantine_folder(repo, token)
    if not folder.exists():
        return
    target = repo / "objects" / "pack"
    packs = sorted((folder / "pack").glob("pack-*"), key=lambda path: (path.stem, _PACK_SUFFIXES.index(path.suffix)))
    assert not packs or (folder / _INTENT).exists(), "published before it was checked"
    with alone(repo / "objects"):  # so that no pack of that name, which another one replaced, goes halfway
        for path in packs:
            # A pack is named for its content, so one of that name is the same, and may be being read.
            if (target / path.name).exists():
                path.unlink()
            else:
                path.rename(target / path.name)
    flush_folder(target)
    remove_quarantine(repo, token)


def remove_quarantine(repo: Path, token: str) -> None:
    """Drop a quarantine's folder; harmless if it is gone."""
    folder = quarantine_folder(repo, token)
    if folder.exists():
        shutil.rmtree(folder)


def leftovers(repo: Path) -> list[Leftover]:
    """Quarantines that a crash left."""
    found: list[Leftover] = []
    for folder in sorted((repo / QUARANTINE).glob("*")):
        if not _TOKEN.fullmatch(folder.name):
            continue
        try:
            intent = cast("dict[str, list[str]]", json.loads((folder / _INTENT).read_bytes()))
        except (FileNotFoundError, ValueError):
            found.append(Leftover(folder.name, (), finished=False))
        else:
            found.append(Leftover(folder.name, tuple(intent["tips"]), finished=True))
    return found
