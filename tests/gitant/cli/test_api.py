"""A command's connection to a node: what it trusts where a node without TLS sends it."""

from __future__ import annotations

import ssl
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import certifi
import pytest

from domain.errors import Unavailable
from gitant.cli.api import Api
from gitant.cli.node import Target
from tests.gitant.certificates import make_certificate

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@contextmanager
def _answering(context: ssl.SSLContext | None, location: str = "") -> Generator[str]:
    """The address of a server that sends everybody to `location`, or answers, if there is none."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302 if location else 200)
            self.send_header("location", location)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", "4")
            self.end_headers()
            self.wfile.write(b"true")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as it is called there
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http{'s' if context else ''}://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_redirect_to_tls_is_followed_to_whom_the_world_trusts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with _answering(context) as there, _answering(None, there) as here:
        with closing(Api(Target(here))) as api, pytest.raises(Unavailable, match="certificate"):
            api.get("/")
        monkeypatch.setattr(certifi, "where", lambda: str(cert))
        with closing(Api(Target(here))) as api:
            assert api.get("/") is True
