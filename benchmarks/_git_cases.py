"""What a git client does that is timed, on either side; each leaves something whose objects can be compared."""

from __future__ import annotations

import base64
import hashlib
import selectors
import shutil
import socket
import struct
import subprocess
import time
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Final, NamedTuple, cast, final

from benchmarks._git_history import git

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks._git_sides import Side

BEHIND: Final = 10
"""Commits of the main line that a fetch brings."""
AT_ONCE: Final = 8
_DROPPED_BYTES: Final = 1 << 20


class Took(NamedTuple):
    """Seconds that passed, and the server's processor seconds among them."""

    wall_s: float
    cpu_s: float


@final
class Desk:
    """A folder to work in, and the history that both sides serve as `NAME.git`."""

    def __init__(self, folder: Path, origin: Path) -> None:
        self.folder = folder
        self.origin = origin
        self.tip = git("-C", str(origin), "rev-parse", "HEAD").strip()
        self.branch = git("-C", str(origin), "symbolic-ref", "HEAD").strip()
        self.pusher = folder / "pusher.git"
        git("clone", "-q", "--bare", "--shared", str(origin), str(self.pusher))
        self.behind = folder / "behind.git"
        git("init", "-q", "--bare", str(self.behind))
        old = git("-C", str(origin), "rev-parse", f"HEAD~{BEHIND}").strip()
        git("-C", str(self.behind), "fetch", "-q", str(origin), f"{old}:{self.branch}", **_ANY)
        self.old = old
        self.made = set[str]()
        """Names of repositories that both sides have."""
        self._pushed = 0
        self._places = 0

    def clone(self, side: Side, *words: str, name: str = "bench") -> tuple[Took, str]:
        """(times, digest of the objects that came)."""
        place = self._place()
        took = timed(side, "clone", "-q", "--bare", *words, side.url(name), str(place))
        seen = objects_of(place)
        shutil.rmtree(place)
        return took, seen

    def fetch(self, side: Side, name: str = "bench") -> tuple[Took, str]:
        """What a client that is some commits behind gets."""
        place = self._place()
        subprocess.run(["cp", "-al", self.behind, place], check=True)
        took = timed(side, "-C", str(place), "fetch", "-q", side.url(name), f"+{self.branch}:{self.branch}")
        seen = objects_of(place)
        shutil.rmtree(place)
        return took, seen

    def tell_refs(self, side: Side, name: str) -> tuple[Took, str]:
        """`git ls-remote`."""
        before, began = side.cpu_s(), time.perf_counter()
        told = git("ls-remote", side.url(name))
        return Took(time.perf_counter() - began, side.cpu_s() - before), hashlib.sha256(told.encode()).hexdigest()

    def advance(self) -> None:
        """One more commit on the main line of what is pushed."""
        self._pushed += 1
        text = f"{self._pushed}\n" * 100
        stamp = f"A Person <person@example.org> {1_900_000_000 + self._pushed} +0000"
        stream = (
            f"commit {self.branch}\ncommitter {stamp}\ndata 4\nmore\nfrom {self.branch}^0\n"
            f"M 100644 inline file-of-the-benchmark.txt\ndata {len(text)}\n{text}\n"
        )
        subprocess.run(["git", "-C", str(self.pusher), "fast-import", "--quiet"], input=stream.encode(), check=True)

    def push(self, side: Side, name: str = "bench") -> tuple[Took, str]:
        """The main line as it is now."""
        return timed(side, "-C", str(self.pusher), "push", "-q", side.url(name), self.branch), ""

    def push_all(self, side: Side, name: str) -> tuple[Took, str]:
        """The whole history, to an empty repository."""
        refs = ("refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*")
        return timed(side, "-C", str(self.origin), "push", "-q", side.url(name), *refs), ""

    def move_refs(self, side: Side, name: str, refs: Sequence[str], old: str, new: str) -> tuple[Took, str]:
        """All of these from `old` to `new`, in one request: stock git takes minutes to match thousands of them."""
        url = urllib.parse.urlsplit(side.url(name))
        lines = [f"{old} {new} {ref}" for ref in refs]
        lines[0] += "\0report-status"
        pack = struct.pack(">4sLL", b"PACK", 2, 0)
        body = "".join(f"{len(line) + 4:04x}{line}" for line in lines).encode() + b"0000"
        who = base64.b64encode(f"{url.username}:{url.password}".encode()).decode()
        asked = urllib.request.Request(
            f"http://{url.hostname}:{url.port}{url.path}/git-receive-pack",
            body + pack + hashlib.sha1(pack, usedforsecurity=False).digest(),
            {"Authorization": f"Basic {who}", "Content-Type": "application/x-git-receive-pack-request"},
        )
        before, began = side.cpu_s(), time.perf_counter()
        with urllib.request.urlopen(asked, timeout=600) as answer:
            told = answer.read()
        took = Took(time.perf_counter() - began, side.cpu_s() - before)
        assert told.count(b"ok refs/") == len(refs), told[:300]
        return took, ""

    def many(self, side: Side, count: int, name: str = "bench", at_once: int = AT_ONCE) -> tuple[Took, str]:
        """Whole clones as the server sees them, so many at once, each by a process that throws away what comes."""
        url = urllib.parse.urlsplit(side.url(name))
        ask = self.folder / "ask"
        ask.write_bytes(clone_request(self._tips(side, name)))
        words = ["curl", "-sf", "-o", "/dev/null", "-w", "%{size_download}\n", "--data-binary", f"@{ask}"]
        words += ["-H", "Content-Type: application/x-git-upload-pack-request", "-H", "Git-Protocol: version=2"]
        words += [f"http://{url.hostname}:{url.port}{url.path}/git-upload-pack"]
        before, began = side.cpu_s(), time.perf_counter()
        for _ in range(0, count, at_once):
            asking = [subprocess.Popen(words, stdout=subprocess.PIPE) for _ in range(at_once)]
            for each in asking:
                size, _ = each.communicate()
                assert each.returncode == 0, f"{side.name} did not answer"
                assert int(size) > 10_000, f"{side.name} answered with {size!r} bytes"
        return Took(time.perf_counter() - began, side.cpu_s() - before), ""

    def drain(self, side: Side, count: int, name: str = "bench") -> tuple[Took, str]:
        """The same, all at once by one client that costs next to nothing: the system drops what has come."""
        url = urllib.parse.urlsplit(side.url(name))
        body = clone_request(self._tips(side, name))
        head = f"POST {url.path}/git-upload-pack HTTP/1.1\r\nHost: {url.hostname}\r\nConnection: close\r\n"
        head += "Git-Protocol: version=2\r\nContent-Type: application/x-git-upload-pack-request\r\n"
        request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        before, began = side.cpu_s(), time.perf_counter()
        sizes = drained((str(url.hostname), int(url.port or 80)), request, count)
        took = Took(time.perf_counter() - began, side.cpu_s() - before)
        assert min(sizes) > 10_000, f"{side.name} answered with {sizes} bytes"
        return took, ""

    def _tips(self, side: Side, name: str) -> list[str]:
        told = git("ls-remote", side.url(name)).splitlines()
        return sorted({line.split("\t")[0] for line in told if not line.endswith("^{}")})

    def _place(self) -> Path:
        self._places += 1
        return self.folder / f"client-{self._places}.git"


