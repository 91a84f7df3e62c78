"""Many packs become one, while others read, fetch and push.

    <repository>/care/              what is being made; whoever holds the lock on the folder clears it first
    <repository>/care/replaced      a list: the packs that may go, and the one that has all they have

1. Git writes a pack with everything the chosen packs have, in `care/`. Nothing is left out, whether or not a ref
   leads to it, and the index is compared to be sure.
2. Its tables are made from theirs.
3. The list is written and flushed; then the new pack gets its place, flushed too.
4. The old packs go when whoever began to look before step 3 has long found what they sought (`clear_replaced`).

A crash leaves the old packs, or both, and in either case a repository that serves. The next run goes on.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import TYPE_CHECKING, Final, cast

import numpy as np

from domain.errors import Conflict, Damaged, Unavailable
from storage.files import flush_folder, replace
from storage.git.alone import alone, alone_now
from storage.git.care.packs import FOLDER, SUFFIXES, packs_of, worth_merging
from storage.git.child import environment, limited
from storage.git.engine.segment import NAME_BYTES, open_pack
from storage.git.quarantine import QUARANTINE, disk_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from io import BufferedReader
    from pathlib import Path

    import numpy.typing as npt

    from domain.ports_git import PackCaps
    from storage.git.care.packs import KeptPack
    from storage.git.quarantine import TableMaker

CARE: Final = "care"
LINGER_S: Final = 30.0
"""How long replaced packs stay for those who have already listed them."""
_REPLACED: Final = "replaced"
_PUBLISHED: Final = (".pack", ".rev", ".gt", ".idx")
"""The index last: with it the pack is there for readers."""
_ROOM_FACTOR: Final = 2
"""The new pack, and its index and tables."""
_BLOCK_BYTES: Final = 64 << 10
_FAR: Final = re.compile(rb"(?:Compressing|Writing) objects: +\d+% \((\d+)/(\d+)\)")
_OF_PROGRESS: Final = (b"Enumerating", b"Counting", b"Delta compression", b"Compressing", b"Writing", b"Total ")
_SETTINGS: Final = (
    "core.bigFileThreshold=64m",
    "core.packedGitWindowSize=32m",  # maps count as address space, too
    "core.packedGitLimit=256m",
    "pack.writeReverseIndex=false",
    "pack.threads=1",
    "gc.auto=0",
)


@dataclass(frozen=True, slots=True)
class Merged:
    """What merging came to; bytes are those of packs, indexes and tables."""

    packs: int
    """How many became one; 0 where it was not worth it."""
    bytes_before: int
    bytes_after: int


def merge_packs(
    repo: Path,
    caps: PackCaps,
    *,
    git: str,
    tables: TableMaker,
    everything: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Merged:
    """Merge the packs that are worth it, or all; the old ones stay until `clear_replaced`.

    `progress` is told of objects (done, all): first those that are compressed anew, then all as they are written.

    Raises `Conflict` if somebody else tends the repository, `Damaged` if a pack cannot be read, `Unavailable` where
    there is no room, or git does not end well.
    """
    with tended(repo), disk_faults():
        going = replaced(repo)
        chosen = worth_merging([pack for pack in packs_of(repo) if pack.name not in going], everything=everything)
        if not chosen:
            return Merged(0, 0, 0)
        before = sum(pack.disk_bytes for pack in chosen)
        _check_room(repo, before)
        made = _made(repo, chosen, caps, git, progress)
        _compare(repo, chosen, made)
        tables.make(made, repo)
        name = made.stem
        _note(repo, name, [*going, *(pack.name for pack in chosen if pack.name != name)])
        _publish(repo, made)
        after = next(pack.disk_bytes for pack in packs_of(repo) if pack.name == name)
        return Merged(len(chosen), before, after)


def replaced(repo: Path) -> list[str]:
    """The packs that may go, since another one has all that they have."""
    try:
        told = cast("dict[str, list[str]]", json.loads((repo / CARE / _REPLACED).read_bytes()))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return []
    there = {pack.name for pack in packs_of(repo)}
    # It is written before the new pack has its place: a crash between the two has replaced nothing.
    return [name for name in told["packs"] if name not in told["by"]] if set(told["by"]) <= there else []


def replaced_since_s(repo: Path) -> float | None:
    """How many seconds ago packs were replaced that are still there; None if none are."""
    try:
        return max(0.0, time.time() - (repo / CARE / _REPLACED).stat().st_mtime)
    except (FileNotFoundError, NotADirectoryError):
        return None


def clear_replaced(repo: Path) -> int:
    """Remove the packs that were replaced; how many bytes that gave back. With a fork under way none go."""
    with tended(repo), alone_now(repo / QUARANTINE) as nobody_links:
        if not nobody_links:
            return 0
        folder, freed = repo / FOLDER, 0
        with alone(repo / "objects"):
            for name in replaced(repo):
                for suffix in SUFFIXES:
                    freed += _removed(folder / f"{name}{suffix}")
        flush_folder(folder)
        (repo / CARE / _REPLACED).unlink(missing_ok=True)
        return freed


@contextmanager
def tended(repo: Path) -> Generator[None]:
    """Hold the repository for this care alone; what an earlier one left half-done is gone. Raises `Conflict`."""
    folder = repo / CARE
    folder.mkdir(exist_ok=True)
    with alone_now(folder) as free:
        if not free:
            raise Conflict("somebody else tends this repository just now", hint="try again in a while")
        for path in folder.iterdir():
            if path.name != _REPLACED:
                path.unlink()
        yield


def _check_room(repo: Path, needed: int) -> None:
    free = shutil.disk_usage(repo).free
    if free < _ROOM_FACTOR * needed:
        raise Unavailable(
            f"merging packs of {needed:,} bytes needs twice that on the disk, and {free:,} are free",
            hint="free some space",
        )


def _made(
    repo: Path, chosen: Sequence[KeptPack], caps: PackCaps, git: str, progress: Callable[[int, int], None]
) -> Path:
    words = [git]
    for setting in _SETTINGS:
        words += ["-c", setting]
    words += ["pack-objects", "--progress", "--stdin-packs", "--delta-base-offset", str(repo / CARE / "pack")]
    with subprocess.Popen(
        limited(words, changed(caps, pack_bytes_max=sum(pack.disk_bytes for pack in chosen))),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(git, repo),
        cwd=repo,
    ) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        assert run.stderr is not None
        with suppress(BrokenPipeError):  # what it says and how it ends tell more
            run.stdin.write("".join(f"{pack.name}.pack\n" for pack in chosen).encode())
            run.stdin.close()
        said = _heard(cast("BufferedReader", run.stderr), progress)
        name = run.stdout.read().decode().strip()  # all of it fits the pipe's buffer
    if run.returncode:
        why = said[:300] or f"code {run.returncode}"
        raise Unavailable(f"git could not merge the packs: {why}", hint="`gitant repo check` looks for what is wrong")
    return repo / CARE / f"pack-{name}.pack"


def _heard(told: BufferedReader, progress: Callable[[int, int], None]) -> str:
    """Pass on how far git says it is; whatever else it says."""
    said, rest = list[str](), b""
    while block := told.read1(_BLOCK_BYTES):
        *lines, rest = re.split(rb"[\r\n]", (rest + block)[-_BLOCK_BYTES:])
        for line in lines:
            if found := _FAR.match(line):
                progress(int(found[1]), int(found[2]))
            elif line and not line.startswith(_OF_PROGRESS):
                said.append(line.decode("utf-8", "replace"))
    return "\n".join([*said, rest.decode("utf-8", "replace")]).strip()


def _compare(repo: Path, chosen: Sequence[KeptPack], made: Path) -> None:
    """The new pack must have every object of each old one, and end as it should."""
    names = _words(made)
    for pack in chosen:
        if not np.isin(_words(repo / FOLDER / f"{pack.name}.pack"), names).all():
            raise Damaged(f"a merged pack lacks objects of {pack.name}", hint="`gitant repo check` looks for damage")


def _words(pack: Path) -> npt.NDArray[np.bytes_]:
    return np.ascontiguousarray(open_pack(pack).names).view(f"S{NAME_BYTES}").reshape(-1)


def _note(repo: Path, name: str, packs: list[str]) -> None:
    content = json.dumps({"by": [name], "packs": packs}).encode()
    replace(repo / CARE / _REPLACED, content, 0o600)


def _publish(repo: Path, made: Path) -> None:
    """Durable before it counts, as what is pushed is."""
    files = [path for suffix in _PUBLISHED if (path := made.with_suffix(suffix)).exists()]
    for path in files:
        path.chmod(0o444)
        with path.open("rb") as file:
            os.fsync(file.fileno())
    with alone(repo / "objects"):
        for path in files:
            path.replace(repo / FOLDER / path.name)
    flush_folder(repo / FOLDER)


def _removed(path: Path) -> int:
    try:
        size = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    return size
