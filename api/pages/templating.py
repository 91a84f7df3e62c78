"""The templates, and the words and shapes that all of them use."""

from __future__ import annotations

import hashlib
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, cast, final
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, Undefined
from markupsafe import Markup

from api.pages.assets import asset_url
from api.pages.sending import NONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GRID: Final = 5
_AVATARS_MAX: Final = 4_096
_MOMENTS_MAX: Final = 16_384
_SEGMENTS_MAX: Final = 4_096
_DID_CHARS_SHOWN: Final = 18
_UNITS: Final = ("bytes", "KiB", "MiB", "GiB", "TiB")
_KIBI: Final = 1024


NAMED: Final[ContextVar[Callable[[Any], str | None]]] = ContextVar("named")
"""How somebody is called here. Set while a page is made, as components of templates do not see its values."""


class Absent(Undefined):
    """A field that a document leaves out, which is nothing; or a name that nobody set, which is a bug of ours."""

    __slots__ = ()

    def _check(self) -> None:
        if not isinstance(self._undefined_obj, dict):
            self._fail_with_undefined_error()

    def __bool__(self) -> bool:
        self._check()
        return super().__bool__()

    def __str__(self) -> str:
        self._check()
        return super().__str__()

    def __iter__(self) -> Iterator[Any]:
        self._check()
        return super().__iter__()

    def __len__(self) -> int:
        self._check()
        return super().__len__()


_METHODS: Final = frozenset(dir(dict))


@final
class Documents(Environment):
    """Looks in a document for a field first: theirs tries the attribute, and most of a page's names are fields."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is dict and attribute in obj and attribute not in _METHODS:
            return cast("dict[str, Any]", obj)[attribute]
        return super().getattr(obj, attribute)


@cache
def environment() -> Environment:
    """Everything is escaped that is not `Markup`; a name that nobody set raises."""
    made = Documents(
        loader=PackageLoader("api.pages"),
        autoescape=True,
        undefined=Absent,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    filters: dict[str, Any] = {
        "moment": moment,
        "size": size,
        "number": number,
        "seg": seg,
        "oid": oid,
        "called": called,
    }
    values: dict[str, Any] = {"asset": asset_url, "nonce": NONCE, "avatar": avatar, "who": who, "count": count}
    # jinja2 leaves the types of these two open.
    made.filters.update(filters)  # pyright: ignore[reportUnknownMemberType]
    made.globals.update(values, query=query)  # pyright: ignore[reportUnknownMemberType]
    return made


def compile_all() -> None:
    """Have every template at hand. Takes a second, which whoever opens a page would wait for otherwise."""
    templates = environment()
    for name in templates.list_templates(["html"]):
        templates.get_template(name)


@lru_cache(_MOMENTS_MAX)
def moment(said: str | int) -> Markup:
    """A time, RFC 3339 or milliseconds since 1970, as a day for the eye; a script makes "3 hours ago" of it.

    The whole time is in the title, so it is there without a script, too.
    """
    try:
        at = datetime.fromtimestamp(said / 1000, UTC) if isinstance(said, int) else datetime.fromisoformat(said)
    except (ValueError, OverflowError, OSError):
        return Markup.escape(said)
    exact = at.strftime("%Y-%m-%d %H:%M:%S %z")
    iso = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(iso, exact, at.strftime("%Y-%m-%d %H:%M"))


def size(bytes_: int) -> str:
    """Bytes in words: `1.4 MiB`."""
    left = float(bytes_)
    for unit in _UNITS:
        if left < _KIBI or unit == _UNITS[-1]:
            return f"{int(left)} {unit}" if unit == "bytes" else f"{left:.1f} {unit}"
        left /= _KIBI
    raise AssertionError("the last unit takes all")


def number(value: int) -> str:
    """With commas."""
    return f"{value:,}"


def count(value: int, one: str, many: str = "") -> str:
    """`1 issue`, `2 issues`."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


@lru_cache(_SEGMENTS_MAX)
def seg(text: str) -> str:
    """As a part of a path; slashes stay."""
    return quote(text, safe="/~")


def oid(text: str) -> str:
    """The beginning of an object's or event's name."""
    return text[:10]


def query(**fields: Any) -> str:
    """A query string of what is there; begins with its question mark, empty without any."""
    pairs = [(name.rstrip("_"), value) for name, value in fields.items() if value not in {None, ""}]
    return f"?{urlencode(pairs)}" if pairs else ""


@lru_cache(_AVATARS_MAX)
def avatar(did: str) -> Markup:
    """A picture of a key: five by five squares, alike left and right, of one colour. Nobody can choose theirs."""
    spots, hue = face(did)
    path = "".join(f"M{x} {y}h1v1h-1z" for x, y in sorted(spots))
    return Markup(
        '<svg class="avatar" viewBox="-1 -1 7 7" aria-hidden="true"><path fill="hsl({} 55% 48%)" d="{}"/></svg>'
    ).format(hue, path)


def face(did: str) -> tuple[set[tuple[int, int]], int]:
    """The squares of a key's picture that are filled, as (x, y), and the hue of their colour in degrees."""
    found = hashlib.blake2b(did.encode(), digest_size=8).digest()
    bits = int.from_bytes(found[:2], "big")
    half = (GRID + 1) // 2
    cells = [(x, y) for y in range(GRID) for x in range(half) if bits >> (y * half + x) & 1]
    return {(x, y) for x, y in cells} | {(GRID - 1 - x, y) for x, y in cells}, int.from_bytes(found[2:4], "big") % 360


def called(did: str) -> str:
    """Somebody's name here, or their did."""
    return NAMED.get()(did) or did


def who(did: str, *, picture: bool = True, link: bool = True) -> Markup:
    """Somebody: their picture, and their name here or the beginning of their key, leading to their page."""
    return _shown(did, (did and NAMED.get()(did)) or "", picture, link)


@lru_cache(_AVATARS_MAX)
def _shown(did: str, name: str, picture: bool, link: bool) -> Markup:
    if not did:
        return Markup("<span class=who>nobody</span>")
    shown = name or f"{did[8 : 8 + _DID_CHARS_SHOWN]}…"
    face = avatar(did) if picture else Markup()
    if not link:
        return Markup('<span class="who" title="{}">{}{}</span>').format(did, face, shown)
    return Markup('<a class="who" href="/{}" title="{}">{}{}</a>').format(
        quote(name or did, safe=":"), did, face, shown
    )
