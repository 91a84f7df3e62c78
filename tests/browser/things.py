"""Something to look at: long names, text from right to left, code of many kinds, words, a conflict, nothing at all."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, Final, final

from domain.content.body_reset import BodyReset
from domain.envelope import seal
from domain.fold.kind import write_payload
from domain.issue.closed import IssueClosed
from domain.issue.opened import IssueOpened
from domain.issue.retitled import IssueRetitled
from tests.browser.people import Person
from tests.interop.clients import StockGit
from tests.making import SALT, key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from playwright.sync_api import Browser

    from domain.envelope import Event
    from domain.fold.kind import Payload
    from tests.browser.people import Served

LONG: Final = "a-name-that-goes-on-and-on-and-would-push-everything-to-the-left"
"""As long as the name of a repository may be."""
RIGHT_TO_LEFT: Final = "שלום עולם"
_README: Final = f"# Vault\n\n{'x' * 300}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\ndef f(): ...\n```\n"
_PICTURE: Final = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACAQAAAABazTCJAAAADklEQVR4nGNgaGD4/x8ABoUCgPnTSTIAAAAASUVORK5CYII="
_STEPS: Final = "".join(
    f'def step_{at}(hinge):\n    """Oil it."""\n    return hinge.oil({at})\n\n\n' for at in range(14)
)


def make_things(node: Served, browser: Browser, folder: Path) -> Mapping[str, str]:
    """Have kay register, push and write. What the addresses of pages need: `commit`, `merge`, `event`, `comment`."""
    with Person(node, browser, "nan") as nan:
        nan.register()
    with Person(node, browser, "kay") as kay:
        kay.register()
        kay.make_repo(LONG)
        path = kay.make_repo("vault")
        found = _code(StockGit(folder).work_tree("work"), kay.git_url(path))
        kay.page.get_by_role("heading", name="Vault", exact=True).wait_for()  # the page loads itself again
        found |= _words(_Forms(kay), path)
        _quarrel(_Forms(kay), path)
        return found


def _code(work: StockGit, url: str) -> dict[str, str]:
    """Files of every kind, two branches, a tag and a merge."""
    files: dict[str, str | bytes] = {
        "README.md": _README,
        f"{LONG}.txt": "text\n",
        "src/steps.py": _STEPS,
        f"src/{LONG}/{RIGHT_TO_LEFT}.md": f"# {RIGHT_TO_LEFT}\n\nמימין לשמאל\n",
        "data.csv": "who,what\nkay,oil\nlee,lard\n",
        "empty": "",
        "picture.png": b64decode(_PICTURE),
        "bytes.bin": bytes(range(256)),
    }
    for name, content in files.items():
        file = work.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    (work.folder / "link").symlink_to("src/steps.py")
    work("add", ".")
    work("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    work("commit", "--quiet", "--message", "Begin")
    work("checkout", "--quiet", "-b", f"topic/{LONG}")
    work.commit("src/steps.py", _STEPS.replace("step_3", "stride_3").replace("    return hinge.oil(7)\n", ""))
    commit = work("rev-parse", "HEAD").strip()
    work("checkout", "--quiet", "main")
    work.commit("README.md", _README + "\nMore.\n")
    work("merge", "--quiet", "--no-ff", "--message", f"Merge {RIGHT_TO_LEFT}", f"topic/{LONG}")
    work("tag", "-m", "The first", "v1")
    work("push", "--quiet", url, "main", f"topic/{LONG}", "v1")
    return {"commit": commit, "merge": work("rev-parse", "HEAD").strip()}


def _words(forms: _Forms, path: str) -> dict[str, str]:
    """Issues: a long one with a conversation, one from right to left."""
    for name in ("bug", LONG[:50]):
        forms.api(f"{path}/labels", {"name": name, "color": "aa3300", "description": "Broken"})
    for title, body in ((RIGHT_TO_LEFT, "מימין לשמאל"), ("It creaks " + "x" * 200, "- [ ] one\n- [x] two\n\n> said")):
        forms.send(f"{path}/issues/new", title=title, body=body)
    there = f"{path}/issues/2"
    forms.send(f"{there}/labels", labels="bug")
    forms.send(f"{there}/assignees", assignees="me")
    forms.send(f"{there}/edit", title="It creaks " + "y" * 200, body="- [x] one\n- [x] two\n\n> said so")
    forms.send(f"{there}/comments", body=f"See #1 and `{'z' * 200}`.")
    text = forms.send(f"{there}/comments", body="Said.", act="close")
    comment = re.findall(r"/comments/([^/\"]+)/edit", text)[-1]
    forms.send(f"{there}/comments/{comment}/edit", body="Said twice.")
    forms.send(f"{there}/react", comment=comment, content="heart")
    # Nothing is called that, so its page says why it failed.
    job = re.findall(r"/api/v1/import/(\w+)", forms.send("/new/import", url="http://nowhere.invalid/x.git"))[0]
    return {"job": job, "comment": comment, "event": re.findall(r"/-/events/(\w{64})", text)[-1]}


def _quarrel(forms: _Forms, path: str) -> None:
    """An issue that somebody elsewhere has opened, and that two people have rewritten at once; and one that waits."""
    forms.send(f"{path}/settings/strangers", act="rule", rule="open")
    newest = forms.ask(f"{path}/events?per_page=1")["events"][0]
    repo, known = bytes.fromhex(newest["stream"]), bytes.fromhex(newest["id"])
    opening = IssueOpened(title="The lid creaks", number=3, body="Since *yesterday*.\n\nIt is the hinge.\n")
    header: dict[str, Any] = {"stream": repo, "parents": [known], "time": 1_700_000_000_000}
    last = opened = _signed("issue.opened.v1", opening, entity=repo, seq=1, lamport=newest["lamport"] + 1, **header)
    forms.take(opened)
    forms.send(f"{path}/issues/3/edit", title=f"The hinge {'creaks ' * 20}")
    forms.send(f"{path}/issues/3/comments", body="I close it.", act="close")
    for kind, payload in (
        ("issue.retitled.v1", IssueRetitled(title=f"The lid {RIGHT_TO_LEFT}", replaces=[opened.id])),
        ("issue.closed.v1", IssueClosed(reason="not planned", replaces=[opened.id])),
        ("body.reset.v1", BodyReset(text="Since *today*.\n\nIt is the hinge.\n", replaces=[opened.id])),
        ("body.reset.v1", BodyReset(text=f"Since *monday*.\n\n{'z' * 200}\n", replaces=[opened.id])),
    ):
        place: dict[str, Any] = {"seq": last.seq + 1, "prev": last.id, "lamport": last.lamport + 1}
        last = _signed(kind, payload, entity=opened.id, **place, **header)
        forms.take(last)
    forms.send(f"{path}/settings/strangers", act="rule", rule="hold")
    waiting = IssueOpened(title=f"Oil it, {RIGHT_TO_LEFT}", number=4, body="y" * 300)
    header |= {"entity": repo, "seq": 1, "lamport": newest["lamport"] + 1}
    forms.take(_signed("issue.opened.v1", waiting, who="a stranger", **header))


def _signed(kind: str, payload: Payload, *, who: str = "somebody elsewhere", **header: Any) -> Event:
    """An event of somebody who knows of nothing that kay did since."""
    return seal({"kind": kind, **header}, write_payload(payload, SALT), key(who))


@final
class _Forms:
    """Forms and requests in somebody's session, sent without looking at pages."""

    def __init__(self, person: Person) -> None:
        self._asking = person.context.request

    def send(self, path: str, **fields: str) -> str:
        """The page that a form leads to."""
        headers = {"sec-fetch-site": "same-origin", "accept": "text/html"}
        answer = self._asking.post(path, form=dict[str, Any](fields), headers=headers)
        assert answer.ok, f"{path}: {answer.status} {answer.text()}"
        return answer.text()

    def api(self, path: str, data: Mapping[str, Any]) -> None:
        """Tell the API something of a repository."""
        self._post(_of_repo(path), data)

    def take(self, event: Event) -> None:
        """Hand in an event that was signed elsewhere."""
        parts = {"header": event.header, "signature": event.signature, "payload": event.payload or b""}
        self._post("/api/v1/events", {name: b64encode(each).decode() for name, each in parts.items()})

    def ask(self, path: str) -> Any:
        """Ask the API something of a repository."""
        answer = self._asking.get(_of_repo(path))
        assert answer.ok, f"{path}: {answer.status} {answer.text()}"
        return answer.json()

    def _post(self, where: str, data: Mapping[str, Any]) -> None:
        answer = self._asking.post(where, data=data, headers={"sec-fetch-site": "same-origin"})
        assert answer.ok, f"{where}: {answer.status} {answer.text()}"


def _of_repo(path: str) -> str:
    return f"/api/v1/repos/{path.removeprefix('/').replace('/', '~', 1)}"
