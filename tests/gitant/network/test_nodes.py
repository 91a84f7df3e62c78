"""Three nodes: what is written on one is on all, with refs and objects, through a kill; private things stay private."""

from __future__ import annotations

import os
import signal
import subprocess
import urllib.error
from typing import TYPE_CHECKING

import pytest
import trio

from domain.ids import Did
from gitant.network.asking import Network
from replication.frames import FrameReader, frame
from replication.messages import Hello, Refused, decoded, encoded
from storage.datadir import DataDir
from tests.gitant.network.meeting import Member, push, soon
from tests.gitant.running import PATIENCE_S
from tests.house.tree import BIN
from tests.making import key
from tests.soak.traffic import EVENTS_PER_ROUND, part_and_write, use_of
from tests.transport.carrier.kit import node as carrier_node
from transport.carrier.address import PeerAddress, Tcp
from transport.carrier.sockets import Sockets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sequence[Member]]:
    """One that two others connect to."""
    base = tmp_path_factory.mktemp("three")
    nodes = [Member(base / name) for name in "abc"]
    try:
        for node in nodes:
            node.wait_ready()
        for other in nodes[1:]:
            other.meets(nodes[0])
        yield nodes
    finally:
        for node in nodes:
            node.end(signal.SIGTERM)


def _made(node: Member, name: str, **more: object) -> str:
    return str(node.ask("POST", "/repos", {"name": name, **more})["id"])


def _same(nodes: Sequence[Member], repo: str) -> bool:
    try:
        return len({node.digests(repo) for node in nodes}) == len({node.refs(repo) for node in nodes}) == 1
    except urllib.error.HTTPError:
        return False


def test_what_is_written_anywhere_is_everywhere(
    three: Sequence[Member], tmp_path_factory: pytest.TempPathFactory
) -> None:
    work = tmp_path_factory.mktemp("work") / "attic"
    repo = _made(three[0], "attic")
    for other in three[1:]:
        other.ask("POST", "/follows", {"repo": repo})
    commit = push(work, three[0], repo, "one")
    for number, node in enumerate(three):
        soon(lambda node=node: node.titles(repo) is not None and _here(node, repo), "it came")
        node.ask("POST", f"/repos/{repo}/issues", {"title": f"From {number}"})
    wanted = {f"From {number}" for number in range(3)}
    for node in three:
        soon(lambda node=node: node.titles(repo) == wanted, "all issues came")
        soon(lambda node=node: commit in node.refs(repo), "the push came")
    soon(lambda: _same(three, repo), "all show the same")
    network = Network(DataDir(three[0].folder))
    nothing = {"streams": [], "total": 0, "objects": {}, "moving": False}
    soon(lambda: network.ask_now("coming") == nothing, "nothing is still to come")
    author = three[0].ask("GET", "/status")["did"]
    soon(lambda: _is_known(three[2], author), "the author's identity came")
    # There, that name is the operator's own.
    assert author not in three[2].ask("GET", f"/names?dids={author}")["names"]
    sync = three[1].ask("GET", f"/repos/{repo}/sync")
    assert (sync["objects"], [peer["did"] for peer in sync["peers"]]) == (
        "present",
        [three[0].ask("GET", "/status")["did"]],
    )


def _is_known(node: Member, did: str) -> bool:
    """Whether the identity stream of somebody is on a node."""
    try:
        node.ask("GET", f"/agents/{did}")
    except urllib.error.HTTPError:
        return False
    return True


def _here(node: Member, repo: str) -> bool:
    try:
        node.ask("GET", f"/repos/{repo}")
    except urllib.error.HTTPError:
        return False
    return True


def test_a_killed_node_comes_back_to_what_the_others_wrote(three: Sequence[Member]) -> None:
    repo = _made(three[0], "kept")
    for other in three[1:]:
        other.ask("POST", "/follows", {"repo": repo})
        soon(lambda other=other: _here(other, repo), "it came")
    three[1].ask("POST", f"/repos/{repo}/issues", {"title": "Before"})
    three[1].end(signal.SIGKILL)
    three[0].ask("POST", f"/repos/{repo}/issues", {"title": "Meanwhile"})
    three[1].start_again()
    for node in three:
        soon(lambda node=node: node.titles(repo) == {"Before", "Meanwhile"}, "nothing is lost")
    soon(lambda: _same(three, repo), "all show the same")


