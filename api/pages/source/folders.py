"""A folder: its entries, each with the commit that last changed it, and what its README says."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final

from api.pages.blocks import Block
from api.pages.kept import Kept
from api.pages.markdown import Place, rendered
from api.pages.place import url_of
from api.pages.templating import environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.pages.source.at import At
    from domain.ids import StreamId
    from domain.ports_git import CommitInfo, GitReader, TreeEntry

README: Final = ("readme.md", "readme.markdown", "readme.rst", "readme.txt", "readme")
README_BYTES_MAX: Final = 1 << 20
ENTRIES_SHOWN: Final = 500
MARKDOWN: Final = (".md", ".markdown")
_ENTRY_BYTES: Final = 2_048
_INSIDE: Final = Kept[dict[str, Any]](16 << 20)


def inside(git: GitReader, at: At, commit: str, after: str = "") -> dict[str, Any]:
    """What a page shows of a folder, from behind the entry `after` on: a name, of a folder with a slash behind it.

    Blocking; `complete` is false while last commits are still being looked for, and what is complete is kept.
    """
    key = at.row.id, url_of(at.row), at.kind, at.ref, at.path, commit, after
    found = _INSIDE.get(key)
    if found is None:
        found = _inside(git, at, commit, after)
        if found["complete"]:
            size = 4 * len(found["readme"]) + _ENTRY_BYTES * len(found["entries"]) + len(found["rows"])
            _INSIDE.put(key, found, size)
    return found


def _inside(git: GitReader, at: At, commit: str, after: str) -> dict[str, Any]:
    row, path = at.row, at.path
    entries = git.tree(row.id, commit, path)
    here = _behind(entries, after)
    part = entries[here : here + ENTRIES_SHOWN]
    last = git.last_commits(row.id, commit, path)
    commits = {oid: git.commit(row.id, oid) for oid in {last.commits.get(entry.name, "") for entry in part} - {""}}
    name, readme = _readme(git, row.id, commit, entries) if not here else ("", "")
    shown = rendered(readme, Place(url_of(row), commit, path)) if name.lower().endswith(MARKDOWN) else None
    listed = _listed(part, last.commits, commits)
    parts: Any = environment().get_template("code_parts.html").module
    return {
        "entries": listed,
        "rows": Block(parts.tree_rows(listed, url_of(row), at.kind, at.ref)),
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
