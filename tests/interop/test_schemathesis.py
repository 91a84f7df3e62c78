"""Schemathesis reads the OpenAPI document and sends what it allows and what it forbids: nothing gets a 5xx."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Final

import httpx
import hypothesis
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis import strategies as st
from schemathesis import GenerationMode

from api.app import HANDLERS, PUSHES
from api.openapi import describe
from tests.api.client import PROBLEM, http_to
from tests.api.history import History, make_history, pack_of
from tests.api.node import TOKEN, node_on
from tests.storage.git.stock import stock_repo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar.testing import TestClient

EXAMPLES_MAX = 10
"""Of each route; `make test SEED=…` draws others."""

DOCUMENT: Final[dict[str, Any]] = msgspec.json.decode(describe((*HANDLERS, *PUSHES), "0.1.0"))
SCHEMA: Final = schemathesis.openapi.from_dict(DOCUMENT)
ROUTES: Final = [
    (path, method) for path, item in DOCUMENT["paths"].items() for method in item if not path.startswith("/{repo}")
]
OPERATOR: Final = {"authorization": f"Bearer {TOKEN}"}
_NUMBERS: Final = count(1)


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Any]]:
    with node_on(tmp_path_factory.mktemp("node") / "data") as node, http_to(node.app) as client:
        yield client


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return make_history(stock_repo(tmp_path_factory.mktemp("stock")))


@pytest.fixture
def known(http: TestClient[Any], history: History) -> dict[str, str]:
    """Path parameters that name something."""
    made = http.post("/api/v1/repos", json={"name": f"r{next(_NUMBERS)}"}, headers=OPERATOR).json()
    repo = f"/api/v1/repos/{made['id']}"
    push = {
        "packfile": pack_of(history.stock, history.third),
        "ref_updates": [{"name": "refs/heads/main", "new_hash": history.third}],
    }
    assert http.post(f"{repo}/push-packfile", json=push, headers=OPERATOR).status_code == 200
    http.post(f"{repo}/issues", json={"title": "Dust", "labels": ["bug"]}, headers=OPERATOR)
    comment = http.post(f"{repo}/issues/1/comment", json={"body": "Yes"}, headers=OPERATOR).json()["id"]
    return {
        "id": made["id"],
        "issueId": "1",
        "commentId": comment,
        "content": "heart",
        "eventId": comment,
        "hash": history.third,
        "path": "README.md",
        "ref": "main.zip",
        "name": "bug",
    }


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), ROUTES)
def test_nothing_gets_a_5xx(http: TestClient[Any], known: dict[str, str], path: str, method: str) -> None:
    operation = SCHEMA[path][method]
    named = {name: value for name, value in known.items() if "{" + name + "}" in path}
    cases: st.SearchStrategy[Any] = st.one_of(
        *(
            operation.as_strategy(mode, path_parameters=parameters)
            for mode in _modes(DOCUMENT["paths"][path][method])
            for parameters in (named, None)
            if parameters != {}
        )
    )

    @hypothesis.settings(
        max_examples=EXAMPLES_MAX,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=cases, operator=st.booleans())
    def call(case: Any, operator: bool) -> None:
        _send(http, case, OPERATOR if operator else {})

    call()


def _modes(operation: dict[str, Any]) -> list[GenerationMode]:
    """What takes neither a body nor a query has nothing that could be wrong about it."""
    fallible = "requestBody" in operation or any(each.get("in") == "query" for each in operation["parameters"])
    return list(GenerationMode) if fallible else [GenerationMode.POSITIVE]


def _send(http: TestClient[Any], case: Any, credentials: dict[str, str]) -> None:
    request = case.as_transport_kwargs(base_url="http://testserver.local", headers=credentials)
    sent = {name: request[name] for name in ("json", "data", "params", "cookies") if request.get(name)}
    if "data" in sent:
        sent["content"] = sent.pop("data")
    if case.operation.path == "/api/v1/events/stream":
        sent["params"] = {**sent.get("params", {}), "seconds": 0}  # or it would go on as long as we listen
    headers = {name: value.encode("latin-1") for name, value in request["headers"].items()}
    try:
        response = http.request(request["method"], request["url"], headers=headers, **sent)
    except httpx.InvalidURL:
        hypothesis.reject()  # longer than this client sends
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert response.headers["content-type"] == PROBLEM
        assert response.json()["status"] == response.status_code
