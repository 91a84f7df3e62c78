"""Imports from real git servers on loopback, which the setting allows here: what comes along, what is told of it."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from domain.ports_git import PackRefused
from domain.ports_imports import ImportJob
from storage.git.store import DiskGitStore
from tests.api.client import Client
from tests.api.node import node_on
from tests.api.sources import IMPORT, PASSWORD, Names, desk_on, scripted, serving
from tests.gitant.certificates import make_certificate
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.api.node import Node
    from tests.api.sources import Desk, Source


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with node_on(tmp_path_factory.mktemp("imports") / "data") as node:
        yield node


@pytest.fixture(scope="module")
def desk(node: Node) -> Iterator[Desk]:
    with desk_on(node) as desk:
        yield desk


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    with serving(tmp_path) as source:
        yield source


def test_branches_and_tags_come_along_and_the_rest_is_told(desk: Desk, source: Source) -> None:
    tip = source.make()
    job = desk.run(url=f"{source.url}/old.git", description="Old", name="imported")
    assert (job["objects"], job["objects_total"], job["refs"]) == (4, 4, 2)
    assert job["bytes"] > 100
    assert job["left_out"] == {"refs/pull": 2, "refs/notes": 1}
    assert [each["name"] for each in job["skipped_refs"]] == ["refs/heads/" + "a" * 40]
    repo = desk.api.get(f"/api/v1/repos/{job['repo']}").json()
    assert (repo["name"], repo["default_branch"], repo["description"]) == ("imported", "trunk", "Old")
    assert repo["imported_from"] == f"{source.url}/old.git"
    assert desk.api.get(f"/api/v1/repos/{job['repo']}/commits").json()["commits"][0]["hash"] == tip
    refs = {ref["name"] for ref in desk.api.every(f"/api/v1/repos/{job['repo']}/refs", "refs")}
    assert refs == {"refs/heads/trunk", "refs/tags/v1"}
    kinds = [event["kind"] for event in desk.api.every(f"/api/v1/repos/{job['repo']}/events", "events")]
    assert kinds == ["refs.moved.v1", "repository.imported.v1", "repository.created.v1"]
    taken = desk.api.post(IMPORT, {"url": f"{source.url}/old.git", "name": "imported"}, expect=409).json()
    assert taken["errors"][0]["pointer"] == "/name"
    assert desk.api.delete(f"{IMPORT}/{job['id']}", expect=202).json()["state"] == "done"
    desk.api.get(f"{IMPORT}/{'0' * 32}", 404)
    desk.api.get(f"{IMPORT}/..%2f..", 404)


def test_an_empty_repository(desk: Desk, source: Source) -> None:
    (source.root / "empty.git").mkdir()
    source.git("init", "-q", "--bare", cwd="empty.git")
    job = desk.run(url=f"{source.url}/empty.git")
    assert job["refs"] == 0
    assert desk.api.get(f"/api/v1/repos/{job['repo']}").json()["name"] == "empty"


@contextmanager
def daemon(root: Path) -> Iterator[str]:
    """`git daemon`; its URL."""
    port = free_port()
    words = [
        "git",
        "daemon",
        "--export-all",
        f"--base-path={root}",
        "--listen=127.0.0.1",
        f"--port={port}",
        "--verbose",
    ]
    with subprocess.Popen(words, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"Ready" in process.stderr.readline()
        try:
            yield f"git://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.communicate()


def test_by_git_s_own_protocol(desk: Desk, source: Source) -> None:
    tip = source.make()
    with daemon(source.root) as url:
        job = desk.run(url=f"{url}/old.git", name="by-daemon")
        assert desk.api.get(f"/api/v1/repos/{job['repo']}/commits").json()["commits"][0]["hash"] == tip
        gone = desk.run("failed", url=f"{url}/other.git")
        assert "the other side says: access denied" in gone["error"]["detail"]


def test_from_a_folder_that_a_ticket_names(desk: Desk, source: Source) -> None:
    source.make()
    source.git("clone", "-q", "old.git", "work", cwd=".")
    for folder, name in (("old.git", "bare"), ("work", "tree"), ("work/.git", "inner")):
        ticket = desk.book.leave_ticket(source.root / folder)
        job = desk.run(ticket=ticket, name=name)
        assert job["source"] == "a folder on the node's disk"
        assert job["left_out"].get("refs/remotes", 0) == (0 if name == "bare" else 3)
        desk.api.post(IMPORT, {"ticket": ticket, "name": "again"}, expect=422)
    missing = desk.run("failed", ticket=desk.book.leave_ticket(source.root / "nowhere"))
    assert missing["error"]["detail"].endswith("is not a folder that the node can read")
    nothing = desk.run("failed", ticket=desk.book.leave_ticket(source.root), name="nothing")
    assert "not appear to be a git repository" in nothing["error"]["detail"]


def test_with_credentials(desk: Desk, source: Source) -> None:
    source.make()
    url = f"{source.url}/private/old.git"
    refused = desk.run("failed", url=url, name="closed")
    assert "wants other credentials (401)" in refused["error"]["detail"]
    desk.run(url=url, name="opened", username="ada", password=PASSWORD)
    desk.run(url=url.replace("//", f"//ada:{PASSWORD}@"), name="opened-too")
    desk.api.post(IMPORT, {"url": url.replace("//", "//ada:x@"), "username": "ada", "password": PASSWORD}, expect=422)


def test_over_tls_the_name_has_to_fit(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to an address that was checked, the certificate is for the name that was given."""
    certificate = make_certificate(tmp_path / "tls")
    names = Names({"other.test": [["127.0.0.1"]], "localhost": [["127.0.0.1"], ["127.0.0.1"]]})
    desk.set(names=names)
    with serving(tmp_path, certificate) as source:
        source.make()
        strange = desk.run("failed", url=f"{source.url}/old.git", name="over-tls")
        assert strange["error"]["detail"].startswith("the certificate of 127.0.0.1 cannot be trusted")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        wrong = desk.run("failed", url=f"https://other.test:{source.port}/old.git", name="over-tls")
        assert "other.test" in wrong["error"]["detail"]
        assert source.seen == []
        job = desk.run(url=f"https://localhost:{source.port}/old.git", name="over-tls")
        assert job["refs"] == 2
        down = desk.run("failed", url=f"https://localhost:{source.port}/to/127.0.0.1/80/old.git", name="down")
        assert "not encrypted" in down["error"]["detail"]
    desk.set()


