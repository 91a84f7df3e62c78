"""`fields=`: only some fields of what is read. A ready document is taken apart, and what is in its fields not read."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast, get_args, get_origin
from urllib.parse import unquote_plus

import msgspec

from domain.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.asking import Asking

PARAMETER: Final = {
    "name": "fields",
    "in": "query",
    "description": "Only these fields of each thing, with commas between; all if not given.",
    "schema": {"type": "string", "maxLength": 1000},
}
_GIVEN: Final = re.compile(rb"(?:^|&)fields=([^&]*)")
_encode: Final = msgspec.json.Encoder().encode
_one: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_many: Final = msgspec.json.Decoder(dict[str, list[dict[str, msgspec.Raw]]]).decode


class Choice(NamedTuple):
    """What can be chosen from: the fields of a thing, and whether there is a list of them."""

    names: tuple[str, ...]
    listed: bool


def chosen(asking: Asking, body: bytes) -> bytes:
    """The body with the fields that the request asks for; as it is where it asks for none, or there is no choice."""
    found = _GIVEN.search(asking.scope["query_string"])
    if found is None:
        return body
    shape = _shape(asking)
    if shape is None:
        return body
    given = unquote_plus(found[1].decode("latin-1"))
    wanted = frozenset(name.strip() for name in given.split(",") if name.strip())
    if strange := sorted(wanted.difference(shape.names)):
        hint = f"there are {', '.join(shape.names)}"
        raise InvalidInput(f"there is no field {strange[0][:80]!r}", hint=hint, field="fields")
    if not wanted:
        raise InvalidInput("no field is named", hint=f"there are {', '.join(shape.names)}", field="fields")
    if not shape.listed:
        return _encode({name: value for name, value in _one(body).items() if name in wanted})
    return _encode(
        {
            key: [{name: value for name, value in thing.items() if name in wanted} for thing in things]
            for key, things in _many(body).items()
        }
    )


def _shape(asking: Asking) -> Choice | None:
    """From what the answer of this route is declared to be."""
    declared = cast("Any", asking.route_handler).responses
    return None if not declared or 200 not in declared else choice_of(declared[200].data_container)


@cache
def choice_of(shape: Any) -> Choice | None:
    """What can be chosen of a declared shape; nothing of one that is no struct."""
    if not isinstance(shape, type) or not issubclass(shape, msgspec.Struct):
        return None
    fields = msgspec.structs.fields(shape)
    if len(fields) == 1 and (item := _item(fields)) is not None:
        return Choice(tuple(field.encode_name for field in msgspec.structs.fields(item)), listed=True)
    return Choice(tuple(field.encode_name for field in fields), listed=False)


def _item(fields: Sequence[Any]) -> type[msgspec.Struct] | None:
    (field,) = fields
    if get_origin(field.type) is not list:
        return None
    (item,) = get_args(field.type)
    return item if isinstance(item, type) and issubclass(item, msgspec.Struct) else None
