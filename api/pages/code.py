"""Code with colours: classes only, so the stylesheet decides, and no style stands in the page."""

from __future__ import annotations

import atexit
import re
import subprocess
import sys
import threading
from contextlib import suppress
from functools import lru_cache
from typing import Final, final

import msgspec
from markupsafe import Markup, escape

COLOURED_CHARS_MAX: Final = 512 << 10
"""What is longer stays in one colour: lexers take a second for a few megabytes."""
COLOURING_S_MAX: Final = 1.0
"""Of all code of one text together."""
_LINE_CHARS_MAX: Final = 5_000
"""A line that long is no line that anybody wrote, and lexers can take for ever on it."""
_WAIT_S_MAX: Final = 1.5
"""One text is coloured at a time. Whoever would wait longer gets it in one colour."""
_SIZE_BYTES: Final = 4


def highlighted(text: str, *, language: str = "", name: str = "") -> Markup:
    """Code as HTML, by the name of its language or of its file; plain where neither is known."""
    return Markup().join(lines(text, language=language, name=name))


def lines(text: str, *, language: str = "", name: str = "") -> tuple[Markup, ...]:
    """Every line as HTML of its own, its line end included: no element reaches over one."""
    try:
        return _lines(text, language, name)
    except _BusyError:
        return _plain(text)


class _BusyError(Exception):
    """Too many texts are being coloured."""


@lru_cache(64)
def _lines(text: str, language: str, name: str) -> tuple[Markup, ...]:
    if not (language or name) or len(text) > COLOURED_CHARS_MAX:
        return _plain(text)
    if any(len(line) > _LINE_CHARS_MAX for line in text.split("\n")):
        return _plain(text)
    try:
        question = msgspec.msgpack.encode((text, language, name))
    except UnicodeEncodeError:  # half a character
        return _plain(text)
    answer = _colourist.ask(question)
    found = msgspec.msgpack.decode(answer, type=list[str] | None) if answer else None
    return _plain(text) if found is None else tuple(map(Markup, found))


def _plain(text: str) -> tuple[Markup, ...]:
    return tuple(escape(line) for line in re.findall(r"[^\n]*\n|[^\n]+", text))


@final
class _Colourist:
    """The one process that colours for this one: begun with the first question, and anew where one has ended it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, question: bytes) -> bytes:
        """The answer to a question, empty where there was none in time; raises `_BusyError` where others wait."""
        if not self._lock.acquire(timeout=_WAIT_S_MAX):
            raise _BusyError
        try:
            return self._asked(question)
        except OSError:
            self.end()
            return b""
        finally:
            self._lock.release()

    def _asked(self, question: bytes) -> bytes:
        if self._process is None:
            words = [sys.executable, "-P", "-m", "api.pages.colouring"]
            self._process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        pipe, answers = self._process.stdin, self._process.stdout
        assert pipe is not None
        assert answers is not None
        pipe.write(len(question).to_bytes(_SIZE_BYTES, "big") + question)
        pipe.flush()
        size = answers.read(_SIZE_BYTES)
        answer = answers.read(int.from_bytes(size, "big"))
        if not answer:
            self.end()
        return answer

    def end(self) -> None:
        """Let the process go."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                with suppress(OSError):  # what was written and never read
                    pipe.close()
            process.wait()


_colourist: Final = _Colourist()
atexit.register(_colourist.end)
