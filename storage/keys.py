"""The two secrets every node makes for itself: its identity's seed and its operator's token."""

from __future__ import annotations

import os
import re
import secrets
import stat
from typing import TYPE_CHECKING, Final

from domain.errors import Unavailable
from storage.files import write_new

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SEED_BYTES: Final = 32
SECRET_MODE: Final = 0o600
_READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_FILE_BYTES_MAX = 4_096
_TOKEN = re.compile(r"gat_[A-Za-z0-9_-]{43}")


def load_or_create(path: Path) -> bytes:
    """The Ed25519 seed kept in `path`, made there if there is none yet."""
    seed = _read_or_make(path, lambda: secrets.token_bytes(SEED_BYTES))
    if len(seed) != SEED_BYTES:
        raise Unavailable(
            f"{path} holds {len(seed)} bytes where a key has {SEED_BYTES}",
            hint="put the right file back from a backup; a new key would be another identity",
        )
    return seed


def load_or_create_token(path: Path) -> str:
    """The operator's token kept in `path`, made there if there is none yet."""
    text = _read_or_make(path, _new_token).decode(errors="replace")
    token = text.strip()
    if not _TOKEN.fullmatch(token):
        raise Unavailable(f"{path} does not hold a token", hint="remove the file: a new one is made at the next start")
    return token


def _new_token() -> bytes:
    return f"gat_{secrets.token_urlsafe(32)}\n".encode()


def _read_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    try:
        if not path.exists():
            # Another process may be as fast: then its secret counts.
            _make(path, make())
        return _read(path)
    except OSError as fault:
        raise Unavailable(
            f"{path} cannot be used: {fault.strerror}",
            hint="check its folder's owner, mode and free space",
        ) from fault


def _make(path: Path, secret: bytes) -> None:
    try:
        write_new(path, secret, SECRET_MODE)
    except FileExistsError:
        return


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & _READABLE_BY_OTHERS:
            raise Unavailable(
                f"{path} may be read by others (its mode is {mode:o})",
                hint=f"chmod 600 {path}, and think about who may have read it",
            )
        return file.read(_FILE_BYTES_MAX)
