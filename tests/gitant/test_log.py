"""Log lines: one form for structlog's and the standard library's, and no line that a stranger could forge."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest
import structlog

from gitant import log

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.fixture(autouse=True)
def _as_before() -> Generator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


def test_json_has_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    log.set_up("info", "json")
    structlog.get_logger("gitant.test").info("pushed", repo="attic\nforged", objects=3)
    logging.getLogger("some.library").warning("%d of %s", 1, "two")
    ours, theirs = map(json.loads, _lines(capsys))
    assert (ours["message"], ours["repo"], ours["objects"]) == ("pushed", "attic\nforged", 3)
    assert (ours["level"], ours["logger"]) == ("info", "gitant.test")
    assert (theirs["message"], theirs["level"], theirs["logger"]) == ("1 of two", "warning", "some.library")
    assert ours["timestamp"].endswith("Z")


def test_text_keeps_to_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    log.set_up("info", "text")
    structlog.get_logger("gitant.test").info("pushed", repo="attic\n\x1b[31mforged\u202e")
    logging.getLogger("some.library").warning("a\nb")
    lines = _lines(capsys)
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_bug_comes_with_its_traceback(capsys: pytest.CaptureFixture[str], form: str) -> None:
    log.set_up("info", form)
    try:
        raise KeyError("lost")
    except KeyError:
        structlog.get_logger("gitant.test").exception("it failed")
    told = "\n".join(_lines(capsys))
    assert "Traceback (most recent call last)" in told
    assert "KeyError: 'lost'" in told


def test_a_level_holds_for_both(capsys: pytest.CaptureFixture[str]) -> None:
    log.set_up("error", "text")
    structlog.get_logger("gitant.test").warning("not this")
    logging.getLogger("some.library").warning("nor this")
    structlog.get_logger("gitant.test").error("this")
    (line,) = _lines(capsys)
    assert "this" in line


def test_set_up_twice_a_line_comes_once(capsys: pytest.CaptureFixture[str]) -> None:
    log.set_up("info", "text")
    log.set_up("info", "text")
    structlog.get_logger("gitant.test").info("once")
    assert len(_lines(capsys)) == 1