_ANY: Final = {
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "uploadpack.allowAnySHA1InWant",
    "GIT_CONFIG_VALUE_0": "true",
}


def timed(side: Side, *words: str) -> Took:
    """Run git and see how long that takes."""
    before, began = side.cpu_s(), time.perf_counter()
    git(*words)
    wall_s = time.perf_counter() - began
    return Took(wall_s, side.cpu_s() - before)


def drained(address: tuple[str, int], request: bytes, count: int) -> list[int]:
    """Ask over so many connections at once; how many bytes came over each until it was closed."""
    sizes = dict[int, int]()
    nowhere = bytearray(_DROPPED_BYTES)
    with selectors.DefaultSelector() as answers:
        for number in range(count):
            connection = socket.create_connection(address)
            connection.sendall(request)
            answers.register(connection, selectors.EVENT_READ, number)
            sizes[number] = 0
        while answers.get_map():
            for key, _ in answers.select():
                connection = cast("socket.socket", key.fileobj)
                size = connection.recv_into(nowhere, _DROPPED_BYTES, socket.MSG_TRUNC)
                sizes[key.data] += size
                if not size:
                    answers.unregister(connection)
                    connection.close()
    return list(sizes.values())


def objects_of(repository: Path) -> str:
    """A digest of the ids of all objects that refs lead to, those left out by a filter marked as such."""
    words = ["rev-list", "--all", "--objects", "--no-object-names", "--missing=print"]
    lines = git("-C", str(repository), *words).splitlines()
    return f"{len(lines)} {hashlib.sha256(chr(10).join(sorted(lines)).encode()).hexdigest()}"


def clone_request(tips: Sequence[str]) -> bytes:
    """What `git clone` sends in protocol v2 for everything."""
    wants = [f"want {tip}\n" for tip in tips]
    lines = ["command=fetch", "object-format=sha1", None, "ofs-delta", "no-progress", *wants, "done\n"]
    framed = ["0001" if line is None else f"{len(line) + 4:04x}{line}" for line in lines]
    return ("".join(framed) + "0000").encode()
