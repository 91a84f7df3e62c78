"""The tables of docs that follow from the code: events, roles, replication, bundles. `python -m tests.docs_tables`.

A table stands between `<!-- name -->` and `<!-- /name -->`. A test fails when one is stale.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from domain import limits
from domain.authority.needs import HOLDS, need
from domain.authority.roles import BY_WORD, Role
from domain.kinds import KINDS
from domain.policy import ACTIONS
from domain.verdict import CARRIES, REJECTIONS, VOIDS
from replication import limits as wire
from replication.bundle import limits as bundle
from replication.bundle.parts import PARTS, name_of
from replication.messages import BY_NAME, StreamMessage
from replication.records import Phase
from replication.score import COSTS, FINAL
from replication.table import HAPPENINGS, LINK_RULES, STREAM_RULES, TRANSITIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from domain.fold.kind import Kind
    from replication.messages import Message

PAGE = Path(__file__).parent.parent / "docs" / "event-format.md"
ROLES_PAGE = PAGE.with_name("roles.md")
REPLICATION_PAGE = PAGE.with_name("replication-protocol.md")
BUNDLE_PAGE = PAGE.with_name("bundle-format.md")


def tables() -> dict[str, str]:
    """Every table by name."""
    return {
        "kinds": _table(("kind", "acts on", "creates", "who may", "can be redacted"), map(_kind_row, KINDS.values())),
        "payloads": _table(
            ("kind", "field", "type", "if left out"), (row for kind in KINDS.values() for row in _field_rows(kind))
        ),
        "rejections": _codes(REJECTIONS),
        "voids": _codes(VOIDS),
        "carries": _codes(CARRIES),
        "limits": _table(
            ("limit", "value"),
            ((f"`{name}`", f"{value:,}") for name, value in vars(limits).items() if name.isupper()),
        ),
    }


def role_tables() -> dict[str, str]:
    """The tables of docs/roles.md by name."""
    heads = ("action", "from", "its author")
    rows = sorted(ACTIONS, key=lambda action: (need(action).role, action))
    return {
        "roles": _table(
            heads,
            ((f"`{action}`", _role(need(action).role), "yes" if need(action).author else "") for action in rows),
        ),
        "holds": _table(
            ("held by", "binds those below", "in"),
            (
                (sort, free.word, ", ".join(f"`{action}`" for action in sorted(actions)))
                for sort, (free, actions) in HOLDS.items()
            ),
        ),
    }


def replication_tables() -> dict[str, str]:
    """The tables of docs/replication-protocol.md by name."""
    rules = {**LINK_RULES, **STREAM_RULES}
    return {
        "messages": _table(("message", "about", "what it says", "fields"), (_message_row(name) for name in BY_NAME)),
        "rules": _table(
            ("message", "while the link is", "answers"),
            ((f"`{name}`", " or ".join(rule.states), rule.answers) for name, rule in rules.items()),
        ),
        "phases": _phases(),
        "refusals": _table(
            ("code", "points", "ends the link"),
            ((f"`{code}`", str(points), "yes" if code in FINAL else "") for code, points in COSTS.items()),
        ),
        "wire limits": _table(
            ("limit", "value"),
            ((f"`{name}`", f"{value:,}") for name, value in vars(wire).items() if name.isupper()),
        ),
        "node limits": _table(
            ("limit", "default"),
            ((f"`{each.name}`", f"{each.default:,}") for each in dataclasses.fields(wire.Limits)),
        ),
    }


def bundle_tables() -> dict[str, str]:
    """The tables of docs/bundle-format.md by name."""
    return {
        "bundle parts": _table(
            ("part", "what it says", "fields"), ((f"`{name_of(part)}`", *_said(part)) for part in PARTS)
        ),
        "bundle limits": _table(
            ("limit", "value"),
            ((f"`{name}`", f"{value:,}") for name, value in vars(bundle).items() if name.isupper()),
        ),
    }


def _message_row(name: str) -> tuple[str, ...]:
    message = BY_NAME[name]
    return f"`{name}`", "a stream" if issubclass(message, StreamMessage) else "the link", *_said(message)


def _said(message: type[Message]) -> tuple[str, str]:
    """What a message is for, and its fields."""
    info = msgspec.inspect.type_info(message)
    assert isinstance(info, msgspec.inspect.StructType)
    words = " ".join((message.__doc__ or "").split("\n\n")[0].split())
    return words, "; ".join(f"`{field.encode_name}` {_type(field.type)}" for field in info.fields)


def _phases() -> str:
    """The table of transitions as a diagram; what leaves a phase as it is is left out."""
    arrows = [
        f"    {before.name} --> {after.name}: {happening}"
        for (before, happening), after in TRANSITIONS.items()
        if after is not before
    ]
    names = [f"    {phase.name}: {phase}" for phase in Phase]
    lines = ["```mermaid", "stateDiagram-v2", *names, "    [*] --> KNOWN", *arrows, "```", ""]
    meanings = [f"`{happening}`: {words}" for happening, words in HAPPENINGS.items()]
    return "\n".join(lines) + "\n" + "".join(f"- {line}\n" for line in meanings)


def _role(role: Role) -> str:
    return "guest: anyone who is not blocked" if role is Role.GUEST else role.word


def filled(page: str, found: Mapping[str, str] | None = None) -> str:
    """The page with every table as it should be."""
    for name, table in (tables() if found is None else found).items():
        pattern = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
        assert len(pattern.findall(page)) == 1, f"no place for the table {name}"
        page = pattern.sub(table.replace("\\", r"\\"), page)
    return page


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _codes(codes: Mapping[str, str]) -> str:
    return _table(("code", "meaning"), ((f"`{code}`", words) for code, words in codes.items()))


def _kind_row(kind: Kind) -> tuple[str, ...]:
    return (
        f"`{kind.name}`",
        ", ".join(kind.acts_on) or "nothing: it is a genesis",
        kind.creates or "",
        ", ".join(sorted(ACTIONS[kind.action], key=["author", "anyone", *BY_WORD].index)),
        "yes" if kind.redactable else "",
    )


def _field_rows(kind: Kind) -> Iterable[tuple[str, ...]]:
    info = msgspec.inspect.type_info(kind.payload)
    assert isinstance(info, msgspec.inspect.StructType)
    if not info.fields:
        yield f"`{kind.name}`", "", "no fields but the salt", ""
    for field in info.fields:
        yield f"`{kind.name}`", f"`{field.encode_name}`", _type(field.type), _default(field)


def _default(field: msgspec.inspect.Field) -> str:
    if field.default is not msgspec.NODEFAULT:
        return {"": "empty text", "False": "false", "None": "null"}.get(str(field.default), f"`{field.default}`")
    return "empty array" if field.default_factory is not msgspec.NODEFAULT else "not possible"


def _type(info: Any) -> str:
    inspect = msgspec.inspect
    match info:
        case inspect.BytesType():
            fixed = info.min_length == info.max_length
            return f"{info.min_length} bytes" if fixed else f"{info.min_length or 0} to {info.max_length:,} bytes"
        case inspect.BoolType():
            return "boolean"
        case inspect.IntType():
            return f"integer {info.ge:,} to {info.le:,}"
        case inspect.StrType():
            if info.pattern:
                return f"text that matches `{info.pattern}`"
            return f"text{_lengths(info, 'characters')}"
        case inspect.LiteralType():
            return "one of " + ", ".join(f"`{value}`" if value else "the empty text" for value in info.values)
        case inspect.ListType():
            return f"array{_lengths(info, 'items')}: {_type(info.item_type)}"
        case inspect.TupleType():
            return f"[{', '.join(_type(each) for each in info.item_types)}]"
        case inspect.UnionType():
            return " or ".join(_type(each) for each in info.types)
        case inspect.NoneType():
            return "null"
        case inspect.StructType():
            inner = "; ".join(f"`{field.encode_name}` {_type(field.type)}" for field in info.fields)
            return f"map of exactly {{{inner}}}"
        case _:
            raise AssertionError(f"no words for {info}")


def _lengths(info: Any, unit: str) -> str:
    least, most = info.min_length or 0, info.max_length
    if most is None:
        return ""
    return f" of {least:,} to {most:,} {unit}"


def main() -> None:
    """Write the tables into the pages."""
    PAGE.write_text(filled(PAGE.read_text()))
    ROLES_PAGE.write_text(filled(ROLES_PAGE.read_text(), role_tables()))
    REPLICATION_PAGE.write_text(filled(REPLICATION_PAGE.read_text(), replication_tables()))
    BUNDLE_PAGE.write_text(filled(BUNDLE_PAGE.read_text(), bundle_tables()))


if __name__ == "__main__":
    main()
