"""How long each answer takes: N keep-alive connections in a process of their own, each with one request at a time.

`python -m benchmarks._pace HOST PORT CONNECTIONS` reads requests from standard input, one path a line, shares them out
among the connections, and prints the seconds that each took, a line each. Any status but 200 ends it.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def paced(address: tuple[str, int], paths: Sequence[str], *, connections: int, cookie: str = "") -> list[float]:
    """Seconds from the first byte of each request to the last of its answer, asked for as a browser does."""
    words = [sys.executable, "-m", "benchmarks._pace", *map(str, address), str(connections), cookie]
    done = subprocess.run(words, input="\n".join(paths), check=True, stdout=subprocess.PIPE, text=True)
    return list(map(float, done.stdout.split()))


def percentile(seconds: Sequence[float], share: float) -> float:
    """The time that this share of them took at most."""
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * share))]


async def _run(host: str, port: int, connections: int, cookie: str, paths: Sequence[str]) -> None:
    left, took = iter(paths), list[float]()
    await asyncio.gather(*(_ask(host, port, cookie, left, took) for _ in range(connections)))
    print("\n".join(map(str, took)))


async def _ask(host: str, port: int, cookie: str, left: Iterator[str], took: list[float]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    more = f"Cookie: {cookie}\r\n" if cookie else ""
    for path in left:
        began = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n{more}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b" 200 " not in head[:16]:
            raise SystemExit(f"{path}: {head.splitlines()[0].decode()}")
        length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length[15:]))
        took.append(time.perf_counter() - began)
    writer.close()


if __name__ == "__main__":
    import uvloop

    host, port, connections, cookie = sys.argv[1:]
    uvloop.run(_run(host, int(port), int(connections), cookie, sys.stdin.read().split()))
