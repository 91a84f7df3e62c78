"""Objects of a repository that does not exist yet: gathered apart, adopted once the log has its beginning.

    <root>/<token>.staged/                      a folder like a repository's …
    <root>/<token>.staged/quarantine/<token>/   … in which one quarantine gathers what is to come

A fork's packs are hard links to its origin's: neither ever changes, and neither minds when the other's name goes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from array import array
from contextlib import closing
from typing import TYPE_CHECKING, Final

from dulwich.object_format import SHA1
from dulwich.pack import load_pack_index

from domain.errors import Unavailable
from storage.files import flush_folder
from storage.git.alone import alone, together
from storage.git.child import environment, limited
from storage.git.quarantine import QUARANTINE, disk_faults, leftovers, make_durable, quarantine_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from domain.ports_git import Leftover, PackCaps

STAGED: Final = ".staged"
_SUFFIXES: Final = (".pack", ".rev", ".gt", ".idx")
"""In this order: a pack is there for readers once its index is."""
_NAME_BYTES: Final = 20


def staged_folder(root: Path, token: str) -> Path:
    """Where what was staged under `token` is."""
    folder = root / f"{token}{STAGED}"
    quarantine_folder(folder, token)  # a token comes from another process and must not be a path
    return folder


def staged_leftovers(root: Path) -> Iterator[Leftover]:
    """What is staged now; after a start, what a crash left."""
    for folder in sorted(root.glob(f"*{STAGED}")):
        yield from leftovers(folder)


def adopt(staged: Path, token: str, repo: Path) -> None:
    """Give a repository the packs that were staged, durably; doing it again does nothing."""
    source, target = quarantine_folder(staged, token) / "pack", repo / "objects" / "pack"
    with alone(repo / "objects"):
        for suffix in _SUFFIXES:
            for path in sorted(source.glob(f"pack-*{suffix}")):
                _link(path, target / path.name)
    flush_folder(target)


def share(origin: Path, staged: Path, token: str, tips: Sequence[str], caps: PackCaps, *, git: str) -> None:
    """Stage everything in the past of `tips`, and nothing else, of the repository `origin`.

    A pack that holds nothing else is linked; of the others what is wanted is packed anew.
    """
    target = quarantine_folder(staged, token) / "pack"
    with disk_faults():
        target.mkdir(parents=True)
        if tips:
            with together(origin / QUARANTINE):  # no pack of the origin goes meanwhile
                _gather(origin, target, tips, caps, git)
        make_durable(target.parent, tips)


def _gather(origin: Path, target: Path, tips: Sequence[str], caps: PackCaps, git: str) -> None:
    wanted = _reachable(origin, tips, caps, git)
    for pack in _packs_within(origin, wanted):
        for suffix in _SUFFIXES:
            if pack.with_suffix(suffix).exists():
                _link(pack.with_suffix(suffix), target / pack.with_suffix(suffix).name)
    if wanted:
        oids = b"".join(b"%s\n" % name.hex().encode() for name in sorted(wanted))
        words = [git, "-c", "pack.writeReverseIndex=false", "pack-objects", "-q", "--delta-base-offset"]
        _run([*words, str(target / "pack")], origin, oids, caps, git)


def _reachable(origin: Path, tips: Sequence[str], caps: PackCaps, git: str) -> set[bytes]:
    words = [git, "rev-list", "--objects", "--no-object-names", "--stdin"]
    listed = _run(words, origin, "".join(f"{tip}\n" for tip in tips).encode(), caps, git)
    return {bytes.fromhex(line.decode()) for line in listed.split()}


def _packs_within(origin: Path, wanted: set[bytes]) -> Iterator[Path]:
    """The packs that hold only what is wanted; what they hold is taken out of `wanted`."""
    within = frozenset(wanted)
    for path in sorted((origin / "objects" / "pack").glob("*.idx")):
        names = _names_in(path)
        if all(name in within for name in _split(names)):
            wanted.difference_update(_split(names))
            yield path.with_suffix(".pack")


def _names_in(index: Path) -> array[int]:
    """The names of a pack's objects, one behind the other."""
    names = array("B")
    with closing(load_pack_index(index, SHA1)) as opened:
        for name, _, _ in opened.iterentries():
            names.frombytes(name)
    return names


def _split(names: array[int]) -> Iterable[bytes]:
    return (names[at : at + _NAME_BYTES].tobytes() for at in range(0, len(names), _NAME_BYTES))


def _run(words: list[str], repo: Path, given: bytes, caps: PackCaps, git: str) -> bytes:
    done = subprocess.run(
        limited(words, caps), input=given, capture_output=True, env=environment(git, repo), cwd=repo, check=False
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[:300] or f"code {done.returncode}"
        raise Unavailable(f"git could not read the origin: {said}", hint="gitant verify looks for what is wrong")
    return done.stdout


def _link(source: Path, target: Path) -> None:
    if target.exists():
        return
    try:
        target.hardlink_to(source)
    except OSError:  # a file system without links, or one that has as many of this file as it can
        draft = target.with_name(f".{target.name}.copy")
        shutil.copyfile(source, draft)
        draft.chmod(0o444)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(target)
