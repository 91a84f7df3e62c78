"""The listening socket: which one it is, and what is said when there is none to be had."""

from __future__ import annotations

import socket
import threading

import pytest

from domain.errors import Conflict, InvalidInput
from gitant.listening import listen, url_of


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")]
)
def test_a_free_port_is_found_and_can_be_reached(host: str, shown: str) -> None:
    with listen(host, 0, patient=False) as listener:
        port = listener.getsockname()[1]
        assert url_of(listener) == f"http://{shown}:{port}"
        socket.create_connection((shown, port)).close()


def test_an_ipv6_address_is_put_in_brackets() -> None:
    try:
        listener = listen("::", 0, patient=False)
    except InvalidInput:  # this machine has no IPv6
        return
    with listener:
        port = listener.getsockname()[1]
        assert url_of(listener) == f"http://[::1]:{port}"
        for host in ("::1", "127.0.0.1"):
            socket.create_connection((host, port)).close()


def test_a_port_in_use_is_named() -> None:
    with listen("127.0.0.1", 0, patient=False) as other:
        port = other.getsockname()[1]
        with pytest.raises(Conflict, match=f"port {port} on 127.0.0.1 is in use") as caught:
            listen("127.0.0.1", port, patient=False)
    assert "GITANT_PORT" in caught.value.hint


def test_a_port_is_taken_again_at_once_after_connections() -> None:
    """The side that closes first keeps the address for a minute, which must not keep us from it."""
    with listen("127.0.0.1", 0, patient=False) as listener:
        address = listener.getsockname()
        with socket.create_connection(address) as client:
            listener.setblocking(True)
            served, _ = listener.accept()
            served.close()
            assert client.recv(1) == b""
    listen(*address, patient=False).close()


def test_patience_waits_for_the_run_before() -> None:
    other = listen("127.0.0.1", 0, patient=False)
    address = other.getsockname()
    found: list[socket.socket] = []
    waiting = threading.Thread(target=lambda: found.append(listen(*address, patient=True)))
    waiting.start()
    other.close()
    waiting.join()
    (listener,) = found
    listener.close()


@pytest.mark.parametrize(
    ("host", "words"), [("no-such-host.invalid", "there is no host"), ("192.0.2.1", "no address of")]
)
def test_a_host_that_cannot_be_is_named(host: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        listen(host, 0, patient=False)
    assert "--host" in caught.value.hint
