"""A node with some of everything in it: made over HTTP, by git, and by somebody who signs events of her own."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, final

from domain.envelope import RawEvent, open_event
from tests.interop.clients import StockGit, asking, url_of
from tests.making import begin, key, write

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from domain.envelope import Event
    from tests.gitant.running import Node

ADA = "ada"


def fill(node: Node, folder: Path) -> None:
    """Repositories public, private, archived and deleted, with all that can be in one."""
    with asking(node) as client:
        forge = _Forge(client)
        forge.submit(begin(ADA, "identity.created.v1", {"name": ADA}))
        _attic(forge, node, StockGit(folder))
        _cabin(forge, node, StockGit(folder))
        forge.post("repos", name="diary", private=True)
        forge.post("repos/diary/issues", title="Nobody's business", body="At all.", labels=["mine"])
        forge.post("repos", name="old")
        forge.post("repos/old/issues", title="Left as it is")
        forge.patch("repos/old", archived=True)
        forge.post("repos", name="gone")
        forge.post("repos/gone/issues", title="Gone with it")
        forge.delete("repos/gone")


@final
class _Forge:
    """The API as the operator writes to it; what does not succeed fails the test."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def get(self, path: str) -> Any:
        return self._ask("GET", path)

    def post(self, path: str, **body: Any) -> Any:
        return self._ask("POST", path, body)

    def patch(self, path: str, **body: Any) -> Any:
        return self._ask("PATCH", path, body)

    def put(self, path: str, **body: Any) -> Any:
        return self._ask("PUT", path, body)

    def delete(self, path: str) -> None:
        self._ask("DELETE", path)

    def submit(self, event: Event) -> Event:
        parts = {"header": event.header, "signature": event.signature, "payload": event.payload or b""}
        told = self.post("events", **{name: base64.b64encode(part).decode() for name, part in parts.items()})
        assert told["verdict"] == "accepted", told
        return event

    def event(self, name: str) -> Event:
        raw = self.get(f"events/{name}")["raw"]
        header, signature, payload = (base64.b64decode(raw[part]) for part in ("header", "signature", "payload"))
        return open_event(RawEvent(header, signature, payload))

    def newest(self, repo: str, kind: str) -> Event:
        return self.event(self.get(f"repos/{repo}/events?kind={kind}")["events"][0]["id"])

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._client.request(method, f"/api/v1/{path}", json=body or None)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None


def _attic(forge: _Forge, node: Node, git: StockGit) -> None:
    """Everyday work: a history, issues in every state, words edited and taken back."""
    forge.post("repos", name="attic", description="Things we keep")
    work = git.work_tree("attic")
    (work.folder / "docs").mkdir()
    work.commit("docs/roof.md", "".join(f"line {number}\n" for number in range(30)))
    (work.folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(16))
    work.commit("latin é.txt", "caf\N{LATIN SMALL LETTER E WITH ACUTE}\n")
    work("add", "--all")
    work("mv", "docs/roof.md", "docs/the roof.md")
    work("commit", "--quiet", "--message", "Rename the roof")
    work("tag", "--annotate", "--message", "one", "v1")
    work("tag", "light", "main~1")
    work("push", "--quiet", url_of(node, "attic"), "main", "main~2:refs/heads/feature/x", "main:away", "--tags")
    work("push", "--quiet", url_of(node, "attic"), "--delete", "away")
    for number in range(1, 6):
        body = f"Where line {number} is."
        forge.post("repos/attic/issues", title=f"Roof {number}", body=body, labels=["bug", f"row/{number % 2}"])
    forge.patch("repos/attic/issues/1", title="The roof", body="Where all the lines are.", assignees=["operator", ADA])
    forge.post("repos/attic/issues/2/close", reason="completed")
    forge.post("repos/attic/issues/3/close", reason="not planned")
    forge.post("repos/attic/issues/3/reopen")
    forge.put("repos/attic/issues/4/labels", labels=["later"])
    said = [forge.post("repos/attic/issues/1/comment", body=f"Word {number}")["id"] for number in range(4)]
    forge.patch(f"repos/attic/issues/1/comments/{said[1]}", body="Other words")
    forge.delete(f"repos/attic/issues/1/comments/{said[2]}")
    forge.put("repos/attic/labels/later", name="someday", color="d73a4a", description="Not now")
    forge.post("repos/attic/labels", name="unused", color="#fff")
    forge.delete("repos/attic/labels/row%2F1")


def _cabin(forge: _Forge, node: Node, git: StockGit) -> None:
    """Two owners who do not see one another's work at once: rival titles, numbers, branches."""
    operator = forge.get("repos/attic")["roots"][0]
    roots = sorted([operator, key(ADA).did])
    genesis = forge.submit(begin(ADA, payload={"name": "cabin"}, roots=roots))
    cabin = genesis.id.hex()
    opened = forge.event(forge.post(f"repos/{cabin}/issues", title="Smoke", body="From the stove.")["event"])
    forge.patch(f"repos/{cabin}/issues/1", title="Smoke from the stove")
    title = {"title": "Smoke indoors", "replaces": [opened.id]}
    last = write(ADA, "issue.retitled.v1", title, genesis=genesis, after=[opened], prev=genesis, entity=opened.id)
    forge.submit(last)
    mine = {"title": "Snow", "body": "On the roof.", "number": 1}
    last = forge.submit(write(ADA, "issue.opened.v1", mine, genesis=genesis, after=[genesis], prev=last))
    work = git.work_tree("cabin")
    first = work("rev-parse", "main").strip()
    url = url_of(node, cabin).replace("/operator/", "/")
    work("push", "--quiet", url, "main")
    begun = forge.newest(cabin, "refs.moved.v1")
    second = work.commit("stove", "warm\n")
    work("push", "--quiet", url, "main")
    work("checkout", "--quiet", "-b", "other", first)
    third = work.commit("roof", "white\n")
    work("push", "--quiet", url, "other")
    assert second != third
    move = {"ref": "refs/heads/main", "old": bytes.fromhex(first), "new": bytes.fromhex(third), "replaces": [begun.id]}
    last = write(ADA, "refs.moved.v1", {"moves": [move]}, genesis=genesis, after=[begun], prev=last)
    forge.submit(last)
