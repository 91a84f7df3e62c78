"""Run `git index-pack --strict` over a scanned pack, in a child that cannot cost more than it may.

Git resolves the deltas, names every object, checks the syntax of each (fsck, warnings count as errors), and fails
unless everything any of them links to is in the pack or already in the repository, and of the right type. It asks
that of *all* objects of the pack and not only of those a ref leads to. So whatever is published is complete, and an
object that is in the repository may become a tip without another walk.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING, Final, final

from domain.errors import Unavailable
from domain.limits import SKIPS_MAX
from domain.ports_git import PackRefused
from domain.repository.imported import SKIPPABLE
from storage.git.child import environment, limited
from storage.git.packscan import human_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from domain.ports_git import PackCaps

SKIP_FILE: Final = "fsck-skip"
"""In a repository's folder: the objects that an import brought with old faults, and that may come again."""
_THREADS: Final = 2
_SETTINGS: Final = (
    "core.bigFileThreshold=64m",
    "core.packedGitWindowSize=32m",  # maps of the repository's packs count as address space, too
    "core.packedGitLimit=256m",
    "pack.writeReverseIndex=false",
    "gc.auto=0",
)
_READING: Final = ("--stdin", "--fix-thin")
_ERROR_LINES_MAX: Final = 4
_ERROR_CHARS_MAX: Final = 300
_FAULTY: Final = re.compile(r"object (?P<oid>[0-9a-f]{40}): (?P<fault>[A-Za-z0-9]+): ")


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
        self._lenient = False
        self.excused: dict[str, set[str]] = {}
        """By fault, the objects that have it and were taken all the same."""

    def run(self, pack: Path, *, thin: bool, lenient: bool = False) -> None:
        """Index `pack` where it lies, or, if bases of its deltas are missing, write a whole one beside it.

        The folder `objects` gets a `pack` and an `idx` either way. With `lenient`, a pack that is refused for a
        harmless fault is looked at again, and what has such faults is noted in `excused`.
        """
        try:
            self._run(pack, thin=thin)
        except PackRefused:
            found = [match["fault"] for line in self._errors if (match := _FAULTY.match(line))]
            if not lenient or self._killed or not set(found) & set(SKIPPABLE):
                raise
            self._errors.clear()
            self._lenient = True
            self._run(pack, thin=thin)

    def read(self, pack: int) -> None:
        """Index what comes out of a pipe, and close that; the folder `objects` gets both files."""
        try:
            child = self._start([*self._words(), *_READING], pack)
        finally:
            os.close(pack)  # so that whoever writes hears of it when git has ended
        if code := self._wait_for(child):
            raise self._failure(code)

    def _run(self, pack: Path, *, thin: bool) -> None:
        words = [*self._words(), *(_READING if thin else ("-o", str(pack.with_suffix(".idx")), str(pack)))]
        with pack.open("rb") as file:
            code = self._wait_for(self._start(words, file.fileno() if thin else subprocess.DEVNULL))
        if code:
            raise self._failure(code)

    def _words(self) -> list[str]:
        words = [self._git]
        for setting in _SETTINGS:
            words += ["-c", setting]
        # The meter is written once a second, and that ends git soon after its reader was killed.
        return [*words, "index-pack", "-v", self._strict(), f"--threads={_THREADS}"]

    def _strict(self) -> str:
        """How strict git is to be; it takes this list of exceptions as one word, which no path may break."""
        skips = self._repo / SKIP_FILE
        exceptions = [f"skiplist={os.path.relpath(skips, self._objects)}"] if skips.exists() else []
        if self._lenient:
            exceptions += [f"{fault}=warn" for fault in SKIPPABLE]
        return f"--strict={','.join(exceptions)}" if exceptions else "--strict"

    def kill(self) -> None:
        """End the child, now or as soon as it starts."""
        self._killed = True
        if self._child is not None:
            self._child.kill()

    def _start(self, words: list[str], stdin: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            limited(words, self._caps),
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment(self._git, self._repo, self._objects),
            cwd=self._objects,
        )

    def _wait_for(self, child: subprocess.Popen[bytes]) -> int:
        with child:
            self._child = child
            if self._killed:
                child.kill()
            assert child.stderr is not None
            self._listen(child.stderr.fileno())
            return child.wait()

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
        if self._lenient and line.startswith("warning: "):
            self._excuse(line.removeprefix("warning: "))
        elif line.startswith(("fatal: ", "error: ", "warning: ")):
            if len(self._errors) < _ERROR_LINES_MAX:
                self._errors.append(line.partition(": ")[2])
        elif line:
            self.progress = line

    def _excuse(self, line: str) -> None:
        match = _FAULTY.match(line)
        if match is None or match["fault"] not in SKIPPABLE:
            return
        self.excused.setdefault(match["fault"], set()).add(match["oid"])
        if sum(map(len, self.excused.values())) > SKIPS_MAX and self._child is not None:
            self._errors.append(f"more than {SKIPS_MAX} objects have faults, which is the limit")
            self._child.kill()

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
        if not words or (code < 0 and not self._lenient):
            return Unavailable(f"git index-pack ended without a word (code {code})")
        return PackRefused(words[:_ERROR_CHARS_MAX])
