"""Attachments: bytes uploaded beside the words that point to them, served so that no browser runs them."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final
from urllib.parse import quote

import msgspec
from litestar import delete, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException, InternalServerException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.params import PathParameter, QueryParameter

from api import shapes
from api.asking import Asking
from api.faults import Malformed
from api.gate import check_role, issue_of, readable, writers
from api.media import PICTURE_BYTES, picture
from api.paging import page, page_size
from api.params import After, Limit, PerPage, Repo
from api.parts import file_or_part
from api.reply import BYTES, Reply, encode_json, extended
from api.threads import in_thread
from api.writing import done, gone, write
from domain.attachment.added import name_problem
from domain.errors import InvalidInput, NotFound, TooLarge, Unavailable
from domain.ids import is_hex_id
from domain.limits import FILE_NAME_CHARS_MAX

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from domain.ports_blobs import BlobDraft, Blobs, KeptBlob
    from domain.ports_views import EntityRow, RepoRow

UPLOADS_MAX: Final = 8
"""Uploads that one worker takes in at a time; others wait."""
FEED_BYTES: Final = 256 << 10
_uploading: Final = asyncio.Semaphore(UPLOADS_MAX)
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")
_BESIDE: Final = "!#$&+-.^_`|~"
"""What RFC 8187 lets stand in an extended value, besides letters and digits."""
_ANY: Final = "application/octet-stream"
_NO_CLAIM: Final = frozenset({"", "application/x-www-form-urlencoded"})
"""What clients say who were told nothing."""

FileName = Annotated[
    str,
    QueryParameter(description="The name of the file, where the body is its bytes.", max_length=FILE_NAME_CHARS_MAX),
]
Target = Annotated[str, QueryParameter(description="What it belongs to, if not to the repository.", max_length=100)]
Hash = Annotated[str, PathParameter(name="hash", description="The SHA-256 of the bytes, in 64 hexadecimal digits.")]


@post("/api/v1/repos/{id:str}/attachments", guards=[writers], responses=shapes.shows(shapes.NewAttachment, status=201))
async def upload_attachment(
    request: Asking, repo: Repo, name: FileName = "", issue: Target = "", comment: Target = ""
) -> Reply:
    """Attach a file: the body is its bytes, or a form (`multipart/form-data`) with one file in it."""
    row = readable(request, repo)
    check_role(request, row, "attachment.add")
    target = _target(request, row, issue, comment)
    _check_room(request)
    async with _uploading:
        kept, name, claimed, head = await _taken(request, name)
    await request.check_known()
    args = {"repo": row.id, "target": target, "name": name, "media_type": claimed, "size": kept.size}
    answer = await write(request, "attachment.add", {**args, "sha256": kept.name}, body=kept.name + name.encode())
    url = f"/api/v1/repos/{row.id.hex()}/attachments/{kept.name.hex()}/{quote(name, safe='')}"
    words = re.sub(r"([\\\[\]])", r"\\\1", name)
    fields = {"url": url, "markdown": f"{'!' if picture(head) else ''}[{words}]({url})"}
    return done(answer, status=201, location=url, body=extended(answer.doc, encode_json(fields)[1:-1]))


@get("/api/v1/repos/{id:str}/attachments", sync_to_thread=False, responses=shapes.shows(shapes.Attachments))
def list_attachments(
    request: Asking, repo: Repo, after: After = None, per_page: PerPage = None, limit: Limit = None
) -> Reply:
    """What is attached in a repository, newest first."""
    row = readable(request, repo)
    size = page_size(request, per_page, limit)
    return page(request, b"attachments", lambda: request.ports.views.attachments(row.id, after=after, limit=size))


_BYTES: Final = shapes.shows(bytes, media_type=_ANY)


@get("/api/v1/repos/{id:str}/attachments/{hash:str}", responses=_BYTES)
async def show_attachment(request: Asking, repo: Repo, sha256: Hash) -> Reply:
    """The bytes of an attachment, as a picture or as a file to be kept; `Range` asks for a part."""
    return await _show(request, repo, sha256, "")


@get("/api/v1/repos/{id:str}/attachments/{hash:str}/{name:str}", responses=_BYTES)
async def show_named_attachment(
    request: Asking,
    repo: Repo,
    sha256: Hash,
    name: Annotated[str, PathParameter(description="A name that it was attached by.")],
) -> Reply:
    """The same, under a name that it was attached by."""
    return await _show(request, repo, sha256, name)


@delete(
    "/api/v1/repos/{id:str}/attachments/{hash:str}",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(None, status=204),
)
async def redact_attachment(request: Asking, repo: Repo, sha256: Hash) -> Reply:
    """Take an attachment away from its repository, under every name."""
    row = readable(request, repo)
    try:
        _found(request, row, sha256, "")
    except NotFound:
        # It may be gone because this very request was carried out before: the writer knows.
        if not request.retried or not is_hex_id(sha256):
            raise
    return gone(await write(request, "attachment.redact", {"repo": row.id, "sha256": bytes.fromhex(sha256)}))


async def _show(request: Asking, repo: str, sha256: str, name: str) -> Reply:
    row = readable(request, repo)
    found = msgspec.json.decode(_found(request, row, sha256, name).doc, type=_Attached)
    blob = bytes.fromhex(sha256)
    size = await in_thread(request.ports.blobs.size, blob)
    if size is None:
        raise NotFound(
            "the bytes of this attachment are not on this node", hint="`gitant verify` lists what is missing"
        )
    tag = f'"{sha256}"'
    if request.knows(tag):
        return Reply(b"", status=304, headers=[(b"etag", tag.encode())])
    file, head = await in_thread(_opened, request.ports.blobs, blob)
    kind = picture(head)
    told = [(b"content-disposition", disposition("inline" if kind else "attachment", found.name))]
    return file_or_part(request, file, size, tag=tag, kind=kind or BYTES, headers=told)


def disposition(how: str, file_name: str) -> bytes:
    """A `Content-Disposition`: the name as it is for those who know RFC 8187, and what is left of it in ASCII."""
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\%' else "_" for char in file_name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe=_BESIDE)}".encode()


def _opened(blobs: Blobs, name: bytes) -> tuple[BinaryIO, bytes]:
    """A blob, and its first bytes."""
    file = blobs.open(name)
    return file, file.read(PICTURE_BYTES)


def _found(request: Asking, row: RepoRow, sha256: str, name: str) -> EntityRow:
    attached = request.ports.views.attachment(row.id, bytes.fromhex(sha256), name) if is_hex_id(sha256) else None
    if attached is None:
        raise NotFound(f"there is no such attachment in {row.name}", hint="its address was in the answer to the upload")
    return attached


def _target(request: Asking, row: RepoRow, issue: str, comment: str) -> bytes:
    """What a file is attached to; empty for the repository itself."""
    if issue and comment:
        raise InvalidInput("it belongs to an issue or to a comment, not to both", field="comment")
    if issue:
        return issue_of(request, row, issue).id
    found = request.ports.views.comment(row.id, comment) if is_hex_id(comment) else None
    if comment and found is None:
        raise NotFound(f"there is no comment {comment!r} in {row.name}")
    return found.id if found is not None else b""


def _check_room(request: Asking) -> None:
    ports = request.ports
    if ports.node.free_bytes() < ports.node.free_bytes_min:
        raise Unavailable("the node's disk is nearly full", hint="its operator has to free some space")
    held, most = ports.views.attached_bytes(), ports.settings.attachments_bytes_max
    if held >= most:
        raise TooLarge(f"there are {held:,} bytes of attachments already, and {most:,} are allowed on this node")


async def _taken(request: Asking, name: str) -> tuple[KeptBlob, str, str, bytes]:
    """The blob that the body has become, its name, the media type claimed for it, and its first bytes."""
    settings = request.ports.settings
    draft = await in_thread(request.ports.blobs.draft, settings.attachment_bytes_max)
    try:
        async with asyncio.timeout(settings.push_body_wait_s):
            if request.header(b"content-type").lower().startswith("multipart/form-data"):
                file = await _form_file(request)
                name, claimed, chunks = file.filename, file.content_type, _chunks(file)
            else:
                claimed, chunks = request.header(b"content-type"), request.stream()
            if problem := name_problem(name):
                raise InvalidInput(problem, hint="name the file: ?name=dust.png, or in the form", field="name")
            head = await _fed(draft, chunks)
        if not head:
            raise InvalidInput("there are no bytes to attach", field="name")
        return await in_thread(draft.finish), name, _claim(claimed), head
    except TimeoutError:
        raise Malformed("the request's body did not arrive in time") from None
    except RequestEntityTooLarge:
        raise TooLarge(f"an attachment has at most {settings.attachment_bytes_max:,} bytes") from None
    except InternalServerException:
        raise Malformed("the request's body did not arrive whole") from None
    finally:
        await in_thread(draft.discard)


async def _form_file(request: Asking) -> UploadFile:
    try:
        form = await request.form()
    except (HTTPException, ValueError) as fault:
        if isinstance(fault, RequestEntityTooLarge | InternalServerException):
            raise
        raise Malformed("the body is no form that can be read", hint="send multipart/form-data with one file") from None
    files: list[UploadFile] = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    if len(files) != 1:
        raise InvalidInput(f"there are {len(files)} files in the form", hint="send one at a time", field="file")
    return files[0]


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    try:
        while chunk := await file.read(FEED_BYTES):
            yield chunk
    finally:
        await file.close()


async def _fed(draft: BlobDraft, chunks: AsyncIterator[bytes]) -> bytes:
    """Feed a draft in pieces worth a thread each; the first bytes."""
    head, held = b"", bytearray()
    async for chunk in chunks:
        head = head or bytes(chunk[:PICTURE_BYTES])
        held += chunk
        if len(held) >= FEED_BYTES:
            await in_thread(draft.feed, bytes(held))
            held.clear()
    await in_thread(draft.feed, bytes(held))
    return head


def _claim(text: str) -> str:
    """What somebody says that the bytes are, without parameters; nobody believes it."""
    kind = text.partition(";")[0].strip().lower()
    return kind if kind not in _NO_CLAIM and _MEDIA_TYPE.fullmatch(kind) else _ANY


class _Attached(msgspec.Struct):
    name: str
