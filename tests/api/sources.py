"""Git servers to import from, well-mannered and otherwise, and a node that imports."""

from __future__ import annotations

import base64
import os
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from api.app import create_app
from domain.ports_git import PackCaps
from gitant.imports.book import Book
from gitant.imports.importer import Importer
from storage.git.store import DiskGitStore
from tests.api.client import Client, http_to
from transport.outbound.addresses import Allowed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from domain.actor import Actor
    from domain.ports_imports import ImportJob, ImportOrder
    from tests.api.node import Node

IMPORT = "/api/v1/import"
PASSWORD = "s3cret-of-the-source"
"""Of the user `ada`, at the server's paths that begin with /private."""
TRIES = 20_000


class GitHttp(BaseHTTPRequestHandler):
    """`git http-backend` behind Python's server, with a few bad manners by path."""

    root: Path
    seen: list[tuple[str, str]]

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it has in http.server
        pass

    def _answer(self) -> None:
        path, _, query = self.path.partition("?")
        self.seen.append((self.command, self.path))
        if path.startswith("/to/"):  # /to/<host>/<port>/<rest>
            _, _, host, port, *rest = path.split("/")
            self._redirect(f"http://{host}:{port}/{'/'.join(rest)}?{query}")
        elif path.startswith("/as/"):  # /as/<scheme>/<rest>
            _, _, scheme, *rest = path.split("/")
            self._redirect(f"{scheme}://127.0.0.1/{'/'.join(rest)}?{query}")
        elif path.startswith("/odd/"):
            self._redirect(f"http://[::1/x.git?{query}")
        elif path.startswith("/loop/"):
            self._redirect(f"{path.replace('/loop/', '/loop/x', 1)}?{query}")
        elif path.startswith("/private/") and not self._knows():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.end_headers()
        else:
            self._backend(path.replace("/private/", "/", 1), query)

    def _knows(self) -> bool:
        expected = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
        return self.headers.get("Authorization") == f"Basic {expected}"

    def _redirect(self, location: str) -> None:
        self.send_response(302)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _backend(self, path: str, query: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        environ = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
        }
        done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env=environ)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@dataclass
