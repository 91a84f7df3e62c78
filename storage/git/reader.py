"""Everything that pages, the API and the code index read of repositories: `GitReader` over dulwich's objects."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, final

from domain.errors import LocalFault, NotFound, TooLarge
from domain.ports_git import Distance, TreeDiff
from storage.git import commits, revs, trees
from storage.git.archive.store import ArchiveStore
from storage.git.blame import Blamer
from storage.git.care.usage import DiskUse
from storage.git.diff.files import Patches, as_file_change
from storage.git.diff.paths import changed
from storage.git.diff.renames import with_renames
from storage.git.engine.changes import TableHistory
from storage.git.history import History
from storage.git.kept_blames import KeptBlames
from storage.git.kept_looks import KeptLooks
from storage.git.languages import languages
from storage.git.last_answers import Remembered
from storage.git.last_commits import last_commits
from storage.git.names import shown
from storage.git.objects import BLOB, COMMIT, TYPES
from storage.git.packed_refs import refs_mark
from storage.git.pool import HandlePool
from storage.git.read_limits import (
    BINARY_SNIFF_BYTES,
    BLAME,
    DISPLAY,
    INDEXED_FILE_BYTES_MAX,
    INDEXED_FILES_MAX,
    MESSAGE_BYTES_MAX,
    PATCH,
    REMEMBERED_COUNTS_MAX,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from domain.ids import StreamId
    from domain.ports_files import Blame, LastCommits
    from domain.ports_git import CommitInfo, TreeEntry
    from storage.git.diff.files import Patch
    from storage.git.diff.paths import Change
    from storage.git.engine.keeping import KeptTables
    from storage.git.objects import Objects
    from storage.git.packed_refs import FileMark
    from storage.git.pool import Handle
    from storage.git.read_limits import DiffLimits
    from storage.git.trees import Entry


@final
class DulwichReader:
    """Reads `root/<stream hex>.git`; any number of threads may share one."""

    def __init__(self, root: Path, tables: KeptTables | None = None) -> None:
        """With `tables`, what they know is not read."""
        self._root = root
        self._tables = tables
        self._pool = HandlePool(root)
        self._disk = DiskUse(root)
        self._counts: dict[tuple[bytes, str], int] = {}  # by tip and path, which decide it for ever
        self._last_commits = Remembered()
        self._blames = KeptBlames()
        self._looks = KeptLooks()

    def close(self) -> None:
        """Let go of all packs; what is being read still ends well."""
        self._pool.close()

    def resolve(self, repo: StreamId, rev: str) -> str:
        with self._pool.use(repo) as handle:
            return revs.resolve(handle.objects, rev).decode()

    def mark(self, repo: StreamId) -> tuple[FileMark | None, ...]:
        return refs_mark(self._root / f"{repo.hex()}.git")

    def abbreviated(self, repo: StreamId, digits: str, *, limit: int = 10) -> list[str]:
        with self._pool.use(repo) as handle:
            return revs.abbreviated(handle.objects, digits, limit)

    def tree(self, repo: StreamId, rev: str, path: str) -> list[TreeEntry]:
        with self._walking(repo) as (handle, _):  # where there are thousands of files, their sizes take longest
            raw, entry = _found(handle.objects, rev, path)
            if entry.mode != trees.FOLDER:
                raise NotFound(f"{path!r} is not a folder", hint="read it as a file")
            return trees.listed(handle.objects, raw, entry.oid)

    def entry(self, repo: StreamId, rev: str, path: str) -> TreeEntry:
        with self._pool.use(repo) as handle:
            return trees.entry_of(handle.objects, *_found(handle.objects, rev, path))

    def blob(self, repo: StreamId, rev: str, path: str) -> tuple[TreeEntry, bytes]:
        with self._pool.use(repo) as handle:
            raw, entry = _found(handle.objects, rev, path)
            if entry.type == "tree":
                raise NotFound(f"{path!r} is a folder, not a file", hint="list it instead")
            if entry.type == "commit":
                raise NotFound(f"{path!r} is a submodule: its files are in another repository")
            data = handle.objects.typed(entry.oid, BLOB)
            return trees.entry_of(handle.objects, raw, entry), data

    def object(self, repo: StreamId, oid: str) -> tuple[str, bytes]:
        with self._pool.use(repo) as handle:
            kind, data = handle.objects.raw(_oid(oid))
            return TYPES[kind], data

    def archives(self, folder: Path) -> ArchiveStore:
        """Commits of these repositories as archives, kept in `folder`."""
        return ArchiveStore(self._pool, folder)

    def object_size(self, repo: StreamId, oid: str) -> int:
        with self._pool.use(repo) as handle:
            return handle.objects.size(_oid(oid))

    def blame(self, repo: StreamId, rev: str, path: str) -> Blame:
        with self._walking(repo) as (handle, history):
            tip = revs.resolve(handle.objects, rev)
            raw, entry = trees.find(handle.objects, trees.root_of(handle.objects, tip), path)
            if entry.type != "blob":
                raise NotFound(f"{path!r} is not a file", hint="only the lines of a file are blamed on somebody")
            size = handle.objects.sizes((entry.oid,))[entry.oid]
            if size > BLAME.blob_bytes_max:
                raise TooLarge(f"{path!r} has {size:,} bytes; at most {BLAME.blob_bytes_max:,} are blamed", hint=_BLAME)
            # From the commit on that touched the file last, so that the answer holds after pushes that do not.
            touched = tip if history.tables is None else history.tables.back(tip, raw)[0]
            found = self._blames.get((handle.folder, touched, raw))
            if found is None or found.left:
                known = partial(self._known_blame, handle.folder)
                found = Blamer(handle.objects, history, BLAME, known).blame(touched, raw, entry, found)
                self._blames.put((handle.folder, touched, raw), found)
            return found.blame

    def _known_blame(self, folder: tuple[Path, int, int], commit: bytes, path: bytes) -> Blame | None:
        found = self._blames.peek((folder, commit, path))
        return None if found is None else found.blame

    def last_commits(self, repo: StreamId, rev: str, path: str) -> LastCommits:
        with self._walking(repo) as (handle, history):
            tip = revs.resolve(handle.objects, rev)
            raw, entry = trees.find(handle.objects, trees.root_of(handle.objects, tip), path)
            if entry.mode != trees.FOLDER:
                raise NotFound(f"{path!r} is not a folder", hint="ask for the commits of its path")
            return last_commits(handle.objects, history, tip, raw, self._last_commits, handle.folder)

    def languages(self, repo: StreamId, rev: str) -> dict[str, int]:
        with self._pool.use(repo) as handle:
            root = trees.root_of(handle.objects, revs.resolve(handle.objects, rev))
            return languages(handle.objects, root, self._looks)

    def commit(self, repo: StreamId, rev: str, *, whole: bool = False) -> CommitInfo:
        with self._pool.use(repo) as handle:
            oid = revs.resolve(handle.objects, rev)
            return commits.parsed(oid, handle.objects.typed(oid, COMMIT)) if whole else _commit(handle.objects, oid)

    def commits(
        self, repo: StreamId, rev: str, *, path: str = "", after: str | None = None, limit: int = 30
    ) -> list[CommitInfo]:
        with self._walking(repo) as (handle, history):
            tip = revs.resolve(handle.objects, rev)
            behind = None if after is None else after.lower().encode()
            found = history.following(tip, path, behind) if after is None or revs.is_oid(after) else None
            if found is None:
                raise NotFound(f"the commit {after} is not in this history", hint="start the list again")
            return [_commit(handle.objects, oid) for oid in islice(found, limit)]

    def commit_count(self, repo: StreamId, rev: str, *, path: str = "") -> int:
        with self._walking(repo) as (handle, history):
            tip = revs.resolve(handle.objects, rev)
            count = self._counts.get((tip, path))
            if count is None:
                count = history.count(tip, path)
                if len(self._counts) >= REMEMBERED_COUNTS_MAX:
                    self._counts.clear()
                self._counts[tip, path] = count
            return count

    def diff(self, repo: StreamId, old: str | None, new: str) -> TreeDiff:
        with self._pool.use(repo) as handle:
            patches, total = _patches(handle.objects, old, new, DISPLAY)
            return TreeDiff(tuple(as_file_change(change, patch) for change, patch in patches), total)

    def patch(self, repo: StreamId, old: str | None, new: str) -> bytes:
        with self._pool.use(repo) as handle:
            patches, total = _patches(handle.objects, old, new, PATCH)
            texts: list[bytes] = []
            for change, patch in patches:
                if patch.truncated:
                    raise TooLarge(f"the change of {shown(change.path)} is too large for a patch", hint=_FETCH)
                texts.append(patch.text)
            if total > len(texts):
                raise TooLarge(f"{total:,} files differ, more than a patch is made for", hint=_FETCH)
            return b"".join(texts)

    def files_changed(
        self, repo: StreamId, old: str | None, new: str
    ) -> Iterator[tuple[str, str | None, bytes | None]]:
        with self._pool.use(repo) as handle:
            before, after = _roots(handle.objects, old, new)
            changes = list(islice(changed(handle.objects, before, after), INDEXED_FILES_MAX + 1))
        if len(changes) > INDEXED_FILES_MAX:
            raise TooLarge(f"more than {INDEXED_FILES_MAX:,} files differ", hint="this is more than is indexed")
        for change in changes:
            if change.new is not None and change.new.mode != trees.GITLINK:
                with self._pool.use(repo) as handle:  # not held while the caller works on what it was given
                    data = _indexable(handle.objects, change.new)
                yield shown(change.path), change.new.oid.decode(), data
            elif change.old is not None and change.old.mode != trees.GITLINK:
                yield shown(change.path), None, None

    def merge_base(self, repo: StreamId, a: str, b: str) -> str | None:
        with self._walking(repo) as (handle, history):
            found = history.merge_base(revs.resolve(handle.objects, a), revs.resolve(handle.objects, b))
            return None if found is None else found.decode()

    def distance(self, repo: StreamId, base: str, tip: str, *, limit: int = 0) -> Distance:
        with self._walking(repo) as (handle, history):
            sides = revs.resolve(handle.objects, base), revs.resolve(handle.objects, tip)
            behind, ahead = history.apart(*sides)
            commits = tuple(_commit(handle.objects, oid) for oid in ahead[:limit])
            return Distance(len(ahead), len(behind), commits)

    def is_ancestor(self, repo: StreamId, ancestor: str, of: str) -> bool:
        with self._walking(repo) as (handle, history):
            return history.is_ancestor(revs.resolve(handle.objects, ancestor), revs.resolve(handle.objects, of))

    @contextmanager
    def _walking(self, repo: StreamId) -> Generator[tuple[Handle, History]]:
        """The repository, open for going back in its history, by tables where there are some."""
        with self._pool.use(repo) as handle:
            tables = self._table_history(handle)
            handle.objects.packed = tables
            try:
                yield handle, History(handle.objects, handle.known, tables)
            finally:
                handle.objects.packed = None

    def _table_history(self, handle: Handle) -> TableHistory | None:
        """What is not in tables is read step by step; nobody who asks for a file waits for tables to be made."""
        if self._tables is None or self._disk.usage(handle.folder[0]).tableless:
            return None
        try:
            return TableHistory(self._tables.tables(handle.folder[0]))
        except (LocalFault, OSError):
            return None

    def disk_bytes(self, repo: StreamId) -> int:
        return self._disk.bytes(repo)


_FETCH = "fetch both commits and run git diff"
_BLAME = "clone the repository and run git blame"


def _oid(text: str) -> bytes:
    if not revs.is_oid(text):
        raise NotFound(f"{text!r} is not an object id", hint="an object id is 40 hexadecimal digits")
    return text.lower().encode()


def _found(objects: Objects, rev: str, path: str) -> tuple[bytes, Entry]:
    return trees.find(objects, trees.root_of(objects, revs.resolve(objects, rev)), path)


def _commit(objects: Objects, oid: bytes) -> CommitInfo:
    return commits.parsed(oid, objects.beginning_of(oid), message_bytes_max=MESSAGE_BYTES_MAX)


def _roots(objects: Objects, old: str | None, new: str) -> tuple[bytes | None, bytes]:
    before = None if old is None else trees.root_of(objects, revs.resolve(objects, old))
    return before, trees.root_of(objects, revs.resolve(objects, new))


def _patches(
    objects: Objects, old: str | None, new: str, limits: DiffLimits
) -> tuple[Iterator[tuple[Change, Patch]], int]:
    """Each change with its patch, and how many there are, which may be more."""
    found = changed(objects, *_roots(objects, old, new), trees_max=limits.folders_max)
    changes = list(islice(found, limits.changes_max))
    changes = with_renames(objects, changes, limits)
    shows = changes[: limits.files_max]
    patches = Patches(objects, shows, limits)
    return ((change, patches.of(change)) for change in shows), len(changes)


def _indexable(objects: Objects, entry: Entry) -> bytes | None:
    """A text file's bytes; nothing of symlinks, binary files and large ones."""
    if not entry.is_file or objects.sizes((entry.oid,))[entry.oid] > INDEXED_FILE_BYTES_MAX:
        return None
    data = objects.typed(entry.oid, BLOB)
    return None if b"\0" in data[:BINARY_SNIFF_BYTES] else data
