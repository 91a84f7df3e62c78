"""Which files hold a repository's objects, at a moment when its writer may be at work."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from storage.git.quarantine import leftovers, quarantine_folder
from storage.git.staging import staged_folder, staged_leftovers

if TYPE_CHECKING:
    from collections.abc import Collection

_HOLDER: Final = re.compile(r"objects/(pack/pack-[0-9a-f]{40,64}\.(pack|idx|rev)|[0-9a-f]{2}/[0-9a-f]{38,62})")


def holds_objects(name: str) -> bool:
    """Whether a file of that path under a repository's folder holds objects, or the index of a pack that does.

    What else is put there (tables, a graph of commits, the index of several packs) can be made again; and a list of
    other folders to read objects from must not travel.
    """
    return _HOLDER.fullmatch(name) is not None


def object_files(root: Path, repo: Path, tips: Collection[str]) -> dict[str, Path]:
    """By path under the folder `repo`, the files that hold its objects: whole packs, each under a name for ever.

    `tips` are where its refs point by the log. The objects of an event are published after it is durable, so those of
    a push or copy that is checked and has one of the tips count as the repository's. Any of them may have moved by
    the time it is opened: then look again.
    """
    # Those on their way first: what arrives between the two looks is seen by the second.
    found = dict(_on_their_way(root, repo, set(tips)))
    objects = repo / "objects"
    for folder, _, names in os.walk(objects):
        for name in names:
            path = Path(folder) / name
            if holds_objects(inner := str(path.relative_to(repo))):
                found[inner] = path
    return found


def _on_their_way(root: Path, repo: Path, tips: set[str]) -> list[tuple[str, Path]]:
    pushed = [(repo, leftover) for leftover in leftovers(repo)]
    staged = [(staged_folder(root, leftover.token), leftover) for leftover in staged_leftovers(root)]
    return [
        (f"objects/pack/{path.name}", path)
        for folder, leftover in pushed + staged
        if leftover.finished and not tips.isdisjoint(leftover.tips)
        for path in sorted((quarantine_folder(folder, leftover.token) / "pack").glob("pack-*"))
        if holds_objects(f"objects/pack/{path.name}")
    ]
