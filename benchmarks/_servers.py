"""The two servers a benchmark of the API compares: a node, and the yardstick on the same HTTP server."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

Address = tuple[str, int]
WORKERS = 2


@contextmanager
def node(folder: Path, more: Mapping[str, str] | None = None) -> Generator[tuple[Address, str]]:
    """A node on `folder` with as many workers as the yardstick: its address and token; `more` are settings."""
    port = free_port()
    words = ["serve", "--data-dir", str(folder), "--port", str(port), "--workers", str(WORKERS), "--log-level", "error"]
    # Requests are counted as ever, and there is room for all of them.
    who = ("ANONYMOUS", "PRINCIPAL")
    room = {f"GITANT_RATE_{each}{burst}": "1000000" for each in who for burst in ("", "_BURST")} | dict(more or {})
    with _process([str(Path(sys.executable).with_name("gitant")), *words], room):
        wait_for(f"http://127.0.0.1:{port}/ready")
        yield ("127.0.0.1", port), (folder / "operator.token").read_text().strip()


@contextmanager
def bare(page: Path | None = None) -> Generator[Address]:
    """The yardstick; `page` holds what `GET /page` answers."""
    port = free_port()
    words = ["--interface", "asgi", "--workers", str(WORKERS), "--port", str(port), "--log-level", "error"]
    program = [str(Path(sys.executable).with_name("granian")), *words, "benchmarks._bare:app"]
    with _process(program, {"BARE_PAGE": str(page or "")}):
        wait_for(f"http://127.0.0.1:{port}/page")
        yield "127.0.0.1", port


def call(address: Address, token: str, method: str, path: str, fields: dict[str, Any] | None = None) -> Any:
    """One call of the API, and the JSON it answers."""
    data = None if fields is None else json.dumps(fields).encode()
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    asked = urllib.request.Request(f"http://{address[0]}:{address[1]}{path}", data, headers, method=method)
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return json.loads(answer.read())


@contextmanager
def _process(words: list[str], more: dict[str, str]) -> Generator[None]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GITANT_")} | more
    with subprocess.Popen(words, env=environ, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
