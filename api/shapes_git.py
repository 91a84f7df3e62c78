"""What clients get of git: refs, files, commits, diffs, pushes."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field


class Ref(Struct):
    """A ref as the log has it; `values` are the rival places of a diverged one."""

    name: str
    short: str
    type: Literal["branch", "tag"]
    hash: str | None
    diverged: bool
    event: str
    values: list[dict[str, Any]] = []


class Refs(Struct):
    """A page of refs."""

    refs: list[Ref]


class Branch(Struct):
    """A branch: `name` without refs/heads/, `ref` with it."""

    name: str
    ref: str
    hash: str | None
    default: bool
    diverged: bool
    event: str


class Branches(Struct):
    """A page of branches."""

    branches: list[Branch]


class CloneSource(Struct):
    """Where to clone from and what there is; `complete` is false when there are more refs than are listed."""

    id: str
    name: str
    clone_url: str
    default_branch: str
    refs: list[Ref]
    complete: bool


class GitObject(Struct):
    """A git object; its content is base64."""

    hash: str
    type: str
    size: int
    content: str


class RefMoved(Struct):
    """A ref that a push moved; `hash` is None where it is deleted."""

    name: str
    hash: str | None


class Pushed(Struct):
    """What a push did. One that fails is an error, so `success` is true and `errors` empty."""

    success: bool
    repo: str
    errors: list[str]
    refs: list[RefMoved]
    events: list[str]


class Person(Struct):
    """Who a commit names, and when, in its own time zone."""

    name: str
    email: str
    date: str


class LastCommit(Struct):
    """The commit that last changed an entry; `summary` is its message's first line."""

    hash: str
    summary: str
    author: Person
    committer: Person


class Entry(Struct):
    """A line of a folder; `type` is blob, tree, or commit for a submodule. `last_commit` is there if asked for."""

    name: str
    path: str
    mode: str
    type: str
    hash: str
    size: int | None
    last_commit: LastCommit | None = None


class Folder(Struct):
    """A folder's entries, folders first; `last_commits_complete` is false where a bound left some out."""

    ref: str
    commit: str
    path: str
    entries: list[Entry]
    last_commits_complete: bool = True


class File(Struct):
    """A file; `content` is its text, or base64 where `encoding` says so."""

    path: str
    name: str
    mode: str
    size: int
    oid: str
    commit: str
    encoding: Literal["utf-8", "base64"]
    content: str
    binary: bool


class Stats(Struct):
    """How large a change is."""

    files: int
    additions: int
    deletions: int


class Commit(Struct, kw_only=True):
    """A commit."""

    hash: str
    tree_hash: str
    parent_hashes: list[str]
    message: str
    author: Person
    committer: Person
    message_cut: bool = False
    """There where a list has only the beginning of a long message."""


class Commits(Struct):
    """A page of history."""

    commits: list[Commit]


class Change(Struct):
    """A file that differs; `file` and `type` repeat `path` and `status` for older clients."""

    path: str
    file: str
    status: Literal["added", "deleted", "modified", "renamed", "copied"]
    type: str
    old_path: str | None
    old_hash: str | None
    new_hash: str | None
    old_mode: str | None
    new_mode: str | None
    binary: bool
    additions: int
    deletions: int
    similarity: int | None
    patch: str
    truncated: bool


class Diff(Struct, kw_only=True):
    """What differs between two commits; `from` is None where there is nothing to compare with."""

    from_: str | None = field(name="from")
    to: str
    changes: list[Change]
    total: int
    truncated: bool


class CommitDiff(Commit, kw_only=True):
    """A commit with what it changed against its first parent."""

    stats: Stats
    changes: list[Change]
    truncated: bool


class ParentDiff(Struct):
    """A commit's parent, and what the commit changed against it."""

    hash: str
    changes: list[Change]
    total: int
    truncated: bool


class ParentDiffs(Struct):
    """A commit's parents."""

    hash: str
    parents: list[ParentDiff]


class Place(Struct):
    """A file in a commit."""

    commit: str
    path: str


class BlameRange(Struct):
    """`count` lines from `start` on, which `commit` wrote as lines `original_start` and following of `original_path`.

    `previous` is where to ask what stood there before. With `boundary` the lines are of this commit or an older one.
    """

    start: int
    count: int
    commit: str
    original_path: str
    original_start: int
    previous: Place | None
    boundary: bool


class Blame(Struct):
    """Who wrote each line of a file; `complete` is false where a bound ended the search early."""

    ref: str
    commit: str
    path: str
    ranges: list[BlameRange]
    commits: dict[str, Commit]
    complete: bool


class Patch(Struct):
    """A unified diff as git writes it. `lossy` when it holds bytes that are not UTF-8: ask for text/plain then."""

    patch: str
    lossy: bool


class Languages(Struct):
    """Bytes by language, most first; `complete` is false while the count catches up with a push."""

    languages: dict[str, int]
    total: int
    commit: str | None
    complete: bool


class Hit(Struct):
    """A line that holds the words."""

    file: str
    line: int
    context: str


class Hits(Struct):
    """What a code search found; `complete` is false while the index catches up, `more` when the list is cut."""

    query: str
    commit: str | None
    results: list[Hit]
    total: int
    more: bool
    complete: bool
