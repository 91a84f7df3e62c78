"""What others notice of git clients that take their time: hundreds that read nothing, one that reads by the byte."""

from __future__ import annotations

import http.client
import socket
import statistics
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from benchmarks._git_cases import clone_request
from benchmarks._git_history import git

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from benchmarks._git_cases import Desk
    from benchmarks._git_sides import Side

IDLE: Final = 500
ASKED: Final = 100
_FIRST: Final = 20
"""Asked before: the first question to each worker has it make tables and open views."""
_NAMED: Final = 16
"""Commits that git's client names in its first round."""
_DEEPEST: Final = "deepen 2147483647\n"
_TYPE: Final = "application/x-git-upload-pack-request"


class Question(NamedTuple):
    """A short request whose answer somebody waits for."""

    name: str
    body: bytes


def told(desk: Desk, side: Side, name: str = "bench") -> str:
    """Lines of milliseconds: alone, and beside the others."""
    tips = _tips(side.url(name))
    questions = [_list(desk), _fetch(desk)]
    for question in questions * _FIRST:
        _milliseconds(side.url(name), question)
    lines = [_line("alone", side.url(name), questions)]
    with ExitStack() as lazy:
        for number in range(IDLE):
            lazy.enter_context(_asked(side.url(name), _deepest(tips) if number % 2 else clone_request(tips)))
        lazy.enter_context(_by_the_byte(lazy.enter_context(_asked(side.url(name), _deepest(tips)))))
        lines.append(_line(f"as soon as {IDLE + 1} others have asked for everything", side.url(name), questions))
        lines.append(_line("while they read nothing, and one a byte a second", side.url(name), questions))
    return "\n".join(lines)


def _line(when: str, url: str, questions: Sequence[Question]) -> str:
    words = list[str]()
    for question in questions:
        took = sorted(_milliseconds(url, question) for _ in range(ASKED))
        words.append(f"{question.name} {statistics.median(took):.0f} / {took[-2]:.0f} / {took[-1]:.0f} ms")
    return f"{when:58} {', '.join(words)}"


def _milliseconds(url: str, question: Question) -> float:
    parts = urlsplit(url)
    began = time.perf_counter()
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
    headers = {"Git-Protocol": "version=2", "Content-Type": _TYPE}
    connection.request("POST", f"{parts.path}/git-upload-pack", question.body, headers)
    answer = connection.getresponse()
    assert answer.status == http.HTTPStatus.OK, f"{question.name} was answered with {answer.status}"
    assert answer.read(), f"{question.name} was answered with nothing"
    connection.close()
    return 1_000 * (time.perf_counter() - began)


@contextmanager
def _asked(url: str, body: bytes) -> Generator[socket.socket]:
    """A connection over which much was asked for; nothing of the answer is read, and little fits into its buffer."""
    parts = urlsplit(url)
    head = f"POST {parts.path}/git-upload-pack HTTP/1.1\r\nHost: {parts.hostname}\r\nGit-Protocol: version=2\r\n"
    head += f"Content-Type: {_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((str(parts.hostname), int(parts.port or 80))) as connection:
        connection.sendall(head.encode() + body)
        yield connection


@contextmanager
def _by_the_byte(connection: socket.socket) -> Generator[None]:
    ended = threading.Event()

    def read() -> None:
        while not ended.wait(1.0):
            connection.recv(1)

    reading = threading.Thread(target=read)
    reading.start()
    try:
        yield
    finally:
        ended.set()
        reading.join()


def _tips(url: str) -> list[str]:
    lines = git("ls-remote", url).splitlines()
    return sorted({line.split("\t")[0] for line in lines if not line.endswith("^{}")})


def _deepest(tips: Sequence[str]) -> bytes:
    return _framed("fetch", [_DEEPEST, "ofs-delta", *(f"want {tip}\n" for tip in tips), "done\n"])


def _list(desk: Desk) -> Question:
    words = ["peel\n", "symrefs\n", f"ref-prefix {desk.branch}\n", "ref-prefix refs/tags/\n"]
    return Question("ls-refs", _framed("ls-refs", words))


def _fetch(desk: Desk) -> Question:
    named = git("-C", str(desk.origin), "rev-list", f"-{_NAMED}", desk.old).split()
    haves = [f"have {oid}\n" for oid in named]
    return Question("fetch", _framed("fetch", ["thin-pack", "ofs-delta", f"want {desk.tip}\n", *haves]))


def _framed(command: str, words: Sequence[str]) -> bytes:
    lines = [f"command={command}", "object-format=sha1", None, *words]
    return ("".join("0001" if line is None else f"{len(line) + 4:04x}{line}" for line in lines) + "0000").encode()
