"""A folder: its entries, each with the commit that last changed it, and what its README says."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final

from api.pages.kept import Kept
from api.pages.markdown import Place, rendered
from api.pages.place import url_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.ids import StreamId
    from domain.ports_git import CommitInfo, GitReader, TreeEntry
    from domain.ports_views import RepoRow

README: Final = ("readme.md", "readme.markdown", "readme.rst", "readme.txt", "readme")
README_BYTES_MAX: Final = 1 << 20
ENTRIES_SHOWN: Final = 500
MARKDOWN: Final = (".md", ".markdown")
_ENTRY_BYTES: Final = 2_048
_INSIDE: Final = Kept[dict[str, Any]](16 << 20)


def inside(git: GitReader, row: RepoRow, commit: str, path: str, after: str = "") -> dict[str, Any]:
    """What a page shows of a folder, from behind the entry `after` on: a name, of a folder with a slash behind it.

    Blocking; `complete` is false while last commits are still being looked for, and what is complete is kept.
    """
    key = row.id, url_of(row), commit, path, after
    found = _INSIDE.get(key)
    if found is None:
        found = _inside(git, row, commit, path, after)
        if found["complete"]:
            _INSIDE.put(key, found, 4 * len(found["readme"]) + _ENTRY_BYTES * len(found["entries"]))
    return found


def _inside(git: GitReader, row: RepoRow, commit: str, path: str, after: str) -> dict[str, Any]:
    entries = git.tree(row.id, commit, path)
    here = _behind(entries, after)
    part = entries[here : here + ENTRIES_SHOWN]
    last = git.last_commits(row.id, commit, path)
    commits = {oid: git.commit(row.id, oid) for oid in {last.commits.get(entry.name, "") for entry in part} - {""}}
    name, readme = _readme(git, row.id, commit, entries) if not here else ("", "")
    shown = rendered(readme, Place(url_of(row), commit, path)) if name.lower().endswith(MARKDOWN) else None
    return {
        "entries": _listed(part, last.commits, commits),
        "entry_count": len(entries),
        "before": here,
        "following": _mark(part[-1]) if here + len(part) < len(entries) else "",
        "complete": last.complete,
        "readme_name": name,
        "readme": readme,
        "readme_html": shown,
    }


def _mark(entry: TreeEntry) -> str:
    return entry.name + ("/" if entry.type == "tree" else "")


def _behind(entries: Sequence[TreeEntry], after: str) -> int:
    """Where the entries behind a name begin: they stay behind it when others come and go."""
    if not after:
        return 0
    by_mark = {_mark(entry): at for at, entry in enumerate(entries, 1)}
    place = (not after.endswith("/"), after.removesuffix("/"))
    return by_mark.get(after) or bisect_right(entries, place, key=lambda entry: (entry.type != "tree", entry.name))


def _listed(
    entries: Sequence[TreeEntry], last: Mapping[str, str], commits: Mapping[str, CommitInfo]
) -> list[tuple[TreeEntry, CommitInfo | None]]:
    return [(entry, commits.get(last.get(entry.name, ""))) for entry in entries]


def _readme(git: GitReader, repo: StreamId, commit: str, entries: Sequence[TreeEntry]) -> tuple[str, str]:
    by_name = {entry.name.lower(): entry for entry in entries if entry.type == "blob"}
    for name in README:
        entry = by_name.get(name)
        if entry is not None and (entry.size or 0) <= README_BYTES_MAX:
            return entry.name, git.blob(repo, commit, entry.path)[1].decode("utf-8", "replace")
    return "", ""
