"""The seams between git on disk, git on the wire, and whoever decides: Protocols only.

`transport` speaks the wire and knows only these; `storage` keeps the disk and implements some of them;
`gitant/node.py` ties the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from domain.pack_caps import PackCaps as PackCaps  # noqa: PLC0414  # whoever uses these ports finds it here, too
from domain.ports_files import FilesReader

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from domain.actor import Actor
    from domain.ids import StreamId

ZERO_OID = "0" * 40


@dataclass(frozen=True, slots=True)
class RefCommand:
    """One line of a push: move `ref` from `old` to `new` (40 hex digits; `ZERO_OID` creates or deletes)."""

    ref: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class RefOutcome:
    """What became of one `RefCommand`: `reason` is empty when it was carried out; `words` may say more."""

    ref: str
    reason: str = ""
    words: str = ""

    @property
    def ok(self) -> bool:
        return not self.reason


class Quarantine(Protocol):
    """Objects of one push, apart from the repository until the event that names them is durable."""

    token: str
    """Names this quarantine to the writer, which publishes it after the append."""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the pack; raises `PackRefused` when a cap is passed."""

    @property
    def progress(self) -> str:
        """What `finish` is at, in words for whoever waits."""
        ...

    def finish(self, new_tips: Sequence[str]) -> Mapping[str, str]:
        """Check it all: sizes before any delta is applied, hashes, object syntax, connectivity of `new_tips`.

        Returns the type (commit, tag, tree or blob) of each tip. Raises `PackRefused`, whose text is what the
        client is told. Takes long: call it off the event loop.
        """
        ...

    def discard(self) -> None:
        """Leave no bytes behind. Harmless after the writer has published."""


class Staging(Quarantine, Protocol):
    """Objects of a repository that is to come. Old, harmless faults of theirs are excused, and told."""

    @property
    def counts(self) -> tuple[int, int]:
        """How many objects have arrived, and how many the pack says it has (0: not known yet)."""
        ...

    @property
    def excused(self) -> Mapping[str, Sequence[str]]:
        """By git's name for a fault, the objects that have it and were taken all the same; known after `finish`."""
        ...


class PackRefused(Exception):
    """Why a pack is not taken, in words for the person who pushed it."""


class GitStore(Protocol):
    """The repositories of this node, as folders."""

    def path(self, repo: StreamId) -> Path:
        """Where the bare repository is (whether or not it exists)."""
        ...

    def create(self, repo: StreamId) -> None:
        """Make an empty bare repository; harmless if it is there."""

    def delete(self, repo: StreamId) -> None:
        """Remove the repository's folder; harmless if it is gone."""

    def bury(self, repo: StreamId) -> None:
        """Take the repository away at once, its files when somebody clears up; harmless if it is gone."""

    def clear_buried(self) -> None:
        """Remove the files of what was buried. Safe beside everything else; takes long."""

    def quarantine(self, repo: StreamId, *, hasty: bool = False) -> Quarantine:
        """A fresh quarantine for one push; `hasty` where the pack comes without a pause, to check it as it comes."""
        ...

    def publish(self, repo: StreamId, token: str) -> None:
        """Move a finished quarantine's objects into the repository, durably. Harmless when done already."""

    def discard(self, repo: StreamId, token: str) -> None:
        """Drop a quarantine by name."""

    def holds(self, repo: StreamId) -> bool:
        """Whether the repository is on this disk."""
        ...

    def leftovers(self, repo: StreamId) -> Sequence[Leftover]:
        """Quarantines that a crash left, with the tips each was checked for."""
        ...

    def stage(self) -> Staging:
        """A place for the objects of a repository that is to come."""
        ...

    def fork(self, origin: StreamId, tips: Sequence[str]) -> str:
        """Stage what is in the past of `tips` (and nothing else), sharing it on disk; the token. Takes long."""
        ...

    def staged(self) -> Sequence[Leftover]:
        """What is staged now; at a start, what a crash left."""
        ...

    def adopt(self, repo: StreamId, token: str) -> None:
        """Give a repository what was staged, durably. Harmless when done already."""

    def unstage(self, token: str) -> None:
        """Drop what was staged under a token; harmless if it is gone."""

    def excuse(self, repo: StreamId, oids: Iterable[str]) -> None:
        """Have later pushes bring these objects although they have old faults."""

    def set_refs(self, repo: StreamId, refs: Mapping[str, str], *, head: str) -> None:
        """Make refs on disk equal `refs` (name to oid) and HEAD point to `head`; touch what differs."""

    def move_refs(self, repo: StreamId, moves: Mapping[str, str | None]) -> None:
        """Write some refs (`None` deletes), leaving the others alone."""

    def refs(self, repo: StreamId) -> dict[str, str]:
        """The refs on disk, HEAD not included."""
        ...

    def advertised(self, repo: StreamId) -> Sequence[AdvertisedRef]:
        """The refs on disk in git's order, all of one moment."""
        ...

    def has(self, repo: StreamId, oid: str) -> bool:
        """Whether the repository itself (no quarantine) holds an object."""
        ...

    def kinds(self, repo: StreamId, oids: Sequence[str]) -> Mapping[str, str]:
        """The types (commit, tree, blob, tag) of those of these objects that the repository itself holds."""
        ...

    def landed(self, repo: StreamId, old: str | None, new: str, token: str | None) -> Sequence[tuple[str, str]]:
        """(oid, message) of commits in the past of `new` and not of `old`, newest first; the first few hundred.

        `token` names the quarantine that may hold them still.
        """
        ...

    def advancing(
        self, repo: StreamId, moves: Collection[tuple[str, str]], token: str | None
    ) -> frozenset[tuple[str, str]]:
        """Those of these (old, new) of which `old` is in the history of `new`.

        Not among them are those of which one is no commit, or cannot be found out about.
        """
        ...