def test_a_private_repository_is_nobody_else_s(three: Sequence[Member]) -> None:
    secret, public = _made(three[0], "secret", private=True), _made(three[0], "public")
    for other in three[1:]:
        for repo in (secret, public):
            other.ask("POST", "/follows", {"repo": repo})
        soon(lambda other=other: _here(other, public), "what is public came")
        assert not _here(other, secret)
    did = three[1].ask("GET", "/status")["did"]
    three[0].ask("POST", f"/repos/{secret}/collaborators", {"did": did, "role": "viewer"})
    soon(lambda: _here(three[1], secret), "who was let in gets it")
    assert not _here(three[2], secret)


def test_a_peer_of_another_version_is_told_in_words_and_so_are_people(three: Sequence[Member]) -> None:
    """Issue 7: noting a refusal once ended the network process, so anybody could have it die again and again."""
    did, _, _ = three[0].peer_address().partition("@")
    bare = Hello(versions=[99], features=[], nonce=bytes(16), digest=bytes(32))
    words = list[str]()

    async def meet() -> None:
        with trio.fail_after(PATIENCE_S):
            async with carrier_node("later", Sockets()) as later:
                address = PeerAddress(Did(did), Tcp("127.0.0.1", three[0].peer_port))
                wire = await later.carrier.dial(address)
                wire.post(frame(0, encoded(bare)))
                reader = FrameReader()
                while not words:
                    messages = [decoded(body) for body in reader.bodies(await wire.receive())]
                    words.extend(each.words for each in messages if isinstance(each, Refused))

    trio.run(meet)
    assert words == ["this node speaks version 1, not [99]"]
    shown = {peer["did"]: peer["fault"] for peer in three[0].ask("GET", "/peers")["peers"]}
    assert shown[key("later").did] == f"it was told: {words[0]}"
    assert three[0].ask("GET", "/network/status")["restarts"] == 0


def test_nodes_that_part_and_meet_and_write_hold_no_more_for_it(three: Sequence[Member]) -> None:
    """More of it: `python -m tests.soak traffic`."""
    repo = _made(three[0], "parting")
    three[1].ask("POST", "/follows", {"repo": repo})
    soon(lambda: _here(three[1], repo), "it came")
    lines: list[str] = []
    part_and_write(three[:2], repo, 4, 1, lines.append)
    assert lines[0].startswith("4 times parted and met")
    assert lines[-1].startswith(f"{4 * EVENTS_PER_ROUND} events in")
    assert len(lines) == 2 + use_of(three[0]).processes, "what each process takes by event is between them"


def test_seeds_and_websockets_lead_there_too(three: Sequence[Member], tmp_path: Path) -> None:
    did = three[0].ask("GET", "/status")["did"]
    repo = _made(three[0], "reached")
    late = Member(tmp_path / "late", "--peer", f"{did}@ws://127.0.0.1:{three[0].port}/peer")
    try:
        late.wait_ready()
        late.ask("POST", "/follows", {"repo": repo})
        soon(lambda: _here(late, repo), "it came through the HTTP port")
        (peer,) = late.ask("GET", "/peers")["peers"]
        assert (peer["did"], peer["connected"], peer["dialled"]) == (did, True, True)
    finally:
        late.end(signal.SIGTERM)


def test_git_clones_by_id_through_the_node_beside(three: Sequence[Member], tmp_path: Path) -> None:
    repo = _made(three[0], "by-id")
    commit = push(tmp_path / "first", three[0], repo, "one")
    environ = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "GITANT_DATA_DIR": str(three[1].folder)}

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    assert "asks its peers" in git("clone", f"gitant://{repo}", "copy")
    assert git("-C", "copy", "rev-parse", "HEAD").strip() == commit
    did = three[1].ask("GET", "/status")["did"]
    three[0].ask("POST", f"/repos/{repo}/collaborators", {"did": did, "role": "developer"})
    soon(lambda: did in str(three[1].ask("GET", f"/repos/{repo}/collaborators")), "the role came")
    git("-C", "copy", "-c", "user.name=b", "-c", "user.email=b@example.org", "commit", "--allow-empty", "-qm", "two")
    git("-C", "copy", "push", "-q", "origin", "HEAD:main")
    pushed = git("-C", "copy", "rev-parse", "HEAD").strip()
    soon(lambda: pushed in three[0].refs(repo), "the push went on to where the repository came from")
    nobody = subprocess.run(
        ["git", "ls-remote", "gitant://attic"], env=environ, capture_output=True, text=True, check=False
    )
    assert nobody.returncode == 128
    assert "64 hex digits" in nobody.stderr


