"""The policy language: what is true, what is false, and what can be said of neither."""

from __future__ import annotations

from typing import Any

import pytest

from domain.capability.policy import allows, check_policy
from domain.capability.refused import Refused

ARGS: dict[str, Any] = {
    "method": "POST",
    "target": "/api/v1/repos/attic/issues",
    "size": 42,
    "share": 0.5,
    "ok": True,
    "labels": ["bug", "ui"],
    "people": [{"name": "ann", "age": 30}, {"name": "bob", "age": 40}],
    "by": {"first name": "kay"},
    "bytes": b"abc",
    "none": None,
    "star": "a*b",
}

TRUE = [
    ["==", ".method", "POST"],
    ["==", '.["method"]', "POST"],
    ["!=", ".method", "GET"],
    ["==", ".size", 42],
    ["==", ".size", 42.0],
    ["and", []],
    ["or", []],
    ["==", ".people[0:1]", [{"name": "ann", "age": 30.0}]],
    ["!=", ".ok", 1],
    ["<", ".size", 43],
    ["<=", ".size", 42.0],
    [">", ".share", 0],
    [">=", ".size", 42],
    ["==", ".none", None],
    ["==", ".missing?", None],
    ["==", ".labels[0]", "bug"],
    ["==", ".labels[-1]", "ui"],
    ["==", ".labels[0:1]", ["bug"]],
    ["==", ".labels[5]?", None],
    ["==", '.by["first name"]', "kay"],
    ["==", ".people[1].name", "bob"],
    ["==", ".bytes[1:]", b"bc"],
    ["==", ".by[]", ["kay"]],
    ["like", ".target", "/api/v1/repos/attic/*"],
    ["like", ".target", "*issues"],
    ["like", ".target", "/api/*/repos/*/issues"],
    ["like", ".star", r"a\*b"],
    ["like", ".target", "*"],
    ["not", ["==", ".method", "GET"]],
    ["and", [["==", ".size", 42], ["==", ".ok", True]]],
    ["or", [["==", ".size", 1], ["==", ".missing", 1], ["==", ".ok", True]]],
    ["all", ".people", [">=", ".age", 30]],
    ["any", ".people", ["==", ".name", "bob"]],
    ["any", ".labels", ["==", ".", "ui"]],
    ["all", ".by", ["==", ".", "kay"]],
]
NOT_TRUE = [
    ["==", ".method", "post"],
    ["!=", ".size", 42.0],
    ["==", ".ok", 1],
    ["<", ".size", 42],
    ["<", ".method", 5],
    ["<", ".ok", 5],
    ["==", ".missing", None],
    ["!=", ".missing", 1],
    ["not", ["==", ".missing", 1]],
    ["not", ["not", ["==", ".missing", 1]]],
    ["not", ["and", [["==", ".ok", True], ["==", ".missing", 1]]]],
    ["==", ".labels.first", "bug"],
    ["==", ".method[0]", "P"],
    ["like", ".target", "/api/v1/repos/attic"],
    ["like", ".target", "*/attic"],
    ["like", ".star", r"a\*"],
    ["like", ".size", "*"],
    ["like", ".target", "/api/v1/repos/attic/issues*s"],
    ["all", ".people", [">", ".age", 30]],
    ["any", ".people", ["==", ".name", "eve"]],
    ["any", ".size", ["==", ".", 42]],
    ["all", ".people", ["==", ".missing", 1]],
    ["or", [["==", ".size", 1], ["==", ".missing", 1]]],
]


@pytest.mark.parametrize("statement", TRUE, ids=str)
def test_what_is_true_allows(statement: Any) -> None:
    check_policy([statement])
    assert allows([statement], ARGS)


@pytest.mark.parametrize("statement", NOT_TRUE, ids=str)
def test_what_is_not_true_does_not(statement: Any) -> None:
    check_policy([statement])
    assert not allows([statement], ARGS)


@pytest.mark.parametrize(
    "selector",
    ["", "a", "..", ".a.", ".a..b", ".[", ".a[]]", '.["a]', ".a[01]", ".a[1:2:3]", "." + "a" * 256, ".a b", ".a.[0]"],
)
def test_what_is_no_selector_is_refused(selector: str) -> None:
    with pytest.raises(Refused):
        check_policy([["==", selector, 1]])


def test_all_statements_have_to_be_true() -> None:
    assert allows([], ARGS)
    assert not allows([TRUE[0], NOT_TRUE[0]], ARGS)


def test_a_hostile_pattern_is_not_slow() -> None:
    statement = ["like", ".text", "*a" * 16]
    check_policy([statement])
    assert not allows([statement], {"text": "a" * 3_000 + "b"})
