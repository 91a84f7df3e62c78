"""Git's three routes, which another application serves, for the OpenAPI document to be whole."""

from __future__ import annotations

from typing import Any, Final

_REPO: Final[dict[str, Any]] = {
    "name": "repo",
    "in": "path",
    "required": True,
    "description": "A repository: `owner/name`, or its id.",
    "schema": {"type": "string"},
}
_SERVICE: Final[dict[str, Any]] = {
    "name": "service",
    "in": "query",
    "required": True,
    "schema": {"type": "string", "enum": ["git-upload-pack", "git-receive-pack"]},
}
_REFUSED: Final = {
    "401": {"description": "Say who is asking: a user name with its password, or any with a token as the password."},
    "404": {"description": "There is no such repository."},
    "default": {"description": "What went wrong, in words."},
}


def _service(name: str, operation: str, summary: str) -> dict[str, Any]:
    # The body is described in words: no tool makes git's pkt-lines from a schema.
    answer = {f"application/x-{name}-result": {"schema": {"type": "string", "format": "binary"}}}
    return {
        "post": {
            "tags": ["git"],
            "operationId": operation,
            "summary": summary,
            "description": f"{summary}. The body is pkt-lines, of type application/x-{name}-request.",
            "parameters": [_REPO],
            "responses": {"200": {"description": "Git's answer.", "content": answer}, **_REFUSED},
        }
    }


GIT_PATHS: Final[dict[str, Any]] = {
    "/{repo}.git/info/refs": {
        "get": {
            "tags": ["git"],
            "operationId": "git_info_refs",
            "summary": "What there is to fetch or to push to (git's smart HTTP protocol)",
            "parameters": [_REPO, _SERVICE],
            "responses": {"200": {"description": "The refs or capabilities, as pkt-lines."}, **_REFUSED},
        }
    },
    "/{repo}.git/git-upload-pack": _service("git-upload-pack", "git_upload_pack", "Clone and fetch"),
    "/{repo}.git/git-receive-pack": _service("git-receive-pack", "git_receive_pack", "Push"),
}
