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

    from _typeshed import TraceFunction

TESTS: Final = (
    "tests/domain/authority",
    "tests/domain/replay",
    "tests/domain/test_policy.py",
    "tests/domain/test_succession.py",
    "tests/exploits/authority/test_blocks.py",
    "tests/exploits/authority/test_keys.py",
    "tests/exploits/authority/test_old_parents.py",
    "tests/exploits/authority/test_own_devices.py",
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
    elif names:
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


def watched(paths: Iterable[str], tales: Sequence[Callable[[], object]]) -> dict[str, tuple[float, list[str]]]:
    """Run all tests and tales: by name the seconds each takes, and the lines of these files (and functions) it runs.

    A tale is called by its number.
    """
    watching = _Watching(paths)
    for number, tale in enumerate(tales):
        with watching.noting(str(number)):
            tale()
    _pytest(TESTS, watching)
    return {name: (seconds, sorted(watching.ran[name])) for name, seconds in watching.seconds.items()}


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
    """Notes which lines each test runs, as `path:line`, and which functions, as `path:name`."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.ran: dict[str, set[str]] = {}
        self.seconds: dict[str, float] = {}
        self._paths = tuple(paths)
        self._path_of: dict[CodeType, str] = {}
        self._now: set[str] = set()
        self._caches = caches()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        with self.noting(item.nodeid):
            return (yield)

    @contextmanager
    def noting(self, name: str) -> Generator[None]:
        """What runs meanwhile is noted under a name."""
        for each in self._caches:
            each.cache_clear()  # what is remembered is run by the first one only
        self._now = self.ran[name] = set()
        begun = time.process_time()
        sys.settrace(self._enter)
        try:
            yield
        finally:
            sys.settrace(None)
            self.seconds[name] = time.process_time() - begun

    def _enter(self, frame: FrameType, event: str, _: object) -> TraceFunction | None:
        code = frame.f_code
        path = self._path_of.get(code)
        if path is None:
            path = next((path for path in self._paths if code.co_filename.endswith(path)), "")
            self._path_of[code] = path
        if not path:
            return None
        self._now.add(f"{path}:{code.co_qualname.partition('.<locals>')[0]}")
        now = self._now

        def line(frame: FrameType, event: str, _: object) -> TraceFunction:
            now.add(f"{path}:{frame.f_lineno}")
            return line

        return line
