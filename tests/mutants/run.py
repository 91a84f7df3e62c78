"""Run one mutant: a forked process imports the rooms with one module changed, and the fast tests look for it.

The parent has imported what the rooms need from outside, but none of the rooms; so a mutant costs a fork, the import of
the rooms, and what it takes until the first test fails. Tests that notice soonest come first.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.mutants.changes import mutated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

    from tests.mutants.changes import Mutant

ROOT: Final = Path(__file__).parent.parent.parent
CPU_SECONDS_MAX: Final = 25
"""A mutant that goes on for longer never ends, which is noticed, too."""
WATCH_SECONDS_MAX: Final = 120
MEMORY_BYTES_MAX: Final = 4 << 30
_OUTSIDE: Final = ("cbor2", "msgspec", "cryptography.hazmat.primitives.asymmetric.ed25519", "hypothesis", "pytest")


class Fate(NamedTuple):
    """What became of a mutant: who noticed it, or nobody; and the seconds of processor time it took."""

    by: str
    seconds: float


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module from a tree instead of its file."""

    def __init__(self, name: str, path: Path, code: CodeType) -> None:
        self._name, self._path, self._code = name, path, code

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)  # our own module, changed in one place


def prepare() -> None:
    """Import what mutants share."""
    assert not any(name == "domain" or name.startswith("domain.") for name in sys.modules), "children import the rooms"
    for name in _OUTSIDE:
        importlib.import_module(name)


def run(mutant: Mutant | None, killers: Sequence[str], tests: Sequence[str] | None = None) -> Fate:
    """Let the killers (functions of `tests.mutants.killers`) look for a mutant, or for anything wrong as it is.

    `tests` are those that can notice it, the quickest first; None for all.
    """
    words, status, seconds = _forked(lambda writing: _look(mutant, killers, tests, writing), CPU_SECONDS_MAX)
    if os.WIFSIGNALED(status):
        return Fate(f"it never ends ({signal.Signals(os.WTERMSIG(status)).name})", seconds)
    return Fate(words if os.WEXITSTATUS(status) else "", seconds)


def watch(paths: Sequence[str]) -> dict[str, list[str]]:
    """By function of these files, as `domain/policy.py:name`, the tests that call it, the quickest first."""
    words, status, _ = _forked(lambda writing: _watch(paths, writing), WATCH_SECONDS_MAX)
    assert status == 0, "without any mutant, a test fails"
    related: dict[str, list[str]] = {}
    found: dict[str, tuple[float, list[str]]] = json.loads(words)
    for test, (_, functions) in sorted(found.items(), key=lambda row: row[1]):
        for function in functions:
            related.setdefault(function, []).append(test)
    return related


def _forked(work: Callable[[int], None], seconds_max: int) -> tuple[str, int, float]:
    """Do something in a process of its own: what it writes, its status, and the seconds of processor time it took."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _bounded(seconds_max)
        work(writing)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        words = told.read().decode(errors="replace")
    _, status, used = os.wait4(child, 0)
    return words, status, used.ru_utime + used.ru_stime


def _bounded(seconds_max: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds_max, seconds_max + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    sys.dont_write_bytecode = True


def _watch(paths: Sequence[str], writing: int) -> None:
    try:
        from tests.mutants import killers as here

        found = here.watched(paths)
    except BaseException:  # noqa: BLE001  # a fork never goes back into what its parent was doing
        os._exit(1)
    with os.fdopen(writing, "w") as told:
        json.dump(found, told)


def _look(mutant: Mutant | None, killers: Sequence[str], tests: Sequence[str] | None, writing: int) -> None:
    at = "import"
    try:
        if mutant is not None:
            _plant(mutant)
        from tests.mutants import killers as here  # it imports the rooms, changed by now

        for at in killers:
            getattr(here, at)(*([tests] if at == "related_tests" else ()))
    except BaseException:  # noqa: BLE001  # whatever it is, it was noticed
        os.write(writing, at.encode())
        os._exit(1)


def _plant(mutant: Mutant) -> None:
    path = ROOT / mutant.path
    tree = mutated(path.read_text(encoding="utf-8"), mutant)
    name = mutant.path.removesuffix(".py").replace("/", ".")
    sys.meta_path.insert(0, _Changed(name, path, compile(tree, str(path), "exec")))