@dataclass(frozen=True, slots=True)
class AdvertisedRef:
    """A ref as clients are told of it; `peeled` is where a tag object leads in the end."""

    name: str
    oid: str
    peeled: str | None = None


@dataclass(frozen=True, slots=True)
class Leftover:
    """A quarantine found at start: publish it if its tips are refs of the log, else drop it."""

    token: str
    tips: tuple[str, ...]
    finished: bool
    """Whether it was checked and made durable before the crash."""


@dataclass(frozen=True, slots=True)
class RepoAddress:
    """A repository as a git URL names it, and what its front door needs to know."""

    id: StreamId
    default_branch: str
    notice: str = ""
    """What whoever gets something from it is to be told: where it goes on, if elsewhere."""


class GitGate(Protocol):
    """Who may come in by git, and the one place where a push becomes events."""

    async def actor(self, scope: Mapping[str, Any]) -> Actor:
        """Who is asking, by the request's ASGI scope; raises `Unauthenticated` for wrong credentials."""
        ...

    async def known_now(self, scope: Mapping[str, Any]) -> Actor:
        """For whom the credentials stand by now, of a request that was let in and goes on; raises as `actor` does."""
        ...

    async def readable(self, actor: Actor, path: str) -> RepoAddress:
        """The repository a URL path (`owner/name` or an id) names.

        Raises `NotFound`, or `Unauthenticated` where an anonymous asker might find it by saying who they are.
        """
        ...

    async def writable(self, actor: Actor, repo: RepoAddress) -> None:
        """Return if `actor` may push here; else `Unauthenticated`, `Forbidden` or `Conflict` (archived)."""

    async def push(
        self,
        actor: Actor,
        repo: RepoAddress,
        commands: Sequence[RefCommand],
        *,
        quarantine: str | None,
        atomic: bool,
    ) -> Sequence[RefOutcome]:
        """Append the moves as events, publish the objects, move the refs; one outcome each, in order."""
        ...


# --- what pages and the API read ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One line of a folder: `mode` in octal text as git prints it, `type` blob, tree or commit."""

    name: str
    path: str
    mode: str
    type: str
    oid: str
    size: int | None


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """A commit as read models and the API show it; times in whole seconds since 1970."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    message: str
    author_name: str
    author_email: str
    author_time: int
    author_offset_min: int
    committer_name: str
    committer_email: str
    committer_time: int
    committer_offset_min: int
    message_cut: bool = False
    """Whether the message goes on behind what is here of it."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One path that differs between two trees; `status` is added, deleted, modified, renamed or copied."""

    status: str
    path: str
    old_path: str | None
    old_oid: str | None
    new_oid: str | None
    old_mode: str | None
    new_mode: str | None
    binary: bool
    additions: int
    deletions: int
    patch: str
    """The unified diff of this file with its `diff --git` header; cut (and `truncated`) past the limit."""
    truncated: bool = False
    similarity: int | None = None
    """Of a rename, in per cent."""


