"""A browser without a script, as far as tests of pages need one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from httpx import Response
    from litestar.testing import TestClient

HTML: Final = {"accept": "text/html"}


def opened(http: TestClient[Any], path: str, status: int = 200, **headers: str) -> Response:
    """The answer to a link that somebody follows; nowhere else is gone on."""
    answer = http.get(path, headers={**HTML, **headers}, follow_redirects=False)
    assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:600]}"
    return answer


def page(http: TestClient[Any], path: str, status: int = 200, **headers: str) -> str:
    """The text of a page."""
    return opened(http, path, status, **headers).text


def sent(http: TestClient[Any], path: str, session: str, fields: dict[str, Any], status: int = 303) -> Response:
    """The answer to a form that somebody who is signed in sends from a page of this node."""
    headers = {**HTML, "cookie": f"gitant_session={session}", "sec-fetch-site": "same-origin"}
    answer = http.post(path, data=fields, headers=headers, follow_redirects=False)
    assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:600]}"
    return answer
