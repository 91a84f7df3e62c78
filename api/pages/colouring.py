"""The process that gives code its colours: `python -P -m api.pages.colouring`, questions in, answers out.

A lexer is a heap of regular expressions, and some of them take for ever on what was made for them: nothing in the same
process can end that, and everything else waits. So they run in a child, which the kernel ends when a question has taken
too much of the processor. It counts its own time, so that a busy machine changes nothing.
"""

from __future__ import annotations

import re
import resource
import signal
import sys
from functools import lru_cache
from time import process_time
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import msgspec
from markupsafe import escape
from pygments import lexers
from pygments.token import Token as Kind
from pygments.util import ClassNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pygments.lexer import Lexer

COLOURING_S_MAX: Final = 1.0
"""What a lexer has not come to by then stays in one colour: an open comment, begun ten thousand times, takes hours."""
QUESTION_CPU_S_MAX: Final = 2.0
"""What is in one single expression by then is ended, and this process with it."""
_MEMORY_BYTES_MAX: Final = 1 << 30
SIZE_BYTES: Final = 4
"""Before each question and answer stands how long it is."""
# pygments has no types: what a lexer takes besides is open.
_BY_NAME: Final = cast("Callable[..., Lexer]", lexers.get_lexer_by_name)  # pyright: ignore[reportUnknownMemberType]
_BY_FILE: Final = cast("Callable[..., Lexer]", lexers.get_lexer_for_filename)  # pyright: ignore[reportUnknownMemberType]
_CLASSES: Final[dict[Any, str]] = {
    Kind.Comment: "tok-c",
    Kind.Keyword: "tok-k",
    Kind.Keyword.Type: "tok-t",
    Kind.Name.Builtin: "tok-b",
    Kind.Name.Class: "tok-t",
    Kind.Name.Decorator: "tok-b",
    Kind.Name.Exception: "tok-t",
    Kind.Name.Function: "tok-f",
    Kind.Name.Tag: "tok-k",
    Kind.Name.Attribute: "tok-f",
    Kind.Name.Constant: "tok-n",
    Kind.Literal.Number: "tok-n",
    Kind.Literal.String: "tok-s",
    Kind.Literal.String.Escape: "tok-n",
    Kind.Operator.Word: "tok-k",
    Kind.Generic.Deleted: "tok-del",
    Kind.Generic.Inserted: "tok-ins",
    Kind.Generic.Heading: "tok-k",
    Kind.Generic.Subheading: "tok-f",
}


class Question(msgspec.Struct, array_like=True):
    """Code, and the name of its language or of its file."""

    text: str
    language: str
    name: str


def coloured(question: Question) -> list[str] | None:
    """Every line as HTML, its line end included: no element reaches over one. None where no lexer is known."""
    lexer = _lexer(question)
    if lexer is None:
        return None
    found: list[str] = []
    now: list[str] = []
    for kind, part in _timely(lexer, question.text):
        mark = _class_of(kind)
        for piece in re.findall(r"[^\n]*\n|[^\n]+", part):
            shown = escape(piece.removesuffix("\n"))
            if shown:
                now.append(f'<span class="{mark}">{shown}</span>' if mark else shown)
            if piece.endswith("\n"):
                found.append("".join(now) + "\n")
                now.clear()
    if now:
        found.append("".join(now))
    return found


def _timely(lexer: Lexer, text: str) -> Iterator[tuple[Any, str]]:
    """A lexer's tokens as long as its time lasts, and the rest as one."""
    until, at = process_time() + COLOURING_S_MAX, 0
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")  # as lexers read it
    for kind, part in lexer.get_tokens(text):
        at += len(part)
        yield kind, part
        if process_time() > until:
            yield Kind, text[at:]
            return


def _lexer(question: Question) -> Lexer | None:
    try:
        if question.language:
            return _BY_NAME(question.language, stripnl=False, ensurenl=False)
        return _BY_FILE(question.name, stripnl=False, ensurenl=False) if question.name else None
    except ClassNotFound:
        return None


@lru_cache(None)
def _class_of(kind: Any) -> str:
    while kind is not Kind:
        if kind in _CLASSES:
            return _CLASSES[kind]
        assert kind.parent is not None
        kind = kind.parent
    return ""


def main() -> None:
    """Answer until nobody asks any more."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES_MAX, _MEMORY_BYTES_MAX))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # that is for whoever asks
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # which ends a process
    _answer(sys.stdin.buffer, sys.stdout.buffer)


def _answer(asked: BinaryIO, answers: BinaryIO) -> None:
    while size := asked.read(SIZE_BYTES):
        question = msgspec.msgpack.decode(asked.read(int.from_bytes(size, "big")), type=Question)
        signal.setitimer(signal.ITIMER_PROF, QUESTION_CPU_S_MAX)
        answer = msgspec.msgpack.encode(coloured(question))
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(len(answer).to_bytes(SIZE_BYTES, "big") + answer)
        answers.flush()


if __name__ == "__main__":
    main()
