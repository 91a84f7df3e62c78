"""Who looks for a mutant, the quickest first: each raises when it notices something."""

from __future__ import annotations

import functools
import gc
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import hypothesis
import pytest

from tests.docs_tables import ROLES_PAGE, filled, role_tables
from tests.laws.contests import run_contests, run_quickly
from tests.laws.laws import run_laws

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from types import CodeType, FrameType

TESTS: Final = (
    "tests/domain/authority",
    "tests/domain/replay",
    "tests/domain/test_policy.py",
    "tests/domain/test_succession.py",
    "tests/domain/test_verdicts.py",
    "tests/exploits/authority/test_keys.py",
    "tests/exploits/authority/test_old_parents.py",
    "tests/exploits/events/test_authority.py",
    "tests/exploits/events/test_grafts.py",
    "tests/exploits/events/test_payloads.py",
)
_QUIET: Final = (
    "-q",
    "-x",
    "--assert=plain",
    "--noconftest",
    "-o",
    "addopts=",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-p",
    "no:randomly",
)


def few_contests() -> None:
    """Most mutants are in plain sight."""
    run_quickly(8, seed=3)


def few_laws() -> None:
    """Kinds and streams that contests do not have."""
    run_laws(8, seed=3, shrink=False)


def pages() -> None:
    """The table of roles is written down."""
    assert filled(ROLES_PAGE.read_text(), role_tables()) == ROLES_PAGE.read_text()


def related_tests(names: Sequence[str] | None) -> None:
    """Exploits, cases, vectors, and the tests of single modules: those of these names, or all."""
    if names is None:
        _pytest(TESTS)
    elif names := [name for name in names if "::" in name]:
        _pytest(sorted({name.partition("::")[0] for name in names}), _Chosen(names))


def whole_contests() -> None:
    """All orders of arrival."""
    run_contests(12, seed=4, shrink=False)


def many_contests() -> None:
    """The rarer reasons."""
    run_quickly(60, seed=1)


def many_laws() -> None:
    """What is seldom judged again."""
    run_laws(40, seed=1, shrink=False)


def watched(paths: Iterable[str], histories: Callable[[], object]) -> dict[str, tuple[float, list[str]]]:
    """Run all tests: by name the seconds each takes, and the functions of these files that it calls.

    "histories" stands for what is no test.
    """
    watching = _Watching(paths)
    with watching.noting("histories"):
        histories()
    _pytest(TESTS, watching)
    return {name: (seconds, sorted(watching.called[name])) for name, seconds in watching.seconds.items()}


def caches() -> list[Any]:
    """Everything that remembers what a function gave."""
    return [each for each in gc.get_objects() if isinstance(each, functools._lru_cache_wrapper)]


def _pytest(paths: Iterable[str], *plugins: object) -> None:
    hypothesis.settings.register_profile("mutants", database=None, deadline=None, derandomize=True)
    hypothesis.settings.load_profile("mutants")
    code = pytest.main([*_QUIET, *paths], plugins=[*plugins])
    assert code == pytest.ExitCode.OK, "a test failed"


class _Chosen:
    """Lets some tests run, in the order of their names given."""

    def __init__(self, names: Sequence[str]) -> None:
        self._rank = {name: rank for rank, name in enumerate(names)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._rank), key=lambda item: self._rank[item.nodeid]
        )


class _Watching:
    """Notes which functions each test calls."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.called: dict[str, set[str]] = {}
        self.seconds: dict[str, float] = {}
        self._paths = tuple(paths)
        self._names: dict[CodeType, str] = {}
        self._now: set[str] = set()
        self._caches = caches()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        with self.noting(item.nodeid):
            return (yield)

    @contextmanager
    def noting(self, name: str) -> Generator[None]:
        """What is called meanwhile is noted under a name."""
        for each in self._caches:
            each.cache_clear()  # what is remembered is called by the first one only
        self._now = self.called[name] = set()
        begun = time.process_time()
        sys.setprofile(self._note)
        try:
            yield
        finally:
            sys.setprofile(None)
            self.seconds[name] = time.process_time() - begun

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            code = frame.f_code
            name = self._names.get(code)
            if name is None:
                path = next((path for path in self._paths if code.co_filename.endswith(path)), "")
                name = self._names[code] = f"{path}:{code.co_qualname.partition('.<locals>')[0]}" if path else ""
            if name:
                self._now.add(name)
