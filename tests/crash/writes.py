"""Record what a program writes to a folder, and rebuild the folder as a power cut at any moment may leave it.

    recording = record(["gitant", "serve", …], folder, scratch)
    for cut in cuts(recording, seed=1, count=50, into=scratch):
        … cut.folder is what the next start finds; whatever was acknowledged before cut.at must be there …

Needs `strace` (the distribution's package of that name). A program that has to be talked to while it runs is started
with `start`; its process is the program itself, and `finish` waits for the end of both.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.crash.calls import COMMAND, Call, descriptor, parse, string
from tests.crash.disk import load
from tests.crash.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True)
class Recording:
    """Calls on `folder`, which looked like `base` when they began."""

    folder: Path
    base: Path
    cwd: Path
    calls: list[Call]

    def points(self) -> list[int]:
        """The numbers of the calls that change the folder or flush it, and one past the last call."""
        machine = self.machine()
        return [*(number for number, call in enumerate(self.calls) if machine.apply(call)), len(self.calls)]

    def time_of(self, point: int) -> float:
        """When the call at `point` began (seconds since the epoch); infinity after the last."""
        return self.calls[point].at if point < len(self.calls) else float("inf")

    def said(self, path: Path) -> list[tuple[int, bytes]]:
        """What was written to a file or pipe outside the folder, each with the number of its call."""
        return [
            (number, string(call.args[1])[: call.result])
            for number, call in enumerate(self.calls)
            if call.name == "write" and not call.failed and descriptor(call.args[0])[1] == str(path)
        ]

    def machine(self) -> Machine:
        """The folder before the first call."""
        return Machine(load(self.base), self.folder, self.cwd, self.calls)


@dataclass(frozen=True)
class Cut:
    """The power went just before call `point`, at the time `at`; `folder` is what was left."""

    point: int
    at: float
    seed: int
    folder: Path


@dataclass
class Recorder:
    """A program that runs under strace."""

    process: subprocess.Popen[Any]
    _folder: Path
    _base: Path
    _cwd: Path
    _calls: list[Call] = field(default_factory=list)
    _faults: list[Exception] = field(default_factory=list)
    _reader: threading.Thread | None = None

    def read_from(self, pipe: Path) -> None:
        """Collect calls from `pipe` until the tracer closes it."""
        self._reader = threading.Thread(target=self._read, args=(pipe,))
        self._reader.start()

    def finish(self, timeout_s: float = 120) -> Recording:
        """Wait for the program to end, and for strace to say all it saw."""
        self.process.wait(timeout_s)
        assert self._reader is not None
        self._reader.join(timeout_s)
        assert not self._reader.is_alive(), "a child of the program still runs"
        if self._faults:
            raise self._faults[0]
        return Recording(self._folder, self._base, self._cwd, self._calls)

    def _read(self, pipe: Path) -> None:
        with pipe.open(encoding="ascii") as lines:
            try:
                self._calls.extend(parse(lines))
            except Exception as fault:  # noqa: BLE001 — whoever asks for the recording is told
                self._faults.append(fault)
                for _ in lines:  # a tracer whose pipe is full would stop the program
                    continue


def why_not() -> str:
    """Why nothing can be recorded here; empty when it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(
        [*(word for word in COMMAND if word != "-DDD"), "-o", os.devnull, "true"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    return f"strace cannot trace here: {tried.stderr.strip()}" if tried.returncode else ""


def start(argv: Sequence[str], folder: Path, scratch: Path, **popen: Any) -> Recorder:
    """Start a program under strace, on `folder` as it is now; `scratch` holds the pipe and a copy of the folder."""
    folder = folder.resolve()
    base, pipe = scratch / "base", scratch / "calls"
    shutil.rmtree(base, ignore_errors=True)
    pipe.unlink(missing_ok=True)
    if folder.exists():
        shutil.copytree(folder, base, symlinks=True, ignore=shutil.ignore_patterns("*.sock"))
    else:
        base.mkdir(parents=True)
    os.mkfifo(pipe)
    process = subprocess.Popen([*COMMAND, "-o", str(pipe), *argv], **popen)
    recorder = Recorder(process, folder, base, Path(popen.get("cwd") or Path.cwd()).resolve())
    recorder.read_from(pipe)
    return recorder


def record(argv: Sequence[str], folder: Path, scratch: Path, **popen: Any) -> Recording:
    """Run a program to its end under strace."""
    return start(argv, folder, scratch, **popen).finish()


def cuts(recording: Recording, *, seed: int, count: int, into: Path) -> Iterator[Cut]:
    """`count` power cuts at moments drawn by `seed`, each rebuilt at a fresh folder below `into` and then removed."""
    chance = random.Random(seed)
    points = recording.points()
    chosen = sorted(chance.choices(points, k=count))
    machine = recording.machine()
    done = 0
    for number, point in enumerate(chosen):
        for call in recording.calls[done:point]:
            machine.apply(call)
        done = point
        folder = into / f"cut-{number}"
        image_seed = chance.randrange(2**32)
        machine.disk.cut_power(random.Random(image_seed), folder)
        yield Cut(point, recording.time_of(point), image_seed, folder)
        shutil.rmtree(folder)
