"""`make demo`: three nodes in throw-away folders write through a partition and come to the same, before your eyes."""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.gitant.network.meeting import Member, push, soon

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES: Final = ("ann", "bob", "cem")


def main() -> int:
    """Play it; the nodes go on until Enter, where somebody can press it."""
    with tempfile.TemporaryDirectory(prefix="gitant-demo-") as scratch:
        base = Path(scratch)
        print(f"three nodes start in {base}")
        nodes = [Member(base / name) for name in NAMES]
        try:
            for node in nodes:
                node.wait_ready()
            _play(nodes, base)
            if sys.stdin.isatty():
                input("the nodes go on; press Enter to end them and remove their folders ")
        finally:
            for node in nodes:
                node.end(signal.SIGTERM)
    return 0


def _play(nodes: Sequence[Member], base: Path) -> None:
    began = time.monotonic()
    ann, bob, cem = nodes
    for name, node in zip(NAMES, nodes, strict=True):
        print(f"  {name}  {node.url}  peers at {node.peer_address()}")
    for one, other in ((bob, ann), (cem, ann), (cem, bob)):
        one.meets(other)
    repo = str(ann.ask("POST", "/repos", {"name": "attic", "description": "What is up there?"})["id"])
    commit = push(base / "work", ann, repo, "lamp")
    print(f"ann pushed {commit[:12]} to her repository attic; bob and cem follow it")
    for node in (bob, cem):
        node.ask("POST", "/follows", {"repo": repo})
        soon(lambda node=node: commit in node.refs(repo), "the push came")
    issue = str(ann.ask("POST", f"/repos/{repo}/issues", {"title": "The lamp is dusty"})["id"])
    for node in (bob, cem):
        soon(lambda node=node: "The lamp is dusty" in node.titles(repo), "the issue came")
    _watch(nodes, repo)

    print("the network parts: cem is cut off from ann and bob, and everybody writes on")
    for node in (ann, bob):
        node.ask("PUT", f"/peers/{_did(cem)}/block", {})
    ann.ask("PATCH", f"/repos/{repo}/issues/{issue}", {"title": "The lamp is very dusty"})
    bob.ask("POST", f"/repos/{repo}/issues/{issue}/comment", {"body": "I have a cloth"})
    cem.ask("POST", f"/repos/{repo}/issues", {"title": "The lamp flickers"})
    push(base / "work", ann, repo, "cloth")
    soon(lambda: ann.digests(repo) == bob.digests(repo), "two of them agree")
    _watch(nodes, repo, once=True)

    print("it heals")
    for node in (ann, bob):
        node.ask("DELETE", f"/peers/{_did(cem)}/block")
    _watch(nodes, repo)
    print(f"all three show the same, {time.monotonic() - began:.1f} s after they met. To look at:")
    for name, node in zip(NAMES, nodes, strict=True):
        print(f"  {name}  {node.url}/api/v1/repos/{repo}/issues")
        print(f"       git clone {node.url}/{repo}.git")


def _watch(nodes: Sequence[Member], repo: str, *, once: bool = False) -> None:
    """Show the digests as they change, until they are the same."""
    shown: list[tuple[str, str, str]] = []
    while True:
        digests = [node.digests(repo) for node in nodes]
        same = len(set(digests)) == 1
        if digests != shown or once:
            shown = digests
            words = "  ".join(f"{name} {digest[1][:10]}" for name, digest in zip(NAMES, digests, strict=True))
            print(f"    {words}  {'the same' if same else ''}".rstrip())
        if same or once:
            return
        time.sleep(0.1)


def _did(node: Member) -> str:
    return str(node.ask("GET", "/status")["did"])


if __name__ == "__main__":
    sys.exit(main())
