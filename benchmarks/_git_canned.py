"""A server that answers at once: what another one answered before to the same request. What is left is the client's.

`python -m benchmarks._git_canned PORT BEHIND` asks the server at port BEHIND what it has not been asked yet.
"""

from __future__ import annotations

import http.client
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, Final

_PASSED_ON: Final = ("Content-Type", "Content-Encoding", "Git-Protocol", "Authorization", "Accept")


class _Canned(BaseHTTPRequestHandler):
    """Reads only: what is pushed would have to be pushed."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    behind = 0
    answers: ClassVar[dict[tuple[str, str, str, bytes], bytes]] = {}

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name in the base class)
        """Nothing is logged."""

    def _answer(self, method: str) -> None:
        body = self._body()
        key = method, self.path, self.headers.get("Git-Protocol", ""), body
        if key not in self.answers:
            self.answers[key] = self._ask(method, body)
        self.wfile.write(self.answers[key])

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = list[bytes]()
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _ask(self, method: str, body: bytes) -> bytes:
        headers = {name: self.headers[name] for name in _PASSED_ON if name in self.headers}
        connection = http.client.HTTPConnection("127.0.0.1", self.behind)
        connection.request(method, self.path, body or None, headers)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        head = f"HTTP/1.1 {answer.status} {answer.reason}\r\nContent-Type: {answer.getheader('Content-Type')}\r\n"
        return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


class _Server(ThreadingHTTPServer):
    daemon_threads = True


if __name__ == "__main__":
    _Canned.behind = int(sys.argv[2])
    _Server(("127.0.0.1", int(sys.argv[1])), _Canned).serve_forever()
