"""What a backup says of itself: `manifest.json`, and `SHA256SUMS` of every file, which `sha256sum -c` reads as well."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from typing import TYPE_CHECKING, Final, final

import msgspec

from domain.errors import InvalidInput
from storage.files import replace
from storage.git.keeping import holds_objects

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
SUMS: Final = "SHA256SUMS"
READ_BYTES: Final = 1 << 20
TOLD_BYTES_MAX: Final = 1 << 30
"""What either of the two may have: a line for each file, or a few for each stream."""
_MODE: Final = 0o600
_LINE: Final = re.compile(r"([0-9a-f]{64})  ([^\n\\]+)")
_OWN: Final = frozenset(
    {
        *(MANIFEST, "log.sqlite", "local.sqlite", "accounts.sqlite", "audit.sqlite"),
        *("identity.key", "operator.token", "config.toml"),
    }
)
_BLOB: Final = re.compile(r"blobs/[0-9a-f]{2}/[0-9a-f]{62}")
_REPO: Final = re.compile(r"repos/[0-9a-f]{64}\.git/(.+)")
_OF_REPO: Final = frozenset({"HEAD", "config", "packed-refs"})


@final
class Stream(msgspec.Struct, frozen=True):
    """One stream's digests at the backup's position, as `gitant digest` prints them."""

    id: str
    log: str
    view: str
    refs: str


@final
class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a backup. `view` digests can be compared by programs of the same `fold_version` only."""

    format: int
    gitant: str
    made_at: str
    """RFC 3339, UTC."""
    did: str
    position: int
    """Of the last event in it."""
    last_event: str
    """Its id; empty where there is none."""
    fold_version: int
    schemas: dict[str, int]
    """The version of each database."""
    files: int
    """How many lines SHA256SUMS has, this file's included."""
    bytes: int
    """Of all files but this one."""
    linked_bytes: int
    """Of those, in files shared with the older backup."""
    lacking: list[str]
    """`<repository> <object>` for each ref whose object the node did not have, and `blob <SHA-256>` for each attachment
    whose bytes it did not have whole."""
    streams: list[Stream]


def read_manifest(backup: Path) -> Manifest:
    """The manifest of a backup; raises `InvalidInput` for what is none, or is of a later format."""
    try:
        data = _told(backup / MANIFEST)
        told = msgspec.json.decode(data)
        if isinstance(told, dict) and told.get("format", 0) > FORMAT:  # pyright: ignore[reportUnknownMemberType]
            raise InvalidInput(f"{backup} was made by a later Gitant", hint="restore it with that version, or a later")
        return msgspec.json.decode(data, type=Manifest)
    except (OSError, msgspec.DecodeError, TypeError) as fault:
        raise InvalidInput(
            f"{backup} is not a backup: its {MANIFEST} cannot be read: {fault}",
            hint="name a folder that `gitant backup` made",
        ) from fault


def read_sums(backup: Path) -> dict[str, str]:
    """By path, the SHA-256 of each file; raises `InvalidInput` for a list that is damaged."""
    try:
        lines = _told(backup / SUMS).decode().splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise InvalidInput(f"{backup}/{SUMS} cannot be read: {fault}", hint="use another backup") from fault
    sums: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise InvalidInput(f"{backup}/{SUMS}, line {number} is damaged", hint="use another backup")
        if not belongs(match[2]):
            # Whatever is listed is copied into a data folder, and git reads what is there.
            raise InvalidInput(
                f"{backup}/{SUMS}, line {number}: {match[2][:120]!r} is nothing that a backup has",
                hint="use another backup; somebody may have put this there",
            )
        sums[match[2]] = match[1]
    return sums


def write_sums(folder: Path, sums: Mapping[str, str]) -> None:
    """Write the list of hashes, sorted by path."""
    lines = [f"{digest}  {name}\n" for name, digest in sorted(sums.items())]
    replace(folder / SUMS, "".join(lines).encode(), _MODE)


def write_manifest(folder: Path, manifest: Manifest) -> str:
    """Write the manifest, for people, too; its SHA-256."""
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"
    replace(folder / MANIFEST, data, _MODE)
    return hashlib.sha256(data).hexdigest()


def belongs(name: str) -> bool:
    """Whether a path is that of something `gitant.backup.take` writes; none of those leads out of the folder."""
    if name in _OWN or _BLOB.fullmatch(name):
        return True
    match = _REPO.fullmatch(name)
    return match is not None and (match[1] in _OF_REPO or holds_objects(match[1]))


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _told(path: Path) -> bytes:
    """A file's bytes; `OSError` for what is none, or does not end: a pipe, a device, a link to one."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > TOLD_BYTES_MAX:
            raise OSError(f"{path} is no file, or a very long one")
        return file.read(TOLD_BYTES_MAX)
