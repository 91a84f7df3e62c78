"""A load generator in a process of its own: N keep-alive connections that ask again as soon as they are answered.

`python -m benchmarks._load HOST PORT CONNECTIONS SECONDS FILE` sends the request bytes in FILE and prints answers/s.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path


async def _ask(host: str, port: int, request: bytes, until: float) -> int:
    """One connection's loop; how many answers it got. Any status but 2xx ends the run."""
    reader, writer = await asyncio.open_connection(host, port)
    answered = 0
    while time.perf_counter() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if head[9:10] != b"2":
            raise SystemExit(f"answered {head.splitlines()[0].decode()}")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length[15:]))
        answered += 1
    writer.close()
    return answered


async def _run(host: str, port: int, connections: int, seconds: float, request: bytes) -> float:
    began = time.perf_counter()
    counts = await asyncio.gather(*(_ask(host, port, request, began + seconds) for _ in range(connections)))
    return sum(counts) / (time.perf_counter() - began)


def rate(address: tuple[str, int], request: bytes, *, connections: int, seconds: float) -> float:
    """Answers per second that a server gives to this request, asked from another process."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(request)
        file.flush()
        words = [*map(str, address), str(connections), str(seconds), file.name]
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks._load", *words], check=True, capture_output=True, text=True
        )
    return float(done.stdout)


def request(method: str, path: str, body: bytes = b"", *, token: str = "") -> bytes:
    """The bytes of an HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Accept: application/json"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


if __name__ == "__main__":
    import uvloop

    host, port, connections, seconds, name = sys.argv[1:]
    sent = Path(name).read_bytes()
    print(uvloop.run(_run(host, int(port), int(connections), float(seconds), sent)))
