"""What is kept of pages is never older than what the node has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.ids import StreamId
from storage.git.store import DiskGitStore
from tests.api.history import pack_of

if TYPE_CHECKING:
    from tests.api.client import Client
    from tests.api.history import History
    from tests.api.node import Node
    from tests.api.pages.visitor import Visitor

MAIN = "refs/heads/main"
WAYS = ("", "/src/branch/main", "/src/branch/main/a", "/commits/branch/main", "/blame/branch/main/a", "/commits.atom")


def test_a_page_made_after_the_log_and_before_the_refs_is_not_kept(
    api: Client, node: Node, history: History, stranger: Visitor
) -> None:
    """The writer shows an event in the views, and moves the refs then. Somebody may look in between."""
    stock = history.stock
    first = stock.commit(stock.tree(("100644", "a", stock.blob(b"It creaks\n"))), message="It creaks")
    second = stock.commit(stock.tree(("100644", "a", stock.blob(b"It hums\n"))), first, message="It hums")
    made = api.post("/api/v1/repos", {"name": "hinge"}).json()["id"]
    move = {"packfile": pack_of(stock, second), "ref_updates": [{"name": MAIN, "new_hash": second}]}
    api.post(f"/api/v1/repos/{made}/push-packfile", move, expect=200)

    node.index()
    repo, store = StreamId(bytes.fromhex(made)), DiskGitStore(node.world.folder.repos)
    store.move_refs(repo, {MAIN: None})
    assert "Push the first commit" in stranger.open("/operator/hinge")
    store.move_refs(repo, {MAIN: first})
    for way in WAYS:
        assert "It hums" not in stranger.open(f"/operator/hinge{way}"), "it is not on the disk yet"
    kept = [stranger.ask("GET", f"/operator/hinge{way}", 200).headers["etag"] for way in WAYS]
    store.move_refs(repo, {MAIN: second})
    for way, tag in zip(WAYS, kept, strict=True):
        assert "It hums" in stranger.ask("GET", f"/operator/hinge{way}", 200, **{"if-none-match": tag}).text, way
    store.set_refs(repo, {MAIN: second}, head="dry")
    assert "Push the first commit" in stranger.open("/operator/hinge")