def test_asking_twice_imports_once(desk: Desk, source: Source) -> None:
    source.make()
    order, headers = {"url": f"{source.url}/old.git", "name": "twice"}, {"Idempotency-Key": "one"}
    first = desk.api.post(IMPORT, order, expect=202, headers=headers)
    desk.wait(first.json()["id"], "done")
    again = desk.api.post(IMPORT, order, expect=202, headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.json()["id"], again.json()["state"]) == (first.json()["id"], "done")
    desk.api.post(IMPORT, {**order, "name": "thrice"}, expect=409, headers=headers)


def test_a_moved_repository_is_followed(desk: Desk, source: Source) -> None:
    source.make()
    job = desk.run(url=f"{source.url}/to/127.0.0.1/{source.port}/old.git", name="moved")
    assert job["refs"] == 2
    assert source.seen[-1] == ("POST", "/old.git/git-upload-pack")


def test_old_faults_are_excused_and_written_down(desk: Desk, source: Source, node: Node) -> None:
    """What git once let pass: file modes with a zero in front, dates without a space or with a strange zone."""
    source.make()
    blob = source.put("blob", b"old\n")
    tree = source.put("tree", b"0100644 a\0" + bytes.fromhex(blob))
    who = "A U Thor <author@example.invalid>"
    first = source.put("commit", f"tree {tree}\nauthor {who} 1 +051800\ncommitter {who} 1 +0000\n\nOne\n".encode())
    second = source.put(
        "commit", f"tree {tree}\nparent {first}\nauthor {who}1 +0000\ncommitter {who} 2 +0000\n\nTwo\n".encode()
    )
    source.git("update-ref", "refs/heads/trunk", second)
    job = desk.run(url=f"{source.url}/old.git", name="faulty")
    assert job["excused"] == {"badTimezone": 1, "missingSpaceBeforeDate": 1, "zeroPaddedFilemode": 1}
    repo = f"/api/v1/repos/{job['repo']}"
    (event,) = desk.api.get(f"{repo}/events", params={"kind": "repository.imported.v1"}).json()["events"]
    told = desk.api.get(f"/api/v1/events/{event['id']}").json()["payload"]
    assert told["skips"] == [
        {"fault": "badTimezone", "objects": [first]},
        {"fault": "missingSpaceBeforeDate", "objects": [second]},
        {"fault": "zeroPaddedFilemode", "objects": [tree]},
    ]
    assert [each["hash"] for each in desk.api.get(f"{repo}/commits").json()["commits"]] == [second, first]
    assert desk.api.get(f"{repo}/files/a").json()["content"] == "old\n"
    # The same objects may come again, here and in a fork; nowhere else, and no others.
    pack = subprocess.run(
        ["git", "pack-objects", "-q", "--stdout"],
        input=f"{blob}\n{tree}\n{first}\n{second}".encode(),
        cwd=source.root / "old.git",
        capture_output=True,
        check=True,
    ).stdout
    fork = desk.api.post(f"{repo}/fork", {"name": "faulty-too"}).json()["id"]
    other = desk.api.post("/api/v1/repos", {"name": "strict"}).json()["id"]
    assert push(node, job["repo"], pack, second) == push(node, fork, pack, second) == "commit"
    with pytest.raises(PackRefused, match=r"badTimezone|zeroPadded|missingSpace"):
        push(node, other, pack, second)


