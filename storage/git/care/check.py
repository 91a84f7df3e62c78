"""Whether a repository's files are what they must be: every object by its hash, every link, every table, every plan.

Objects are git's to judge: `fsck` reads each one, compares it with its name and packs with their checksums, and
follows every link. Git is shown objects and refs only: settings in a repository's folder can name commands.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from domain.errors import Damaged, Unavailable
from storage.git.alone import together
from storage.git.care.packs import FOLDER, packs_of
from storage.git.child import environment, limited
from storage.git.engine.mark import SUFFIX
from storage.git.engine.segment import is_whole, open_pack
from storage.git.indexer import SKIP_FILE
from storage.git.packed_refs import TornRefs, read_refs
from storage.git.quarantine import QUARANTINE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.ports_git import PackCaps

Part = Literal["objects", "packs", "tables", "refs"]
FAULTS_MAX: Final = 20
"""How many lines of git's are told of one repository."""
_NOTICES: Final = ("notice:", "warning in ", "Checking ", "dangling ", "unreachable ", "root ", "tagged ")
_MIND: Final = re.compile(r"^(error|fatal|missing|broken|bad|sha1 mismatch|hash mismatch|\s+to\s)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a repository that is not as it must be."""

    part: Part
    words: str

    @property
    def can_be_made_again(self) -> bool:
        """Tables from packs, refs from the log. Objects are only in the packs."""
        return self.part in {"tables", "refs"}


def check_packs(repo: Path) -> Iterator[Fault]:
    """Packs that do not fit their indexes, and tables that are not as they were written. Missing ones are no fault."""
    for pack in packs_of(repo):
        try:
            opened = open_pack(repo / FOLDER / f"{pack.name}.pack")
            if pack.has_tables and not is_whole(opened):
                yield Fault("tables", f"{pack.name}{SUFFIX} is not what it was when it was written")
        except Damaged as fault:
            yield Fault("packs", fault.message)
        except FileNotFoundError:
            continue  # merged into another one meanwhile


def check_objects(repo: Path, caps: PackCaps, *, git: str) -> list[Fault]:
    """What git finds wrong with objects and with what refs lead to; at most `FAULTS_MAX` faults."""
    try:
        read_refs(repo)
    except TornRefs as fault:
        return [Fault("refs", str(fault))]
    with tempfile.TemporaryDirectory(prefix="gitant-check-") as scratch, together(repo / QUARANTINE):
        said = _fsck(repo, Path(scratch) / "bare.git", caps, git)
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith(_NOTICES)]
    faults = [Fault("objects", line.strip()) for line in lines if _MIND.match(line)][:FAULTS_MAX]
    return faults or [Fault("objects", line.strip()) for line in lines[:1]]


def _fsck(repo: Path, bare: Path, caps: PackCaps, git: str) -> str:
    """What git says if it finds something; nothing else."""
    (bare / "refs").mkdir(parents=True)
    for name in ("HEAD", "packed-refs"):
        if (repo / name).exists():
            shutil.copyfile(repo / name, bare / name)
    words = [git]
    if (repo / SKIP_FILE).exists():
        words += ["-c", f"fsck.skipList={repo / SKIP_FILE}"]
    words += ["fsck", "--full", "--no-dangling", "--no-progress"]
    environ = {**environment(git, bare), "GIT_OBJECT_DIRECTORY": str(repo / "objects")}
    done = subprocess.run(
        limited(words, caps), env=environ, cwd=bare, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode in {126, 127}:
        raise Unavailable(f"this node cannot run {git}", hint="install git 2.38 or newer")
    if done.returncode < 0 or done.returncode > 128:
        raise Unavailable(f"git fsck was ended before it was through (code {done.returncode})")
    return f"{done.stderr}\n{done.stdout}" if done.returncode else ""


def drop_tables(repo: Path) -> int:
    """Remove tables that are not whole: the next who needs them makes them again; how many."""
    gone = 0
    for pack in packs_of(repo):
        path = repo / FOLDER / f"{pack.name}.pack"
        if pack.has_tables and not is_whole(open_pack(path)):
            path.with_suffix(SUFFIX).unlink(missing_ok=True)
            gone += 1
    return gone
