"""Commits as archives to download."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

from litestar import get
from litestar.params import PathParameter, QueryParameter

from api import shapes
from api.asking import Asking
from api.costly import turns
from api.gate import readable
from api.params import Repo
from api.parts import file_or_part
from api.reply import Reply
from api.threads import in_thread
from domain.errors import InvalidInput
from domain.ports_files import ArchiveFormat

if TYPE_CHECKING:
    from domain.ids import StreamId
    from domain.ports_files import Archive

_KINDS: Final = {
    ArchiveFormat.TAR: b"application/x-tar",
    ArchiveFormat.TAR_GZ: b"application/gzip",
    ArchiveFormat.ZIP: b"application/zip",
}
_SUFFIXES: Final = {f".{form}": form for form in ArchiveFormat} | {".tgz": ArchiveFormat.TAR_GZ}
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._+-]")
"""What a folder's name should not hold: an archive is unpacked on systems of every sort."""


@get(
    "/api/v1/repos/{id:str}/archive/{ref:path}",
    responses=shapes.shows(bytes, media_type="application/octet-stream"),
)
async def show_archive(
    request: Asking,
    repo: Repo,
    ref: Annotated[
        str,
        PathParameter(
            description="A branch, a tag, a full ref, HEAD or a commit's 40 digits, then .tar.gz, .tgz, .zip or .tar."
        ),
    ],
    form: Annotated[
        str | None,
        QueryParameter(name="format", description="Which, where the address has no suffix: tar.gz if not given."),
    ] = None,
) -> Reply:
    """Everything in a commit as one file, byte for byte what `git archive` makes of it."""
    row = readable(request, repo)
    named, kind = _parted(ref.strip("/"), form)
    commit = await in_thread(request.ports.git.resolve, row.id, named)
    prefix = f"{row.name}-{_UNFIT.sub('-', named.removeprefix('refs/heads/').removeprefix('refs/tags/'))}"
    tag = request.ports.archives.tag(commit, f"{prefix}/", kind)
    headers = [
        (b"content-disposition", f'attachment; filename="{prefix}.{kind}"'.encode()),
        (b"gitant-commit", commit.encode()),
    ]
    if request.knows(tag):
        return Reply(b"", status=304, headers=[*headers, (b"etag", tag.encode())])
    async with turns.one():
        made = await in_thread(_opened, request, row.id, commit, f"{prefix}/", kind)
    return file_or_part(request, made.file, made.size, tag=tag, kind=_KINDS[kind], headers=headers)


def _opened(request: Asking, repo: StreamId, commit: str, prefix: str, kind: ArchiveFormat) -> Archive:
    return request.ports.archives.open(repo, commit, prefix, kind)


def _parted(ref: str, form: str | None) -> tuple[str, ArchiveFormat]:
    """The ref and the format that an address names."""
    if form is None:
        suffix = next((each for each in _SUFFIXES if ref.endswith(each)), "")
        return ref.removesuffix(suffix), _SUFFIXES.get(suffix, ArchiveFormat.TAR_GZ)
    found = _SUFFIXES.get(f".{form}")
    if found is None:
        raise InvalidInput(f"there is no archive format {form!r}", hint="tar.gz, zip or tar", field="format")
    return ref, found
