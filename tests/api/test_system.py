"""What the node says about itself."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from api.app import create_app
from api.tally import Tally
from domain.keys import did_of
from tests.api.client import Client, http_to
from tests.gitant.writer.world import KEY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.node import Node


def test_health_and_live(anyone: Client) -> None:
    assert anyone.get("/health").json()["status"] == "ok"
    assert anyone.get("/live").json() == {"status": "ok"}


def test_health_fails_when_the_views_cannot_be_read(node: Node) -> None:
    from dataclasses import replace

    class Broken:
        def position(self) -> int:
            raise OSError("the disk is gone")

    broken = replace(node.ports, views=Broken())  # type: ignore[arg-type]
    with http_to(create_app(broken)) as http:
        response = Client(http, operator=False).get("/health", 503)
    assert response.headers["retry-after"]
    assert "the disk is gone" not in response.text


def test_ready_says_what_is_missing(anyone: Client, node: Node) -> None:
    ready = anyone.get("/ready").json()
    assert ready["checks"]["views"] == ready["checks"]["peers"] == {"ok": True, "reasons": []}
    node.behind.append("the views are 3 events behind")
    node.alone.append("the process that talks with peers is starting")
    node.free_bytes = 1000
    try:
        response = anyone.get("/ready", 503)
        problem = response.json()
        assert response.headers["retry-after"]
        assert problem["checks"]["views"] == {"ok": False, "reasons": ["the views are 3 events behind"]}
        assert problem["checks"]["peers"]["reasons"] == ["the process that talks with peers is starting"]
        assert problem["checks"]["disk"] == {"ok": False, "free_bytes": 1000, "free_bytes_min": 256 << 20}
        assert "3 events behind" in problem["detail"]
        assert "peers is starting" in problem["detail"]
        assert "1,000 bytes are free" in problem["detail"]
    finally:
        node.behind.clear()
        node.alone.clear()
        node.free_bytes = 1 << 40
    anyone.get("/ready")


def test_status_and_version(anyone: Client, repo: str) -> None:
    status = anyone.get("/api/v1/status").json()
    assert (status["did"], status["version"], status["name"]) == (KEY.did, "0.1.0", "gitant")
    assert status["counts"]["repositories"] >= 1
    assert status["position"] == status["counts"]["events"]
    assert anyone.get("/api/v1/version").json() == {"version": "0.1.0", "api": "v1"}
    assert repo


def test_the_did_document_is_one_of_a_did_key(anyone: Client) -> None:
    found = anyone.get("/.well-known/did.json").json()
    assert found["id"] == did_of(KEY.device)
    (method,) = found["verificationMethod"]
    assert method["type"] == "Multikey"
    assert method["id"] == f"{KEY.did}#{method['publicKeyMultibase']}"
    assert method["controller"] == KEY.did
    assert KEY.did == f"did:key:{method['publicKeyMultibase']}"
    assert found["assertionMethod"] == [method["id"]]


def test_metrics_are_labelled_by_template(api: Client, anyone: Client, repo: str) -> None:
    name = api.get(repo).json()["name"]
    api.get(f"{repo}/issues")
    anyone.get("/no/such/page", 404)
    api.ask("PUT", repo, 405)
    response = anyone.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    text = response.text
    assert 'route="/api/v1/repos/{id}/issues",status="200"' in text
    assert 'route="other",status="404"' in text
    assert 'gitant_http_request_duration_seconds_bucket{le="+Inf",method="GET"' in text
    assert "gitant_things{" in text
    assert "gitant_build_info{" in text
    assert name not in text
    assert repo.rpartition("/")[2] not in text
    assert "no/such/page" not in text


def test_methods_nobody_has_heard_of_make_no_new_series() -> None:
    tally = Tally()
    for number in range(100):
        tally.record(f"M{number}", "", 405, 0.0)
    (series,) = tally.sums()
    assert (series.method, series.route, sum(series.counts)) == ("other", "other", 100)


def test_workers_add_up_and_the_dead_are_not_forgotten(tmp_path: Path) -> None:
    first, second = Tally(tmp_path), Tally(tmp_path)
    first._flush_due = second._flush_due = True  # no loop runs here that could flush later
    first.record("GET", "/a", 200, 0.002)
    second.record("GET", "/a", 200, 20.0)
    second.record("GET", "/b", 404, 0.002)
    second.flush()
    del second
    sums = {(each.method, each.route, each.status): each for each in first.sums()}
    assert sum(sums["GET", "/a", 200].counts) == 2
    assert sums["GET", "/a", 200].counts[-1] == 1
    assert sums["GET", "/a", 200].seconds == pytest.approx(20.002)
    assert sum(sums["GET", "/b", 404].counts) == 1
    (tmp_path / "torn.json").write_bytes(b"[[")
    assert len(first.sums()) == 2


def test_open_streams_are_those_of_workers_that_live(tmp_path: Path) -> None:
    first, second = Tally(tmp_path), Tally(tmp_path)
    first._flush_due = second._flush_due = True
    for step in (1, 1, -1):
        first.count_stream(step)
    second.count_stream(1)
    second.flush()
    with subprocess.Popen(["true"]) as killed:
        killed.wait()
    (tmp_path / "killed.json").write_bytes(json.dumps([killed.pid, 5, []]).encode())
    assert first.streams() == 2


def test_a_worker_s_counts_reach_the_others(node: Node, tmp_path: Path) -> None:
    from dataclasses import replace

    ports = replace(node.ports, metrics_dir=tmp_path)
    with http_to(create_app(ports)) as http:
        Client(http, operator=False).get("/live")
    with http_to(create_app(ports)) as http:
        text = Client(http, operator=False).get("/metrics").text
    assert 'gitant_http_requests_total{method="GET",route="/live",status="200"} 1.0' in text


def test_the_openapi_document_lists_every_route(anyone: Client) -> None:
    document: dict[str, Any] = anyone.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    paths = document["paths"]
    for path in ("/health", "/live", "/ready", "/metrics", "/api/v1/openapi.json", "/{repo}.git/info/refs"):
        assert path in paths
    names = [operation["operationId"] for item in paths.values() for operation in item.values()]
    assert len(names) == len(set(names))
    for path, item in paths.items():
        for operation in item.values():
            assert operation["summary"], path
            named = {each["name"] for each in operation["parameters"] if each.get("in") == "path"}
            assert named == {part[1:].split("}")[0] for part in path.split("/") if part.startswith("{")}
