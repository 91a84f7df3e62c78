"""The policy language of delegations: what an invocation's arguments must be for a delegation to cover it.

A statement is true, false or, where it asks for what is not there, neither. Only what is true allows: `not` of a
statement that is neither is neither.
"""

from __future__ import annotations

import re
from typing import Any, Final

from domain.capability.dagcbor import encode, is_list, is_map
from domain.capability.refused import Refused

STATEMENTS_MAX: Final = 64
SELECTOR_CHARS_MAX: Final = 256
STARS_MAX: Final = 16

_COMPARED: Final = ("==", "!=")
_ORDERED: Final = {"<", "<=", ">", ">="}
_INTEGER: Final = r"-?(?:0|[1-9][0-9]{0,8})"
_STEP: Final = re.compile(
    r"\.(?P<field>[A-Za-z_][A-Za-z0-9_]*)(?P<try1>\?)?"
    r"|\.?\[(?:\"(?P<key>(?:[^\"\\\x00-\x1f]|\\[\"\\])*)\"|(?P<index>" + _INTEGER + r")"
    r"|(?P<slice>(?P<start>" + _INTEGER + r")?:(?P<stop>" + _INTEGER + r")?)|(?P<all>))\](?P<try2>\?)?"
)


def check_policy(policy: Any) -> None:
    """Raise `Refused` unless `policy` is a list of well-formed statements, not too many."""
    if not is_list(policy):
        raise Refused("policy-malformed", "it is no list")
    _check_all(policy, 0)


def allows(policy: list[Any], args: Any) -> bool:
    """Whether all statements of a policy, which `check_policy` has passed, are true of these arguments."""
    return all(_holds(statement, args) is True for statement in policy)


class _Unresolved(Exception):
    """A selector led nowhere."""


def _check_all(statements: list[Any], seen: int) -> int:
    for statement in statements:
        seen = _check(statement, seen)
    return seen


def _check(statement: Any, seen: int) -> int:
    seen += 1
    if seen > STATEMENTS_MAX:
        raise Refused("policy-malformed", f"more than {STATEMENTS_MAX} statements")
    if not is_list(statement):
        raise Refused("policy-malformed", "a statement is no list")
    match statement:
        case [("==" | "!="), selector, _]:
            _steps(selector)
        case [("<" | "<=" | ">" | ">="), selector, int() | float() as bound] if not isinstance(bound, bool):
            _steps(selector)
        case ["like", selector, str(pattern)]:
            _steps(selector)
            if len(_pieces(pattern)) > STARS_MAX + 1:
                raise Refused("policy-malformed", f"a pattern has more than {STARS_MAX} stars")
        case ["not", inner]:
            return _check(inner, seen)
        case [("and" | "or"), [*inner]]:
            return _check_all(inner, seen)
        case [("all" | "any"), selector, inner]:
            _steps(selector)
            return _check(inner, seen)
        case _:
            raise Refused("policy-malformed", "no such statement")
    return seen


def _holds(statement: list[Any], value: Any) -> bool | None:
    """Whether a statement is true of a value; None where that cannot be said."""
    operator = statement[0]
    if operator == "not":
        found = _holds(statement[1], value)
        return None if found is None else not found
    if operator == "and":
        return _every([_holds(inner, value) for inner in statement[1]])
    if operator == "or":
        return not statement[1] or _some([_holds(inner, value) for inner in statement[1]])
    try:
        selected = _select(statement[1], value)
    except _Unresolved:
        return None
    if operator in {"all", "any"}:
        items = list(selected.values()) if is_map(selected) else selected
        if not is_list(items):
            return None
        each = [_holds(statement[2], item) for item in items]
        return _every(each) if operator == "all" else _some(each)
    if operator == "like":
        return isinstance(selected, str) and _like(selected, _pieces(statement[2]))
    if operator in _COMPARED:
        return (_comparable(selected) == _comparable(statement[2])) is (operator == "==")
    return _in_order(selected, operator, statement[2])


def _every(found: list[bool | None]) -> bool | None:
    return False if False in found else None if None in found else True


def _some(found: list[bool | None]) -> bool | None:
    return True if True in found else None if None in found else False


def _comparable(value: Any) -> bytes:
    """What two values have in common that are equal: 1 is 1.0, and neither is true."""
    return encode(_whole(value))


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if is_list(value):
        return [_whole(item) for item in value]
    return {key: _whole(item) for key, item in value.items()} if is_map(value) else value


def _in_order(selected: Any, operator: str, bound: float) -> bool | None:
    if not isinstance(selected, int | float) or isinstance(selected, bool):
        return None
    return {
        "<": selected < bound,
        "<=": selected <= bound,
        ">": selected > bound,
        ">=": selected >= bound,
    }[operator]


def _pieces(pattern: str) -> list[str]:
    r"""What stands between the stars of a pattern; `\*` is a star as such."""
    pieces = [""]
    rest = iter(pattern)
    for char in rest:
        if char == "\\":
            pieces[-1] += next(rest, "\\")
        elif char == "*":
            pieces.append("")
        else:
            pieces[-1] += char
    return pieces


def _like(text: str, pieces: list[str]) -> bool:
    """Whether the pieces occur one after the other, the first at the start and the last at the end: never slow."""
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return text == first
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in pieces[1:-1]:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _steps(selector: Any) -> list[re.Match[str]]:
    if not isinstance(selector, str) or not selector.startswith(".") or len(selector) > SELECTOR_CHARS_MAX:
        raise Refused("selector-malformed", "it does not begin with a dot, or is too long")
    if selector in {".", ".?"}:
        return []
    steps, at = list[re.Match[str]](), 0
    while at < len(selector):
        step = _STEP.match(selector, at)
        # A dot before a bracket stands at the start only.
        if step is None or (at > 0 and step[0].startswith(".[")) or (at == 0 and step[0].startswith("[")):
            raise Refused("selector-malformed", selector[:64])
        steps.append(step)
        at = step.end()
    return steps


def _select(selector: str, value: Any) -> Any:
    for step in _steps(selector):
        try:
            value = _step(step, value)
        except (KeyError, IndexError, TypeError):
            if not (step["try1"] or step["try2"]):
                raise _Unresolved from None
            return None
    return value


def _step(step: re.Match[str], value: Any) -> Any:
    """One step into a value; raises what a look-up raises where there is nothing."""
    name = step["field"]
    if name is None and step["key"] is not None:
        name = re.sub(r"\\(.)", r"\1", step["key"])
    if name is not None:
        return _a(dict, value)[name]
    if step["index"] is not None:
        return _a(list, value)[int(step["index"])]
    if step["slice"] is not None:
        start, stop = (None if bound is None else int(bound) for bound in (step["start"], step["stop"]))
        sliced: Any = value if isinstance(value, bytes | str) else _a(list, value)
        return sliced[start:stop]
    if is_map(value):
        return list(value.values())
    return _a(list, value)


def _a(kind: type[Any], value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError
    return value
