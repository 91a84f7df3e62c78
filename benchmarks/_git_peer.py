"""The yardstick of git serving: `git http-backend` behind a small threaded CGI bridge, as a process of its own.

`python -m benchmarks._git_peer FOLDER PORT` serves the bare repositories of FOLDER at `/NAME.git`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import BinaryIO

_PIECE_BYTES: Final = 128 << 10


class _Bridge(BaseHTTPRequestHandler):
    """One process of git a request; bodies are passed on as they come, both ways."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    root = ""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name in the base class)
        """Nothing is logged."""

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        with subprocess.Popen(
            ["git", "http-backend"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environment(path, query),
        ) as backend:
            assert backend.stdin is not None
            assert backend.stdout is not None
            feeding = threading.Thread(target=self._feed, args=(backend.stdin,))
            feeding.start()
            self._answer(backend.stdout.fileno())
            feeding.join()

    def _environment(self, path: str, query: str) -> dict[str, str]:
        environ = os.environ | {
            "GIT_PROJECT_ROOT": self.root,
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REMOTE_USER": "bench",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        if length := self.headers.get("Content-Length"):
            environ["CONTENT_LENGTH"] = length
        return environ

    def _feed(self, backend: BinaryIO) -> None:
        try:
            if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                while size := int(self.rfile.readline().partition(b";")[0], 16):
                    backend.write(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
            else:
                left = int(self.headers.get("Content-Length") or 0)
                while left and (piece := self.rfile.read(min(left, _PIECE_BYTES))):
                    backend.write(piece)
                    left -= len(piece)
            backend.close()
        except BrokenPipeError:
            pass  # git has said all it wants to

    def _answer(self, backend: int) -> None:
        head = b""
        while b"\r\n\r\n" not in head and (piece := os.read(backend, _PIECE_BYTES)):
            head += piece
        head, _, piece = head.partition(b"\r\n\r\n")
        lines = [line.partition(":") for line in head.decode("latin-1").split("\r\n")]
        status = next((value for name, _, value in lines if name.lower() == "status"), "200")
        self.send_response(int(status.split()[0]))
        for name, _, value in lines:
            if name.lower() != "status":
                self.send_header(name, value.strip())
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while piece := piece or os.read(backend, _PIECE_BYTES):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            piece = b""
        self.wfile.write(b"0\r\n\r\n")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    _Bridge.root = sys.argv[1]
    _Server(("127.0.0.1", int(sys.argv[2])), _Bridge).serve_forever()
