"""Charts, an operator's questions, and the node's numbers."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from api.pages.insight.charts import above, lying, standing
from api.pages.insight.query import csv_of
from domain.ports_insight import Table
from tests.api.node import TOKEN
from tests.api.pages.visitor import Visitor, words

if TYPE_CHECKING:
    from litestar.testing import TestClient

    from tests.api.node import Node


@pytest.fixture(scope="module")
def operator(http: TestClient[Any]) -> Visitor:
    found = Visitor(http, "operator")
    found.send("/login", username="operator", password=TOKEN)
    return found


@pytest.fixture(scope="module")
def vault(kay: Visitor) -> str:
    """A public repository with two issues, beside a private one with one."""
    path = kay.make_repo("vault")
    for title in ("It creaks", "It leaks"):
        kay.send(f"{path}/issues/new", title=title, body="")
    kay.send(f"{path}/issues/2/do", act="close")
    hidden = kay.make_repo("hidden", private=True)
    kay.send(f"{hidden}/issues/new", title="Nobody knows", body="")
    return path


def test_charts_of_a_repository_count_it_alone_and_once_for_many_readers(
    node: Node, vault: str, kay: Visitor, lee: Visitor, stranger: Visitor
) -> None:
    before = node.analyst.children
    page = kay.open(f"{vault}/insight")
    told = words(page)
    assert "4 signed events in a year" in told
    assert "2 issues opened and 1 closed" in told
    assert "1 issue is open" in told
    row = node.ports.views.repo_at("kay", "vault")
    assert row is not None
    assert f"WHERE id = &#39;{row.id.hex()}&#39;)" in page
    assert page.count("<svg viewBox") >= 6
    assert not re.search(r'style="|<script(?! nonce)', page)
    for who in (lee, stranger, kay):
        assert "4 signed events in a year" in words(who.open(f"{vault}/insight"))
    kay.send(f"{vault}/issues/new", title="One more", body="")
    assert "4 signed events in a year" in words(kay.open(f"{vault}/insight")), "some minutes old at most"
    assert node.analyst.children == before + 1
    lee.open("/kay/hidden/insight", 404)
    stranger.open("/kay/hidden/insight", 404)


def test_the_node_s_charts_count_what_is_public_and_for_its_operator_everything(
    vault: str, stranger: Visitor, operator: Visitor
) -> None:
    assert vault
    public, whole = (words(each.open("/-/insight")) for each in (stranger, operator))
    assert "3 issues opened and 1 closed" in public
    assert "4 issues opened and 1 closed" in whole
    assert "/-/query?sql=" in operator.open("/-/insight")
    assert "/-/query" not in stranger.open("/-/insight")


def test_the_operator_asks_in_sql_and_nobody_else(
    node: Node, vault: str, kay: Visitor, stranger: Visitor, operator: Visitor
) -> None:
    assert vault
    sql = "SELECT title, number, NULL AS nothing FROM issues WHERE title LIKE '%leaks' -- <b>"
    before = node.analyst.children
    assert "-- &lt;b&gt;" in operator.open(f"/-/query?sql={quote(sql)}")
    for who, status in ((stranger, 401), (kay, 403)):
        assert "It leaks" not in who.send("/-/query", sql=sql, expect=status)
        who.ask("GET", "/-/query", 303 if who is stranger else status)
        who.ask("GET", "/-/numbers", 303 if who is stranger else status)
    fields = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site"}
    operator.ask("POST", "/-/query", 403, "sql=SELECT+1", **fields)
    assert node.analyst.children == before, "nothing was asked so far"
    page = operator.send("/-/query", sql=sql, expect=200)
    assert "It leaks 2 NULL" in words(page)
    assert "-- &lt;b&gt;" in page
    assert "1 to 10,000 characters" in operator.send("/-/query", sql=" ", expect=422)
    broken = operator.send("/-/query", sql="SELECT <i>nothing</i>", expect=422)
    assert "Parser Error" in broken
    assert "(LINE 1)." in broken
    assert "^^" not in broken
    assert "<i>" not in broken


def test_rows_are_taken_as_csv_that_a_spreadsheet_does_not_carry_out(operator: Visitor) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    sql = quote("SELECT unnest(['=1+1', 'a,\"b', '-2']) AS text, 1.5 AS number")
    answer = operator.ask("POST", "/-/query", 200, f"as=csv&sql={sql}", **form)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="query.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert list(csv.reader(answer.text.splitlines())) == [
        *(["text", "number"], ["'=1+1", "1.5"], ['a,"b', "1.5"], ["'-2", "1.5"])
    ]
    assert csv_of(Table("", ("@x",), ((-2,), (None,)))) == b'\'@x\r\n-2\r\n""\r\n'


def test_the_operator_reads_the_node_s_numbers(operator: Visitor) -> None:
    page = words(operator.open("/-/numbers"))
    assert "POST /login" in page
    assert "0 failed (5xx)" in page


def test_bars_stand_where_their_values_say() -> None:
    table = Table("", ("week", "opened", "closed"), (("a", 4, 1), ("b", 0, None)))
    chart = standing(table, ("opened", "closed"))
    assert (chart.width, chart.top, chart.first, chart.last) == (20, 5, "a", "b")
    assert [(bar.x, bar.y, bar.height, bar.series) for bar in chart.bars] == [(1, 20, 80, 1), (5, 80, 20, 2)]
    assert chart.bars[0].says == "a: 4 opened"
    assert [row.share for row in lying(table, "opened")] == [100, 0]
    assert standing(Table("", ("week", "opened"), ()), ("opened",)).bars == []
    assert [above(value) for value in (0, 1, 3, 9, 11, 2_000, 1e12 + 1)] == [1, 1, 5, 10, 20, 2_000, 2e12]


def test_a_worker_does_not_load_duckdb() -> None:
    code = "import sys, gitant.node, gitant.worker, api.pages.app; sys.exit('duckdb' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 0
