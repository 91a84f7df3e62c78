"""Run one mutant in a forked process: either one that imports the rooms with a module changed, or one where they are
here already and a function of theirs gets other code.

The second is for whatever is in a function, and costs a fork and what it takes until the first look notices something.
The first is for the rest; its parent has imported what the rooms need from outside, but none of the rooms.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import json
import os
import resource
import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.mutants.changes import mutated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

    from tests.mutants.changes import Mutant

ROOT: Final = Path(__file__).parent.parent.parent
CPU_SECONDS_MAX: Final = 60
"""A mutant that goes on for longer never ends, which is noticed, too: whole and as it is, all looks together take 8."""
IMPORTING_SECONDS_MAX: Final = 30
WATCH_SECONDS_MAX: Final = 300
LOOKS_MAX: Final = 400
"""How many of the histories that run a line are tried; of cases and tests all."""
LOOKS_FIRST: Final = 60
"""So many of them before the tests, which take longer than these and less than all."""
MEMORY_BYTES_MAX: Final = 4 << 30
_OUTSIDE: Final = ("cbor2", "msgspec", "cryptography.hazmat.primitives.asymmetric.ed25519", "hypothesis", "pytest")
_KILLERS: Final = ("pages", "few_contests", "few_laws", "related_tests", "many_contests", "whole_contests", "many_laws")


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


class Importing:
    """Looks for mutants of what runs at import. Only while nothing here has imported the rooms."""

    def __init__(self) -> None:
        assert not any(name == "domain" or name.startswith("domain.") for name in sys.modules)
        for name in _OUTSIDE:
            importlib.import_module(name)

    def fate(self, mutant: Mutant) -> Fate:
        """What becomes of a mutant, all killers and tests looking for it."""

        def look() -> list[tuple[str, Callable[[], object]]]:
            name = mutant.path.removesuffix(".py").replace("/", ".")
            sys.meta_path.insert(0, _Changed(name, ROOT / mutant.path, _compiled(mutant)))
            from tests.mutants import killers as here  # it imports the rooms, changed by now

            looks = {each: getattr(here, each) for each in _KILLERS}
            return [*{**looks, "related_tests": lambda: here.related_tests(None)}.items()]

        return _fate(look, IMPORTING_SECONDS_MAX)


class Replacing:
    """Looks for mutants of what is in functions. It imports the rooms, and raises if something is wrong as it is."""

    def __init__(self, paths: Sequence[str]) -> None:
        from tests.mutants import golden, killers

        for path in killers.TESTS:
            for each in [ROOT / path] if path.endswith(".py") else sorted((ROOT / path).glob("test_*.py")):
                importlib.import_module(str(each.relative_to(ROOT)).removesuffix(".py").replace("/", "."))
        self._golden, self._killers = golden, killers
        self._tales, self._caches = golden.tales(), killers.caches()
        self._related = self._watched(paths)

    def _watched(self, paths: Sequence[str]) -> dict[str, list[str]]:
        """By line, as `domain/policy.py:12`, and by function, the tests and tales that run it, the quickest first."""

        def watch(told: int) -> None:
            tales = [partial(self._golden.assert_told, [tale]) for tale in self._tales]
            with os.fdopen(told, "w") as file:
                json.dump(self._killers.watched(paths, tales), file)

        words, status, _ = _forked(watch, WATCH_SECONDS_MAX)
        assert status == 0, "without any mutant, a test fails"
        related: dict[str, list[str]] = {}
        found: dict[str, tuple[float, list[str]]] = json.loads(words)
        for test, (_, places) in sorted(found.items(), key=lambda row: row[1][0]):
            for place in places:
                related.setdefault(place, []).append(test)
        return related

    def fate(self, mutant: Mutant | None) -> Fate:
        """What becomes of a mutant, or of the code as it is with all looking on."""
        tales, tests = self._tales, None
        if mutant is not None:
            here = self._related.get(f"{mutant.path}:{mutant.line}")
            here = here or self._related.get(f"{mutant.path}:{mutant.within}", [])
            told = [int(name) for name in here if "::" not in name]
            cases = [number for number in told if number < self._golden.CASES]
            tales = [self._tales[each] for each in (*cases, *_spread([each for each in told if each not in cases]))]
            tests = [name for name in here if "::" in name]

        def look() -> list[tuple[str, Callable[[], object]]]:
            if mutant is not None:
                _replace(mutant)
            for each in self._caches:
                each.cache_clear()
            return [
                ("histories", lambda: self._golden.assert_told(tales[:LOOKS_FIRST])),
                ("related_tests", lambda: self._killers.related_tests(tests)),
                ("histories", lambda: self._golden.assert_told(tales[LOOKS_FIRST:])),
            ]

        return _fate(look, CPU_SECONDS_MAX if mutant else IMPORTING_SECONDS_MAX)


def _spread(found: list[int]) -> list[int]:
    """Of many, some from all over."""
    return found[:: max(1, len(found) // LOOKS_MAX)]


def _compiled(mutant: Mutant) -> CodeType:
    path = ROOT / mutant.path
    return compile(mutated(path.read_text(encoding="utf-8"), mutant), str(path), "exec")


def _replace(mutant: Mutant) -> None:
    """Give the function that a mutant is in its other code."""
    found: Any = importlib.import_module(mutant.path.removesuffix(".py").replace("/", "."))
    for part in mutant.within.split("."):
        found = vars(found)[part]
    if isinstance(found, property):
        found = found.fget
    found = getattr(found, "__wrapped__", found)
    ahead = [_compiled(mutant)]
    while ahead:
        code = ahead.pop()
        if code.co_qualname == mutant.within:
            found.__code__ = code
            return
        ahead += [each for each in code.co_consts if isinstance(each, type(code))]
    raise AssertionError(f"no {mutant.within} in {mutant.path}")


def _fate(look: Callable[[], list[tuple[str, Callable[[], object]]]], seconds_max: int) -> Fate:
    def work(told: int) -> None:
        at = "import"
        try:
            for at, each in look():  # noqa: B007  # told when it raises
                each()
        except BaseException:  # noqa: BLE001  # whatever it is, it was noticed
            os.write(told, at.encode())
            os._exit(1)

    words, status, seconds = _forked(work, seconds_max)
    if os.WIFSIGNALED(status):
        return Fate(f"it never ends ({signal.Signals(os.WTERMSIG(status)).name})", seconds)
    return Fate(words if os.WEXITSTATUS(status) else "", seconds)


def _forked(work: Callable[[int], None], seconds_max: int) -> tuple[str, int, float]:
    """Do something in a process of its own: what it writes, its status, and the seconds of processor time it took."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            _bounded(seconds_max)
            work(writing)
            os._exit(0)
        finally:
            os._exit(1)  # a fork never goes back into what its parent was doing
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