def test_a_branch_that_was_pushed_to_on_two_sides_is_settled_for_all(three: Sequence[Member], tmp_path: Path) -> None:
    repo = _made(three[0], "parted")
    push(tmp_path / "work", three[0], repo, "one")
    dids = [node.ask("GET", "/status")["did"] for node in three]
    for other, did in zip(three[1:], dids[1:], strict=True):
        other.ask("POST", "/follows", {"repo": repo})
        three[0].ask("POST", f"/repos/{repo}/collaborators", {"did": did, "role": "developer"})
    soon(lambda: _same(three, repo), "all have it")
    soon(lambda: dids[1] in str(three[1].ask("GET", f"/repos/{repo}/collaborators")), "the role came")
    subprocess.run(["git", "clone", "-q", "work", "other"], cwd=tmp_path, check=True)
    three[0].ask("PUT", f"/peers/{dids[1]}/block", {})
    soon(lambda: not three[1].ask("GET", "/peers")["peers"][0]["connected"], "they are apart")
    here, there = (
        push(tmp_path / name, node, repo, name) for name, node in zip(("work", "other"), three, strict=False)
    )
    three[0].ask("DELETE", f"/peers/{dids[1]}/block")

    def main(node: Member) -> dict[str, object]:
        return dict(node.ask("GET", f"/repos/{repo}/refs")["refs"][0])

    soon(lambda: all(main(node)["diverged"] for node in three), "all know of both")
    soon(lambda: all({here, there} <= set(node.refs(repo).split()) for node in three), "all serve both")
    settled = three[2].ask("POST", f"/repos/{repo}/refs/resolve", {"ref": "main", "commit": there[:12]})
    assert (settled["hash"], settled["diverged"]) == (there, False)
    soon(lambda: all(main(node)["hash"] == there for node in three), "all are at the chosen one")
    soon(lambda: _same(three, repo), "all show the same")


def test_commands_about_peers_say_how_it_stands(three: Sequence[Member]) -> None:
    repo = _made(three[0], "compared")
    address, folder = three[0].peer_address(), str(three[1].folder)

    def gitant(*words: str, code: int = 0) -> str:
        run = [str(BIN / "gitant"), *words, "--data-dir", folder]
        done = subprocess.run(run, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    did, _, place = address.partition("@")
    state, *rest = gitant("peer", "add", address).rstrip("\n").split("\t")
    assert state in {"connected", "away"}
    assert rest in ([did, address], [did, place])
    assert "gitant repo view" in gitant("peer", "follow", "operator/compared", code=1)
    assert f"{repo} is replicated" in gitant("peer", "follow", repo)
    soon(lambda: _here(three[1], repo), "it came")
    assert gitant("sync", "-R", repo) == "1 equal\n"


def test_what_a_stranger_wrote_waits_where_that_was_chosen(three: Sequence[Member]) -> None:
    repo = _made(three[0], "guarded")
    three[0].ask("PUT", f"/repos/{repo}/strangers", {"rule": "hold"})
    three[1].ask("POST", "/follows", {"repo": repo})
    soon(lambda: _here(three[1], repo), "it came")
    three[1].ask("POST", f"/repos/{repo}/issues", {"title": "From a stranger"})
    soon(lambda: three[0].ask("GET", f"/repos/{repo}/held")["held"], "it waits")
    three[0].ask("POST", f"/repos/{repo}/issues", {"title": "Meanwhile"})
    soon(lambda: "Meanwhile" in three[1].titles(repo), "the nodes go on talking")
    assert three[0].titles(repo) == {"Meanwhile"}
    author = three[1].ask("GET", "/status")["did"]
    three[0].ask("POST", f"/repos/{repo}/held/{author}/admit")
    soon(lambda: three[0].titles(repo) == {"Meanwhile", "From a stranger"}, "it was let in")
    three[1].ask("POST", f"/repos/{repo}/issues", {"title": "From a guest"})
    soon(lambda: "From a guest" in three[0].titles(repo), "what comes next does not wait")


def test_what_is_attached_comes_along(three: Sequence[Member]) -> None:
    repo = _made(three[0], "with-files")
    data = bytes(range(256)) * 8_192
    before = three[0].attach(repo, "before.bin", data)
    three[1].ask("POST", "/follows", {"repo": repo})
    soon(lambda: three[1].file(before) == data, "what was attached before came")
    after = three[0].attach(repo, "after.bin", data[::-1])
    soon(lambda: three[1].file(after) == data[::-1], "what was attached since came")
    soon(lambda: three[1].ask("GET", f"/repos/{repo}/sync")["objects"] == "present", "nothing is missing")
