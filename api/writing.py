"""From a request to a command and from its answer to a reply: conditions, idempotency, positions."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

from api.asking import REPOS
from api.reply import Reply, encode_json
from domain.errors import InvalidInput, PreconditionFailed
from domain.etag import etag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from api.asking import Asking
    from api.remembered import Headers
    from domain.ports_views import Answer

IDEMPOTENCY_KEY_CHARS_MAX: Final = 255
_TAG: Final = re.compile(r'(W/)?("[^"]*")')


async def write(
    asking: Asking,
    command: str,
    args: Mapping[str, Any],
    *,
    signer: str = "",
    body: bytes | None = None,
    bound: bool = False,
) -> Answer:
    """Send one command; `signer` is who asks where the request itself names nobody.

    `body` is what tells this request's body from another one's, where that was not kept. `bound`: whoever calls has
    seen to `If-Match`.
    """
    if not bound and "if_match" not in args:
        refuse_condition(asking)
    idempotency = None
    if asking.retried:
        idempotency = _idempotency(asking, await asking.body() if body is None else body, signer, repo=args.get("repo"))
    answer = await asking.ports.writer.send(command, asking.actor, args, idempotency=idempotency)
    asking.facts.noted = asking.facts.noted or bool(answer.events) or answer.replayed
    return answer


async def repeat_key(asking: Asking) -> tuple[bytes, bytes] | None:
    """The `Idempotency-Key` of what is carried out without a command: whose key it is, and with which request."""
    return _idempotency(asking, await asking.body(), "") if asking.retried else None


def conditions(asking: Asking, doc: bytes | None = None) -> dict[str, str]:
    """The `if_match` argument that `If-Match` asks for. `doc` is the thing as it is now, where that is known.

    The writer compares, in the transaction that writes; of several tags it is handed the one that may fit.
    """
    header = asking.header(b"if-match").strip()
    if not header or header == "*":
        return {}
    tags = list(_TAG.finditer(header))
    if not tags:
        raise InvalidInput('If-Match holds entity tags, like "0123abcd", or *')
    # What stands behind a dot is the asker's own (`api/own.py`) and no part of the thing.
    strong = [tag[2][:-1].partition(".")[0] + '"' for tag in tags if not tag[1]]
    if not strong:
        raise PreconditionFailed("a weak entity tag never matches", hint="send the ETag as it was given, without W/")
    current = etag(doc) if doc is not None else ""
    return {"if_match": current if current in strong else strong[0]}


def refuse_condition(asking: Asking) -> None:
    """Raise `InvalidInput` for an `If-Match` that nothing is compared with, instead of passing over it."""
    if asking.header(b"if-match").strip() not in {"", "*"}:
        hint = "leave If-Match out: what this changes is no one document that was read"
        raise InvalidInput("this cannot be bound to what was read", hint=hint, field="If-Match")


def done(answer: Answer, *, status: int = 200, body: bytes | None = None, location: str = "") -> Reply:
    """The reply to a write: the changed thing as it is now, and the position that a later read may ask for."""
    headers = _written(answer)
    if answer.doc:
        headers.append((b"etag", etag(answer.doc).encode()))
    if location:
        headers.append((b"location", location.encode()))
    return Reply(answer.doc if body is None else body, status=status, headers=headers)


def gone(answer: Answer) -> Reply:
    """The reply to a delete: 204 and nothing else."""
    return Reply(b"", status=204, headers=_written(answer))


def done_with(answer: Answer, value: Any, *, status: int = 200) -> Reply:
    """The reply to a write whose outcome is not one document."""
    return Reply(encode_json(value), status=status, headers=_written(answer))


def _written(answer: Answer) -> Headers:
    headers: Headers = [(b"gitant-position", b"%d" % answer.position)]
    if answer.replayed:
        headers.append((b"idempotent-replayed", b"true"))
    return headers


def _idempotency(asking: Asking, body: bytes, signer: str, *, repo: bytes | None = None) -> tuple[bytes, bytes]:
    """Whose key it is, and which request it was first sent with."""
    key = asking.header(b"idempotency-key")
    if not 1 <= len(key) <= IDEMPOTENCY_KEY_CHARS_MAX or not key.isprintable():
        raise InvalidInput(f"an Idempotency-Key is 1 to {IDEMPOTENCY_KEY_CHARS_MAX} printable characters")
    who = asking.actor.did or signer
    scope = asking.scope
    path: str = scope["path"]
    if repo is not None and path.startswith(REPOS):
        # However it is called: under an old name, a repeat arrives at the new place.
        _, slash, rest = path.removeprefix(REPOS).partition("/")
        path = f"{REPOS}{repo.hex()}{slash}{rest}"
    request = (scope["method"].encode(), path.encode(), scope["query_string"], body)
    return _digest((who.encode(), key.encode())), _digest(request)


def _digest(parts: Iterable[bytes]) -> bytes:
    """SHA-256 over parts that cannot run into one another."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()
