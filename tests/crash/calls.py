r"""System calls as strace saw them: `strace -f -ttt -T -y -xx` lines into values.

With `-xx` every string and path is spelled `\x2f\x61`, so that nothing in it can be taken for syntax.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STRING_BYTES_MAX = 32 << 20
"""What strace prints of one write; a longer one is refused, not cut."""

TRACED = frozenset({
    "open", "openat", "creat", "lseek", "read", "readv", "dup", "dup2", "dup3", "fcntl", "mmap",
    "write", "pwrite64", "writev", "pwritev", "pwritev2", "sendfile", "copy_file_range", "splice",
    "ftruncate", "truncate", "fallocate", "fsync", "fdatasync", "sync", "syncfs",
    "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat",
    "link", "linkat", "symlink", "symlinkat", "chmod", "fchmod", "fchmodat",
    "clone", "clone3", "fork", "vfork", "chdir", "fchdir",
})  # fmt: skip
"""Everything that changes files or names, or says which file a descriptor is and where it stands."""

COMMAND = (
    *("strace", "-DDD", "-f", "-ttt", "-T", "-y", "-xx", "--seccomp-bpf", "-qq", "-s", str(STRING_BYTES_MAX)),
    *("-e", f"trace={','.join(sorted(TRACED))}", "-e", "raw=read,readv", "-e", "signal=none"),
    # Programs that are told there is no such call copy by reading and writing, which can be seen.
    *("-e", "inject=copy_file_range:error=ENOSYS"),
)
"""The tracer is a process apart (`-DDD`): the one that is started is the program."""

_LINE = re.compile(r"(\d+) +(\d+\.\d+) (.*)")
_DONE = re.compile(r"(.*)\) += (-?\w+|\?)(?:<([^>]*)>(?:\(deleted\))?)?(?: [A-Z(].*?)?(?: <\d+\.\d+>)?", re.DOTALL)
_UNFINISHED = " <unfinished ...>"
_RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(.*)", re.DOTALL)
_DESCRIPTOR = re.compile(r"(-?\d+|AT_FDCWD)(?:<([^>]*)>)?")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


class Untraceable(Exception):
    """The process did something to the folder that this recorder cannot follow."""


@dataclass(frozen=True, slots=True)
class Call:
    """One finished system call. `began` and `ended` count lines: what ended before another began came before it."""

    pid: int
    name: str
    args: list[str]
    result: int | None
    result_path: str
    at: float
    began: int
    ended: int

    @property
    def failed(self) -> bool:
        return self.result is not None and self.result < 0


def parse(lines: Iterable[str]) -> Iterator[Call]:
    """Calls in the order in which they ended."""
    open_calls: dict[int, tuple[str, float, int]] = {}
    for number, line in enumerate(lines):
        matched = _LINE.fullmatch(line.rstrip("\n"))
        if matched is None:
            raise Untraceable(f"line {number}: {line[:200]!r}")
        pid, at, text = int(matched[1]), float(matched[2]), matched[3]
        if text.startswith(("+++", "---")):
            continue
        began = number
        if text.endswith(_UNFINISHED):
            open_calls[pid] = (text.removesuffix(_UNFINISHED), at, number)
            continue
        if resumed := _RESUMED.fullmatch(text):
            head, at, began = open_calls.pop(pid)
            text = head + resumed[2]
        yield _call(pid, at, text, began, number)


def descriptor(arg: str) -> tuple[int, str]:
    """A descriptor argument: its number (-1 for `AT_FDCWD`) and the path it stands for."""
    matched = _DESCRIPTOR.match(arg)
    if matched is None:
        raise Untraceable(f"descriptor {arg!r}")
    return (-1 if matched[1] == "AT_FDCWD" else int(matched[1])), _unescaped(matched[2] or "").decode(errors="replace")


def string(arg: str) -> bytes:
    """A string argument."""
    matched = _STRING.fullmatch(arg)
    if matched is None:
        raise Untraceable(f"a string of more than {STRING_BYTES_MAX} bytes, or none: {arg[:60]!r}")
    return _unescaped(matched[1])


def strings(arg: str) -> bytes:
    """The buffers of a vector argument, joined."""
    return b"".join(_unescaped(part) for part in _STRING.findall(arg))


def _call(pid: int, at: float, text: str, began: int, ended: int) -> Call:
    name, _, rest = text.partition("(")
    done = _DONE.fullmatch(rest)
    if done is None:
        raise Untraceable(f"line {ended}: {text[:200]!r}")
    result = None if done[2] == "?" else int(done[2], 0)
    path = _unescaped(done[3] or "").decode(errors="replace")
    return Call(pid, name, _split(done[1]), result, path, at, began, ended)


def _split(args: str) -> list[str]:
    """At the commas that are not within brackets."""
    parts, depth, start = list[str](), 0, 0
    for match in re.finditer(r"[\[\](){},]", args):
        if match[0] in "[({":
            depth += 1
        elif match[0] in "])}":
            depth -= 1
        elif depth == 0:
            parts.append(args[start : match.start()].strip())
            start = match.end()
    return [*parts, args[start:].strip()]


def _unescaped(text: str) -> bytes:
    if not text.startswith("\\x"):
        return text.encode()
    return bytes.fromhex(text.replace("\\x", ""))
