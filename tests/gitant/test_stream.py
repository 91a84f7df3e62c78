"""`GET /api/v1/events/stream` of a running node: whoever drops and comes back misses nothing and repeats nothing."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.gitant.running import PATIENCE_S, Node, running
from tests.house.tree import BIN

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

pytestmark = pytest.mark.slow

DROPS = 100
WRITERS = 4
STREAM = "/api/v1/events/stream"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Generator[Node]:
    with running(tmp_path_factory.mktemp("stream") / "node", workers=2) as node:
        yield node


def asking(node: Node) -> httpx.Client:
    token = (node.folder / "operator.token").read_text().strip()
    return httpx.Client(base_url=node.url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_S)


def blocks(node: Node, headers: dict[str, str] | None = None, query: str = "") -> Generator[dict[str, str]]:
    """What a stream sends, block by block; closing the generator hangs up."""
    connection = http.client.HTTPConnection(*node.address, timeout=PATIENCE_S)
    token = (node.folder / "operator.token").read_text().strip()
    connection.request("GET", STREAM + query, headers={"Authorization": f"Bearer {token}", **(headers or {})})
    response = connection.getresponse()
    assert response.status == 200, response.read()
    assert response.headers["content-type"] == "text/event-stream"
    block: dict[str, str] = {}
    try:
        for raw in response:
            line = raw.decode().removesuffix("\n")
            if not line:
                yield block
                block = {}
            else:
                name, _, value = line.partition(":")
                block[name] = value.removeprefix(" ")
    finally:
        response.close()
        connection.close()


def events_of(stream: Iterator[dict[str, str]]) -> Iterator[tuple[int, dict[str, Any]]]:
    for block in stream:
        if "data" in block:
            yield int(block["id"]), json.loads(block["data"])


def write_until(node: Node, stop: threading.Event, name: str, failed: list[BaseException]) -> None:
    """One issue after the other in a repository of its own."""
    try:
        with asking(node) as client:
            repo = client.post("/api/v1/repos", json={"name": name}).raise_for_status().json()["id"]
            while not stop.is_set():
                client.post(f"/api/v1/repos/{repo}/issues", json={"title": "Dust"}).raise_for_status()
    except BaseException as fault:
        failed.append(fault)
        raise


def test_a_hundred_drops_under_load_miss_and_repeat_nothing(node: Node) -> None:
    stop = threading.Event()
    failed: list[BaseException] = []
    writers = [
        threading.Thread(target=write_until, args=(node, stop, f"busy-{number}", failed)) for number in range(WRITERS)
    ]
    got: list[tuple[int, str]] = []
    last = 0
    for writer in writers:
        writer.start()
    try:
        for drop in range(DROPS):
            how: dict[str, Any] = {"headers": {"Last-Event-ID": str(last)}} if drop else {"query": "?after=0"}
            stream = blocks(node, **how)
            for position, event in events_of(stream):
                got.append((position, event["id"]))
                last = position
                if len(got) % (1 + drop % 7) == 0:
                    break
            stream.close()
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert failed == []
    # Whatever is left, with every kind of filter that lets everything through.
    for position, event in events_of(blocks(node, {"Last-Event-ID": str(last)}, "?seconds=0&kind=*")):
        got.append((position, event["id"]))
    with asking(node) as client:
        end = client.get("/api/v1/status").json()["position"]
    assert [position for position, _ in got] == list(range(1, end + 1))
    assert len({name for _, name in got}) == end > DROPS


def test_a_filter_by_repository_and_kind(node: Node) -> None:
    with asking(node) as client:
        ours, other = (
            client.post("/api/v1/repos", json={"name": name}).raise_for_status().json()["id"]
            for name in ("ours", "other")
        )
        begin = client.get("/api/v1/status").json()["position"]
        stream = events_of(blocks(node, query=f"?repo=ours&kind=issue.*&after={begin}"))
        client.post(f"/api/v1/repos/{other}/issues", json={"title": "Not this"}).raise_for_status()
        client.patch(f"/api/v1/repos/{ours}", json={"description": "Nor this"}).raise_for_status()
        issue = client.post(f"/api/v1/repos/{ours}/issues", json={"title": "This"}).raise_for_status().json()
        position, event = next(stream)
    assert (event["entity"], event["kind"], event["id"]) == (ours, "issue.opened.v1", issue["id"])
    assert (event["position"], event["summary"]) == (position, "opened #1 This in ours")


def test_many_idle_streams_and_one_that_hears(node: Node) -> None:
    """Each of them is a position and a filter; all hear of what concerns them."""
    with asking(node) as client:
        repo = client.post("/api/v1/repos", json={"name": "heard"}).raise_for_status().json()["id"]
        streams = [blocks(node, query="?repo=heard") for _ in range(600)]
        for stream in streams:
            assert next(stream)["retry"]
        client.post(f"/api/v1/repos/{repo}/issues", json={"title": "Hear"}).raise_for_status()
        assert {next(events_of(stream))[1]["summary"] for stream in streams} == {"opened #1 Hear in heard"}
        for stream in streams:
            stream.close()


def test_streams_end_with_the_node_and_go_on_with_the_next(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("restarted") / "node"
    with running(folder) as node:
        stream = blocks(node)
        last = next(stream)["id"]
        assert node.end() == 0
        assert [block for block in stream if "data" in block] == []  # ended, not torn off
    with running(folder) as node:
        with asking(node) as client:
            client.post("/api/v1/repos", json={"name": "later"}).raise_for_status()
        kinds = [event["kind"] for _, event in events_of(blocks(node, {"Last-Event-ID": last}, "?seconds=0"))]
    assert kinds == ["identity.created.v1", "repository.created.v1"]


def test_the_command_follows_through_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("followed") / "node"
    words = [str(BIN / "gitant"), "log", "--follow", "--all", "--after", "0", "--json", "--data-dir", str(folder)]
    with running(folder) as node:
        with asking(node) as client:
            client.post("/api/v1/repos", json={"name": "before"}).raise_for_status()
        following = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with following:
            assert following.stdout is not None
            seen = [json.loads(following.stdout.readline()) for _ in range(2)]
            assert following.stderr is not None
            assert node.end() == 0
            assert "waiting for the node" in following.stderr.readline()
            with running(folder) as again, asking(again) as client:  # on another port
                client.post("/api/v1/repos", json={"name": "behind"}).raise_for_status()
                seen.append(json.loads(following.stdout.readline()))
            following.send_signal(signal.SIGINT)
            _, told = following.communicate(timeout=PATIENCE_S)
            assert following.returncode == 0, told
    assert [event["position"] for event in seen] == [1, 2, 3]
    alone = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S)
    assert (alone.returncode, alone.stdout) == (1, "")
    assert "no node is running" in alone.stderr
