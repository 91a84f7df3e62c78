"""Small files that must be whole or absent after a power cut."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def flush_folder(path: Path) -> None:
    """Make the names in a folder durable: a file that is flushed may still lack its name."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_new(path: Path, data: bytes, mode: int) -> None:
    """Make the file `path` with `data`, whole and durable; raises `FileExistsError` if it is there."""
    draft = _write_draft(path, data, mode)
    try:
        # Unlike a rename, a link never replaces what another process has put there meanwhile.
        path.hardlink_to(draft)
    finally:
        draft.unlink()
    flush_folder(path.parent)


def replace(path: Path, data: bytes, mode: int) -> None:
    """Put `data` into the file `path`: readers see the old contents or the new, never a part."""
    draft = _write_draft(path, data, mode)
    try:
        draft.replace(path)
    except BaseException:
        draft.unlink()
        raise
    flush_folder(path.parent)


def _write_draft(path: Path, data: bytes, mode: int) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink()
        raise
    return draft
