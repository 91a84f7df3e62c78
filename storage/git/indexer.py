"""Run `git index-pack --strict` over a scanned pack, in a child that cannot cost more than it may.

Git resolves the deltas, names every object, checks the syntax of each (fsck, warnings count as errors), and fails
unless everything any of them links to is in the pack or already in the repository, and of the right type. It asks
that of *all* objects of the pack and not only of those a ref leads to. So whatever is published is complete, and an
object that is in the repository may become a tip without another walk.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from domain.errors import Unavailable
from domain.ports_git import PackRefused
from storage.git.packscan import human_bytes

if TYPE_CHECKING:
    from domain.ports_git import PackCaps

# The shell sets the limits before git exists; a hook between fork and exec is not safe in a process with threads.
_LIMITED: Final = 'ulimit -c 0 && ulimit -S -t "$1" && ulimit -H -t "$2" && ulimit -f "$3" && {} shift 4 && exec "$@"'
_ADDRESS_SPACE: Final = 'ulimit -v "$4" &&' if sys.platform == "linux" else ""
_CPU_GRACE_S: Final = 5
"""At the soft limit git gets the signal that names the reason, at the hard one it is killed."""
_FILE_BLOCK_BYTES: Final = 512
_THREADS: Final = 2
_SETTINGS: Final = (
    "core.bigFileThreshold=64m",
    "core.packedGitWindowSize=32m",  # maps of the repository's packs count as address space, too
    "core.packedGitLimit=256m",
    "pack.writeReverseIndex=false",
    "gc.auto=0",
)
_ERROR_LINES_MAX: Final = 4
_ERROR_CHARS_MAX: Final = 300


@cache
def _mortal() -> tuple[str, ...]:
    """Ends the child at once when its parent is killed; without util-linux the broken meter does, a little later."""
    setpriv = shutil.which("setpriv", path=os.defpath)
    return (setpriv, "--pdeathsig", "KILL") if setpriv else ()


@final
class Indexer:
    """One run of git; `kill` may come from another thread."""

    def __init__(self, git: str, repo: Path, objects: Path, caps: PackCaps) -> None:
        self.progress = ""
        self._git = git
        self._repo = repo
        self._objects = objects
        self._caps = caps
        self._child: subprocess.Popen[bytes] | None = None
        self._killed = False
        self._errors: list[str] = []

    def run(self, pack: Path, *, thin: bool) -> None:
        """Index `pack` where it lies, or, if bases of its deltas are missing, write a whole one beside it.

        The folder `objects` gets a `pack` and an `idx` either way.
        """
        words = [self._git]
        for setting in _SETTINGS:
            words += ["-c", setting]
        # The meter is written once a second, and that ends git soon after its reader was killed.
        words += ["index-pack", "-v", "--strict", f"--threads={_THREADS}"]
        words += ["--stdin", "--fix-thin"] if thin else ["-o", str(pack.with_suffix(".idx")), str(pack)]
        with pack.open("rb") as file:
            code = self._wait_for(words, file.fileno() if thin else subprocess.DEVNULL)
        if code:
            raise self._failure(code)

    def kill(self) -> None:
        """End the child, now or as soon as it starts."""
        self._killed = True
        if self._child is not None:
            self._child.kill()

    def _wait_for(self, words: list[str], stdin: int) -> int:
        caps = self._caps
        limits = (
            caps.index_cpu_s_max,
            caps.index_cpu_s_max + _CPU_GRACE_S,
            2 * caps.pack_bytes_max // _FILE_BLOCK_BYTES + 1,  # the bases of a thin pack come on top
            caps.index_memory_bytes_max // 1024,
        )
        with subprocess.Popen(
            ["/bin/sh", "-c", _LIMITED.format(_ADDRESS_SPACE), "sh", *map(str, limits), *_mortal(), *words],
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=self._environment(),
            cwd=self._objects,
        ) as child:
            self._child = child
            if self._killed:
                child.kill()
            assert child.stderr is not None
            self._listen(child.stderr.fileno())
            return child.wait()

    def _environment(self) -> dict[str, str]:
        """Nothing of this process's own: no settings but those of the repository and ours, no other folders."""
        folder = str(Path(self._git).parent) if os.sep in self._git else ""
        alternate = str(self._repo / "objects").replace("\\", "\\\\").replace('"', '\\"')
        return {
            "PATH": os.pathsep.join(filter(None, [folder, os.defpath])),
            "HOME": os.devnull,
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_DIR": str(self._repo),
            "GIT_OBJECT_DIRECTORY": str(self._objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{alternate}"',
            "GIT_NO_REPLACE_OBJECTS": "1",
        }

    def _listen(self, stderr: int) -> None:
        """Take git's words until it ends: the last line of the meter, and the first lines of an error."""
        rest = b""
        while data := os.read(stderr, 4096):
            *lines, rest = (rest + data).replace(b"\r", b"\n").split(b"\n")
            rest = rest[-4096:]
            for line in lines:
                self._note(line.decode("utf-8", "replace").strip())
        self._note(rest.decode("utf-8", "replace").strip())

    def _note(self, line: str) -> None:
        if line.startswith(("fatal: ", "error: ", "warning: ")):
            if len(self._errors) < _ERROR_LINES_MAX:
                self._errors.append(line.partition(": ")[2])
        elif line:
            self.progress = line

    def _failure(self, code: int) -> Exception:
        caps = self._caps
        words = "; ".join(self._errors)
        if self._killed:
            return PackRefused("the push was called off")
        if code == -signal.SIGXCPU:
            return PackRefused(f"checking the pack takes more than {caps.index_cpu_s_max} s, which is the limit")
        if code == -signal.SIGXFSZ:
            return PackRefused(
                f"with what its deltas need, the pack has more than {human_bytes(2 * caps.pack_bytes_max)}, "
                "which is the limit"
            )
        if "ut of memory" in words or "mmap failed" in words or "unable to create thread" in words:
            memory = human_bytes(caps.index_memory_bytes_max)
            return PackRefused(f"checking the pack takes more than {memory} of memory, which is the limit")
        if code in {126, 127}:
            return Unavailable(f"this node cannot run {self._git}", hint="install git 2.38 or newer")
        if "o space left" in words:
            return Unavailable("the disk of this node is full", hint="free some space and push again")
        if code < 0 or not words:
            return Unavailable(f"git index-pack ended without a word (code {code})")
        return PackRefused(words[:_ERROR_CHARS_MAX])