def push(node: Node, repo: str, pack: bytes, tip: str) -> str:
    """What the quarantine of a push says of its tip."""
    quarantine = DiskGitStore(node.world.folder.repos).quarantine(bytes.fromhex(repo))  # type: ignore[arg-type]
    try:
        quarantine.feed(pack)
        return quarantine.finish([tip])[tip]
    finally:
        quarantine.discard()


def test_a_crash_before_the_objects_were_adopted(desk: Desk, source: Source, node: Node) -> None:
    tip = source.make()
    job = desk.run(url=f"{source.url}/old.git", name="crashed")
    store, repo = DiskGitStore(node.world.folder.repos), bytes.fromhex(job["repo"])
    tips = sorted(set(store.refs(repo).values()))  # type: ignore[arg-type]
    store.fork(repo, tips)  # type: ignore[arg-type]
    store.delete(repo)  # type: ignore[arg-type]
    node.world.close()
    node.world.open()
    assert store.has(repo, tip)  # type: ignore[arg-type]
    assert desk.api.get(f"/api/v1/repos/{job['repo']}/commits").json()["commits"][0]["hash"] == tip


def test_what_a_killed_worker_was_at_has_failed(desk: Desk) -> None:
    claim = desk.book.claim()
    job = ImportJob(
        id=claim.job, state="running", phase="receiving", source="x", name="x", started_at="", updated_at=""
    )
    desk.book.save(job)
    assert desk.api.get(f"{IMPORT}/{claim.job}").json()["state"] == "running"
    claim.release()
    told = desk.api.get(f"{IMPORT}/{claim.job}").json()
    assert (told["state"], told["error"]["hint"]) == ("failed", "begin again")


def test_an_import_can_be_called_off(desk: Desk) -> None:
    with scripted(hold=True) as url:
        job: dict[str, Any] = desk.api.post(IMPORT, {"url": url}, expect=202).json()
        desk.api.delete(f"{IMPORT}/{job['id']}", expect=202)
        assert desk.wait(job["id"], "cancelled")["repo"] is None


def test_only_the_operator_imports(desk: Desk, source: Source) -> None:
    anyone = Client(desk.api.http, operator=False)
    anyone.post(IMPORT, {"url": f"{source.url}/old.git"}, expect=401)
    anyone.get(f"{IMPORT}/{'0' * 32}", 401)
    anyone.delete(f"{IMPORT}/{'0' * 32}", 401)
    assert source.seen == []