@dataclass(frozen=True, slots=True)
class TreeDiff:
    """What changed between two trees, in path order; bounded, and saying so."""

    files: tuple[FileChange, ...]
    files_total: int
    """How many files differ: more than `files` holds when there are more than a diff shows."""

    @property
    def truncated(self) -> bool:
        """Whether a file is missing here or its patch is cut."""
        return self.files_total > len(self.files) or any(file.truncated for file in self.files)


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a commit is from another one: commits it has besides (`ahead`), and those it lacks (`behind`)."""

    ahead: int
    behind: int
    commits: tuple[CommitInfo, ...]
    """The first of those that it has besides, newest first."""


class GitReader(FilesReader, Protocol):
    r"""Read a repository's objects. Names: a `rev` is a branch, a tag, a full ref, `HEAD` or a 40-digit oid.

    Raises `NotFound` for revs, paths and objects that are not there. Blocking: call it off the event loop.
    A path is bytes to git; here it is UTF-8, a byte that is not is written `\xff`, and it is found by that name.
    """

    def resolve(self, repo: StreamId, rev: str) -> str:
        """The commit a rev names (tags peeled)."""
        ...

    def mark(self, repo: StreamId) -> Hashable:
        """Another one once a ref or HEAD has moved on the disk; quick enough for the event loop.

        Refs follow the log: there are moments when the views have an event, and the refs are not yet where it says.
        """
        ...

    def abbreviated(self, repo: StreamId, digits: str, *, limit: int = 10) -> list[str]:
        """The commits that are here and whose names begin with these digits, at most `limit`, sorted."""
        ...

    def tree(self, repo: StreamId, rev: str, path: str) -> list[TreeEntry]:
        """A folder's entries, folders first; `path` is empty for the root."""
        ...

    def entry(self, repo: StreamId, rev: str, path: str) -> TreeEntry:
        """What is at a path, its size known without reading it; the root is a tree with an empty name."""
        ...

    def blob(self, repo: StreamId, rev: str, path: str) -> tuple[TreeEntry, bytes]:
        """A file's entry and bytes (a symlink's are its target)."""
        ...

    def object(self, repo: StreamId, oid: str) -> tuple[str, bytes]:
        """An object's type (blob, tree, commit, tag) and raw bytes."""
        ...

    def commit(self, repo: StreamId, rev: str, *, whole: bool = False) -> CommitInfo:
        """One commit; all of its message, however long, where the `whole` of it is wanted."""
        ...

    def commits(
        self, repo: StreamId, rev: str, *, path: str = "", after: str | None = None, limit: int = 30
    ) -> list[CommitInfo]:
        """History from `rev`, newest first by date, at most `limit`, from behind the commit `after`.

        With `path`, only commits that change it. Pages of one listing name the same commit as `rev`.
        """
        ...

    def commit_count(self, repo: StreamId, rev: str, *, path: str = "") -> int:
        """How many commits `commits` would list without a limit."""
        ...

    def diff(self, repo: StreamId, old: str | None, new: str) -> TreeDiff:
        """What changed between two revs, recursively, with renames; `old` None compares with nothing."""
        ...

    def patch(self, repo: StreamId, old: str | None, new: str) -> bytes:
        """The same, byte for byte what `git apply` takes; raises `TooLarge` rather than cut anything."""
        ...

    def files_changed(
        self, repo: StreamId, old: str | None, new: str
    ) -> Iterator[tuple[str, str | None, bytes | None]]:
        """(path, blob oid, bytes) of each file that differs; oid and bytes are None where it is gone.

        For the code index: binary files and those over its size limit come with bytes None and an oid.
        """
        ...

    def merge_base(self, repo: StreamId, a: str, b: str) -> str | None:
        """A best common ancestor of two revs, or None."""
        ...

    def distance(self, repo: StreamId, base: str, tip: str, *, limit: int = 0) -> Distance:
        """How far `tip` is from `base`, with at most `limit` of the commits that it is ahead by."""
        ...

    def is_ancestor(self, repo: StreamId, ancestor: str, of: str) -> bool:
        """Whether the commit `ancestor` is `of` or reachable from it."""
        ...

    def disk_bytes(self, repo: StreamId) -> int:
        """What its packs, their indexes and tables take on the disk; 0 where it has none here."""
        ...
