"""The yardstick of pages: a Litestar handler that returns bytes it has, on the node's own HTTP server and settings.

`python -m benchmarks._same LISTENER FOLDER` is one worker: `GET /page/3` answers the file `3` of the folder.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop
from litestar import Litestar, Response, get

from benchmarks._servers import WORKERS, wait_for
from gitant.http_server import HttpServer
from gitant.listening import listen, url_of
from gitant.memory import keep_pieces

if TYPE_CHECKING:
    from collections.abc import Generator

    from benchmarks._servers import Address
    from gitant.asgi import ASGIApp


@contextmanager
def same(folder: Path) -> Generator[Address]:
    """As many workers as the node has, all accepting from one socket, as the node's do."""
    with closing(listen("127.0.0.1", 0, patient=False)) as listener:
        words = [sys.executable, "-m", "benchmarks._same", str(listener.fileno()), str(folder)]
        workers = [subprocess.Popen(words, pass_fds=[listener.fileno()]) for _ in range(WORKERS)]
        try:
            wait_for(f"{url_of(listener)}/page/0")
            yield listener.getsockname()[:2]
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()


def _app(folder: Path) -> ASGIApp:
    files = {int(path.name): path.read_bytes() for path in folder.iterdir()}
    headers = {"content-encoding": "gzip", "vary": "Accept-Encoding", "cache-control": "no-cache"}

    @get("/page/{number:int}", sync_to_thread=False)
    def page(number: int) -> Response[bytes]:
        return Response(files[number], media_type="text/html; charset=utf-8", headers=headers)

    return Litestar([page], openapi_config=None)


def main(argv: list[str]) -> None:
    """Serve until killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.WARNING)  # Granian's, of how it is started
    keep_pieces()
    uvloop.run(HttpServer(_app(Path(argv[1])), int(argv[0])).serve())


if __name__ == "__main__":
    main(sys.argv[1:])
