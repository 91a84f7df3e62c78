"""The parameters that several routes share, as their signatures and the OpenAPI document name them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

from litestar.params import PathParameter, QueryParameter

from api.deprecated import Deprecated
from domain.errors import InvalidInput

if TYPE_CHECKING:
    from api.asking import Asking
    from domain.ids import Did

PER_PAGE: Final = 30
PER_PAGE_MAX: Final = 100

Repo: TypeAlias = Annotated[
    str,
    PathParameter(
        name="id",
        description="A repository: its id, its name where only one here is called that, or `owner~name`.",
    ),
]
Issue: TypeAlias = Annotated[
    str,
    PathParameter(name="issueId", description="An issue: its id, its number, or `number.id-prefix`."),
]
Comment: TypeAlias = Annotated[str, PathParameter(name="commentId", description="A comment's id.")]
FilePath: TypeAlias = Annotated[
    str, PathParameter(name="path", description="A path in the repository; it may hold slashes.")
]

PerPage: TypeAlias = Annotated[
    int | None, QueryParameter(ge=1, le=PER_PAGE_MAX, description=f"How many to list; {PER_PAGE} if not given.")
]
Limit: TypeAlias = Annotated[
    int | None,
    QueryParameter(ge=1, le=PER_PAGE_MAX, description="The same as `per_page`."),
    Deprecated(since=date(2026, 11, 1), instead="per_page"),
]
After: TypeAlias = Annotated[
    str | None,
    QueryParameter(description="Where the page before ended; take it from the `Link` header.", max_length=400),
]
Rev: TypeAlias = Annotated[
    str,
    QueryParameter(
        name="ref", description="A branch, a tag, a full ref, HEAD, or a commit's 40 digits.", max_length=400
    ),
]
Words: TypeAlias = Annotated[str, QueryParameter(description="Words to search for.", max_length=200)]
Author: TypeAlias = Annotated[
    str, QueryParameter(description="Only what this user name or did:key has written.", max_length=200)
]


def principal(asking: Asking, name: str, field: str = "author") -> Did | None:
    """Whom a parameter means; nobody where it is not given."""
    if not name:
        return None
    did = asking.ports.views.principal(name)
    if did is None:
        raise InvalidInput(f"nobody here is called {name!r}", hint="give a user name or a did:key", field=field)
    return did
