"""The OpenAPI document: made from the handlers, with what holds for every route said once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import Litestar
from litestar.openapi import OpenAPIConfig

from api.asking import Asking
from api.deprecated import marks_of
from api.fields import PARAMETER
from api.git_routes import GIT_PATHS
from api.problems import PROBLEM_JSON, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from litestar.handlers import HTTPRouteHandler
    from litestar.types import ControllerRouterHandler

    from api.deprecated import Marks

JsonObject = dict[str, Any]
_METHODS: Final = ("get", "post", "put", "patch", "delete")
_DESCRIPTION: Final = (
    "A git forge without a centre. Errors are problem documents (RFC 9457); lists come in pages that the Link "
    "header joins; what is written answers with a Gitant-Position that a later read may wait for."
)
_HEADERS: Final[dict[str, JsonObject]] = {
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "Entity tags the asker has; 304 if one is still current.",
        "schema": {"type": "string"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "The entity tag the change is meant for; 412 if it is no longer current.",
        "schema": {"type": "string"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key and request again get the first answer, with Idempotent-Replayed: true.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
}
_SECURITY: Final = {
    "operator": {"type": "http", "scheme": "bearer", "description": "The operator's token; `gitant token` prints it."}
}


def describe(handlers: Sequence[ControllerRouterHandler], version: str) -> bytes:
    """The document of these handlers, and of the git routes, which another application serves."""
    config = OpenAPIConfig(
        title="Gitant",
        version=version,
        description=_DESCRIPTION,
        use_handler_docstrings=True,
        operation_id_creator=_operation_id,
    )
    # An application of its own, never run: Litestar would mount pages of its own in the real one.
    described = Litestar(handlers, request_class=Asking, openapi_config=config, logging_config=None)
    schema: JsonObject = described.openapi_schema.to_schema()
    for method, operation in _operations(schema):
        _complete(method, operation)
    for (method, path), marks in marks_of(described).items():
        _mark(schema["paths"].get(path, {}).get(method.lower(), {}), marks)
    schema["paths"] |= GIT_PATHS
    schema["paths"] = dict(sorted(schema["paths"].items()))
    components = schema.setdefault("components", {})
    components["parameters"] = _HEADERS
    components["securitySchemes"] = _SECURITY
    components["responses"] = {"Problem": _problem_response()}
    _, shared = msgspec.json.schema_components([Problem], ref_template="#/components/schemas/{name}")
    components.setdefault("schemas", {}).update(shared)
    return msgspec.json.encode(schema)


def once(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """`make`, called when its result is first asked for and never again."""
    made: list[bytes] = []

    def get() -> bytes:
        if not made:
            made.append(make())
        return made[0]

    return get


def _operation_id(handler: HTTPRouteHandler, *_: Any) -> str:
    return handler.handler_name


def _operations(schema: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    for item in schema["paths"].values():
        for method in _METHODS:
            if method in item:
                yield method, item[method]


def _complete(method: str, operation: JsonObject) -> None:
    """Add the headers every route of this method understands, and the errors that any may answer with."""
    # Gitant-Position is in the description only: it means nothing before an answer has named one.
    names = ["IfNoneMatch" if method == "get" else "IdempotencyKey"]
    if method in {"put", "patch", "delete"}:
        names.append("IfMatch")
    parameters: list[JsonObject] = operation.setdefault("parameters", [])
    responses: JsonObject = operation["responses"]
    responses.pop("400", None)
    if "204" in responses:
        # Litestar lets a handler with status 204 return nothing but None; ours return the empty answer itself.
        responses.pop("200", None)
    if method == "get" and "application/json" in responses.get("200", {}).get("content", {}):
        parameters.append(PARAMETER)
    if method == "get":
        responses["304"] = {"description": "The asker has it already."}
    else:
        operation.setdefault("security", [{"operator": []}])
    if any(parameter["name"] == "after" for parameter in parameters):
        responses["200"]["headers"] = {
            "Link": {"description": "Where the next page is (rel=next).", "schema": {"type": "string"}},
            "X-Total-Count": {"description": "How many there are in all.", "schema": {"type": "integer"}},
        }
    responses["default"] = {"$ref": "#/components/responses/Problem"}
    parameters += [{"$ref": f"#/components/parameters/{name}"} for name in names]
    operation["summary"] = (operation.get("description") or operation.get("summary", "")).split("\n")[0].rstrip(".")


def _mark(operation: JsonObject, marks: Marks) -> None:
    """Say what is deprecated, and what to use instead."""
    if marks.whole is not None:
        operation["deprecated"] = True
    for parameter in operation.get("parameters", ()):
        if mark := marks.parameters.get(parameter.get("name", "")):
            parameter["deprecated"] = True
            parameter["description"] += f" Use `{mark.instead}` instead."


def _problem_response() -> JsonObject:
    return {
        "description": "What went wrong, and what to do instead.",
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
