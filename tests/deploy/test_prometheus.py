"""Numbers, dashboard and alerts: what they ask for is what a node shows."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.deploy.tools import DEPLOY, checked
from tests.gitant.certificates import make_certificate
from tests.gitant.network.meeting import free_port, soon
from tests.gitant.running import PATIENCE_S, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

_SELECTOR = re.compile(r"\b(gitant_\w+|up)\b(?:\{([^}]*)\})?")
_LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"((?:[^\"\\]|\\.)*)\"")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
_LEGEND = re.compile(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")
_OF_PROMETHEUS = {"instance", "job"}
DASHBOARD = DEPLOY / "grafana" / "gitant.json"
ALERTS = DEPLOY / "prometheus" / "alerts.yaml"


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> str:
    """/metrics of a node that has been used a little, over HTTPS, so that there is something of everything."""
    folder = tmp_path_factory.mktemp("watched")
    cert, key = make_certificate(folder / "tls")
    (folder / "backups").mkdir()
    flags = ["--tls-cert", str(cert), "--tls-key", str(key), "--backup-dir", str(folder / "backups")]
    flags += ["--peer-port", str(free_port())]
    context = ssl.create_default_context(cafile=str(cert))
    with (
        running(folder / "node", *flags) as node,
        httpx.Client(base_url=node.url, verify=context, timeout=PATIENCE_S, trust_env=False) as client,
    ):
        token = (node.folder / "operator.token").read_text().strip()
        made = client.post("/api/v1/repos", json={"name": "attic"}, headers={"authorization": f"Bearer {token}"})
        assert made.status_code == 201
        words = ["git", "ls-remote", f"{node.url}/operator/attic.git"]
        environ = {**os.environ, "GIT_SSL_CAINFO": str(cert)}
        listed = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
        assert listed.returncode == 0, listed.stderr
        node.wait_for_words("a backup is made")
        soon(lambda: client.get("/ready").status_code == 200, "peers are taken")
        return client.get("/metrics").text


@pytest.fixture(scope="module")
def series(scraped: str) -> dict[str, set[str]]:
    """By the name of each series, the labels it has."""
    found: dict[str, set[str]] = {}
    for line in scraped.splitlines():
        if not line.startswith("#"):
            match = re.match(r"(\w+)(?:\{(.*)\})? ", line)
            assert match, line
            found.setdefault(match[1], set()).update(name for name, _ in _LABEL.findall(match[2] or ""))
    return found


def _queries() -> Iterator[tuple[str, str]]:
    """Each query of the dashboard, and what is written beside its line."""
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", ()):
            yield _plain(target["expr"]), target["legendFormat"]


def _plain(expression: str) -> str:
    return expression.replace("$__rate_interval", "5m").replace("$instance", ".*")


def _rules(text: str) -> list[str]:
    """The expressions of the alerts, on one line or indented below."""
    return [" ".join(rule.split()) for rule in re.findall(r"expr: (?:\|\n)?(.*?)\n +(?:for|labels):", text, re.DOTALL)]


def _asks_for_what_there_is(expression: str, beside: str, series: dict[str, set[str]]) -> None:
    known = set(_OF_PROMETHEUS)
    named = _SELECTOR.findall(expression)
    assert named, f"{expression} asks for nothing of ours"
    for name, selector in named:
        assert name == "up" or name in series, f"there is no {name}"
        labels = series.get(name, set()) | _OF_PROMETHEUS
        known |= labels
        wanted = {label for label, _ in _LABEL.findall(selector)}
        assert wanted <= labels, f"{name} has no {wanted - labels}"
    grouped = {label.strip() for inside in _GROUPING.findall(expression) for label in inside.split(",") if label}
    assert grouped <= known, expression
    assert set(_LEGEND.findall(beside)) <= known, beside


def test_the_numbers_are_as_they_should_be(scraped: str) -> None:
    assert checked("promtool", "check", "metrics", given=scraped) == ""


def test_the_dashboard_asks_for_what_there_is(series: dict[str, set[str]]) -> None:
    for expression, legend in _queries():
        _asks_for_what_there_is(expression, legend, series)


def test_the_alerts_ask_for_what_there_is(series: dict[str, set[str]]) -> None:
    text = ALERTS.read_text()
    rules = _rules(text)
    assert len(rules) == text.count("- alert:")
    for expression in rules:
        _asks_for_what_there_is(expression, "", series)


def test_every_number_is_in_the_dashboard(series: dict[str, set[str]]) -> None:
    asked = {name for expression, _ in _queries() for name, _ in _SELECTOR.findall(expression)}
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in series} == families


def test_prometheus_understands_rules_settings_and_queries(tmp_path: Path) -> None:
    checked("promtool", "check", "rules", "--lint-fatal", ALERTS)
    checked("promtool", "check", "config", DEPLOY / "prometheus" / "prometheus.yaml")
    rules: list[dict[str, Any]] = [
        {"record": f"gitant:query{number}", "expr": expression} for number, (expression, _) in enumerate(_queries())
    ]
    file = tmp_path / "queries.yaml"  # JSON is YAML
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    checked("promtool", "check", "rules", "--lint-fatal", file)


def test_objects_that_do_not_come_are_told_of_and_steady_pushes_are_not(tmp_path: Path) -> None:
    """Two nodes for three hours: one is pushed to all the time, the other waits for one object after an hour."""
    series = [
        {"series": f"gitant_peer_lacking_objects{{instance='{name}'}}", "values": "3x18"}
        for name in ("pushed", "stuck")
    ]
    series.append({"series": "gitant_peer_lacking_seconds{instance='pushed'}", "values": "40x18"})
    series.append({"series": "gitant_peer_lacking_seconds{instance='stuck'}", "values": "0x6 0+600x12"})
    look = "count by (instance) (ALERTS{alertname='GitantObjectsDoNotCome', alertstate='firing'})"
    test = {
        "interval": "10m",
        "input_series": series,
        "promql_expr_test": [
            {"expr": look, "eval_time": "120m", "exp_samples": []},
            {"expr": look, "eval_time": "170m", "exp_samples": [{"labels": "{instance='stuck'}", "value": 1}]},
        ],
    }
    file = tmp_path / "rules.yaml"  # JSON is YAML
    file.write_text(json.dumps({"rule_files": [str(ALERTS)], "evaluation_interval": "10m", "tests": [test]}))
    checked("promtool", "test", "rules", file)


def test_the_dashboard_is_one_that_can_be_imported() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
    assert all(panel["title"] for panel in panels)
