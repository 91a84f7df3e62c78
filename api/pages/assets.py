"""What pages load besides themselves: one stylesheet, two scripts, an icon. Named by their hash, so kept for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from litestar import get
from litestar.params import PathParameter

from api.asking import Asking
from api.pages.packing import compressed
from api.pages.sending import takes_gzip
from api.reply import Reply
from domain.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

STATIC: Final = "/-/static"
_KINDS: Final = {
    "css": b"text/css; charset=utf-8",
    "js": b"text/javascript; charset=utf-8",
    "svg": b"image/svg+xml",
}
_FOR_EVER: Final = (b"cache-control", b"public, max-age=31536000, immutable")
_ICON: Final = "icon.svg"


class Asset(NamedTuple):
    """A file as it is sent, and how."""

    plain: bytes
    packed: bytes
    kind: bytes


@cache
def assets() -> Mapping[str, Asset]:
    """Every file by the name in its address, which has part of its SHA-256 in it."""
    found: dict[str, Asset] = {}
    for name, data in _read().items():
        found[_addressed(name, data)] = Asset(data, compressed(data), _KINDS[name.rpartition(".")[2]])
    return found


@cache
def asset_url(name: str) -> str:
    """Where a file of `static` is found."""
    return f"{STATIC}/{_addressed(name, _read()[name])}"


@get(f"{STATIC}/{{name:str}}", sync_to_thread=False)
def show_asset(
    request: Asking, name: Annotated[str, PathParameter(description="As pages name it.", max_length=100)]
) -> Reply:
    """One file."""
    asset = assets().get(name)
    if asset is None:
        raise NotFound("there is no such file", hint="load the page again: it names the files of this version")
    return _sent(request, asset, _FOR_EVER)


@get("/favicon.ico", sync_to_thread=False)
def show_icon(request: Asking) -> Reply:
    """The icon where browsers look for it unasked."""
    asset = assets()[asset_url(_ICON).rpartition("/")[2]]
    return _sent(request, asset, (b"cache-control", b"public, max-age=86400"))


def _sent(request: Asking, asset: Asset, caching: tuple[bytes, bytes]) -> Reply:
    headers = [caching, (b"vary", b"Accept-Encoding")]
    if takes_gzip(request):
        return Reply(asset.packed, kind=asset.kind, headers=[*headers, (b"content-encoding", b"gzip")])
    return Reply(asset.plain, kind=asset.kind, headers=headers)


@cache
def _read() -> Mapping[str, bytes]:
    folder = files("api.pages") / "static"
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.name.rpartition(".")[2] in _KINDS}


def _addressed(name: str, data: bytes) -> str:
    stem, _, end = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(data).hexdigest()[:12]}.{end}"