class Source:
    """A repository that somebody else serves."""

    root: Path
    url: str
    seen: list[tuple[str, str]]

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def git(self, *words: str, given: bytes = b"", cwd: str = "old.git") -> str:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_{what}": "1700000000 +0000" for who in ("AUTHOR", "COMMITTER") for what in ("DATE",)},
            **{f"GIT_{who}_NAME": "Ada" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "ada@example.invalid" for who in ("AUTHOR", "COMMITTER")},
        }
        done = subprocess.run(["git", *words], input=given, cwd=self.root / cwd, env=environ, capture_output=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().strip()

    def put(self, kind: str, data: bytes) -> str:
        return self.git("hash-object", "-t", kind, "-w", "--stdin", "--literally", given=data)

    def make(self, name: str = "old.git") -> str:
        """A repository with a branch, a tag, a note and a pull request's head; the branch's tip."""
        (self.root / name).mkdir()
        self.git("init", "-q", "--bare", "--initial-branch=trunk", cwd=name)
        blob = self.git("hash-object", "-w", "--stdin", given=b"hello\n", cwd=name)
        tree = self.git("mktree", given=f"100644 blob {blob}\tREADME\n".encode(), cwd=name)
        tip = self.git("commit-tree", "-m", "Begin", tree, cwd=name)
        self.git("update-ref", "refs/heads/trunk", tip, cwd=name)
        self.git("tag", "-a", "-m", "One", "v1", tip, cwd=name)
        for ref in ("refs/notes/commits", "refs/pull/1/head", "refs/pull/2/head"):
            self.git("update-ref", ref, tip, cwd=name)
        self.git("update-ref", "refs/heads/" + "a" * 40, tip, cwd=name)
        return tip


@contextmanager
def serving(root: Path, certificate: tuple[Path, Path] | None = None) -> Iterator[Source]:
    """A server of the repositories in `root`; with a certificate and its key, over TLS."""
    seen: list[tuple[str, str]] = []
    handler = type("Handler", (GitHttp,), {"root": root, "seen": seen})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Source(root, f"http{'s' if certificate else ''}://127.0.0.1:{server.server_address[1]}", seen)
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Switch:
    """Imports by whichever importer a test wants: the application around it takes longest to make."""

    importer: Importer

    async def start(
        self, actor: Actor, order: ImportOrder, *, repeat: tuple[bytes, bytes] | None = None
    ) -> tuple[ImportJob, bool]:
        return await self.importer.start(actor, order, repeat=repeat)

    def show(self, job: str) -> ImportJob | None:
        return self.importer.show(job)

    def cancel(self, job: str) -> None:
        self.importer.cancel(job)


@dataclass
class Desk:
    """A node that takes imports, and its operator."""

    node: Node
    api: Client
    book: Book
    switch: Switch

    def set(
        self,
        *,
        allow: str = "127.0.0.1",
        seconds_max: float = 60,
        caps: PackCaps | None = None,
        names: Callable[[str, int], Sequence[str]] | None = None,
    ) -> None:
        """What the node may reach, how long it may take, and what names resolve to."""
        self.switch.importer = make_importer(self.node, self.book, allow, seconds_max, caps, names)

    def run(self, expect: str = "done", **order: Any) -> dict[str, Any]:
        """Import, and wait for the end."""
        started = self.api.post(IMPORT, order, expect=202)
        job = started.json()["id"]
        assert started.headers["location"] == f"{IMPORT}/{job}"
        return self.wait(job, expect)

    def wait(self, job: str, expect: str) -> dict[str, Any]:
        for _ in range(TRIES):
            # Asked plainly while it changes: the client tries whether the same question gets the same answer.
            told: dict[str, Any] = self.api.http.get(f"{IMPORT}/{job}", headers=self.api._headers).json()
            if told["phase"] == "ended":
                assert self.api.get(f"{IMPORT}/{job}").json() == told
                assert told["state"] == expect, told
                assert list(self.node.world.folder.repos.glob("*.staged")) == []
                return told
        raise AssertionError("it never ended")


@dataclass
class Names:
    """A resolver: each look-up of a name gets the next of its answers; what it does not know is an address itself."""

    answers: dict[str, list[list[str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers[host].pop(0) if host in self.answers else [host]


def make_importer(
    node: Node,
    book: Book,
    allow: str = "127.0.0.1",
    seconds_max: float = 60,
    caps: PackCaps | None = None,
    names: Callable[[str, int], Sequence[str]] | None = None,
) -> Importer:
    return Importer(
        book,
        DiskGitStore(node.world.folder.repos, caps),
        node.ports.views,
        node.ports.writer,
        allowed=Allowed.parse(allow),
        seconds_max=seconds_max,
        caps=caps or PackCaps(),
        agent="gitant/test",
        resolver=names or Names(),
    )


@contextmanager
def desk_on(node: Node) -> Iterator[Desk]:
    """A node that may reach one address of loopback, until the test says otherwise."""
    book = Book(node.world.folder.cache / "imports")
    switch = Switch(make_importer(node, book))
    with http_to(create_app(replace(node.ports, imports=switch))) as http:
        yield Desk(node, Client(http, operator=True), book, switch)


@contextmanager
def scripted(*answers: bytes, hold: bool = False, endless: bytes = b"") -> Iterator[str]:
    """A git:// server that says `answers`, one for each request; then it holds its peace, or never ends. The URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        over = threading.Event()

        def serve() -> None:
            with suppress(OSError):
                peer, _ = listener.accept()
                with peer:
                    for answer in answers:
                        peer.recv(65_536)
                        peer.sendall(answer)
                    while endless and not over.is_set():
                        peer.sendall(endless)
                    if hold:
                        over.wait()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"git://127.0.0.1:{listener.getsockname()[1]}/x.git"
        finally:
            over.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()
