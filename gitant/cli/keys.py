"""Where key files are, and how their passphrases come in: a file descriptor, the environment, or a prompt."""

from __future__ import annotations

import os
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from domain.errors import InvalidInput, Unavailable
from gitant import keyfile
from gitant.signing import Signer

if TYPE_CHECKING:
    from gitant.keyfile import KeyFile

PASSPHRASE_BYTES_MAX: Final = 4096
DEFAULT: Final = "me"
SUFFIX: Final = ".json"

Key: TypeAlias = Annotated[
    str,
    typer.Option(
        "--key",
        "-k",
        metavar="KEY",
        help="A key file, or the name of one in ~/.config/gitant/keys.",
    ),
]
NoPassphrase: TypeAlias = Annotated[
    bool, typer.Option("--no-passphrase", help="Leave the key plain: whoever can read the file has the key.")
]


def keys_folder() -> Path:
    """Where the key files of this user are."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".config") / "gitant" / "keys"


def key_path(key: str) -> Path:
    """The file that `--key` means: a path, or a name in the folder."""
    if not key or key in {".", ".."}:
        raise InvalidInput(f"{key!r} names no key file")
    return Path(key) if "/" in key or key.endswith(SUFFIX) else keys_folder() / f"{key}{SUFFIX}"


def signer(key: KeyFile, descriptor: int | None) -> Signer:
    """Who signs with a key file; asks for its passphrase where one seals it."""
    unlocked = key.unlock(lambda: passphrase(descriptor))
    return Signer(unlocked, key.chains, lambda: time.time_ns() // 1_000_000, secrets.token_bytes)


def new_key(purpose: keyfile.Purpose, phrase: bytes | None) -> tuple[KeyFile, bytes]:
    """A new key, sealed unless `phrase` is None, and its seed."""
    seed = secrets.token_bytes(32)
    return keyfile.make(seed, purpose, phrase, secrets.token_bytes), seed


def new_passphrase(descriptor: int | None, *, plain: bool) -> bytes | None:
    """What to seal a new key with; None where the person said that nothing should."""
    return None if plain else passphrase(descriptor, twice=True)


def passphrase(descriptor: int | None, *, twice: bool = False) -> bytes:
    """The passphrase; a prompt asks for it where a person is there, `twice` for a new one."""
    if descriptor is not None:
        return _given(_read(descriptor), f"file descriptor {descriptor}")
    if "GITANT_KEY_PASSPHRASE" in os.environ:
        return _given(os.environb[b"GITANT_KEY_PASSPHRASE"], "GITANT_KEY_PASSPHRASE")
    if not sys.stdin.isatty():
        raise Unavailable(
            "the key takes a passphrase, and nobody is there to type it",
            hint="set GITANT_KEY_PASSPHRASE, give --passphrase-fd, or --no-passphrase for a new key",
        )
    typed: str = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=twice, err=True)
    return _given(typed.encode(), "the terminal")


def _read(descriptor: int) -> bytes:
    try:
        with os.fdopen(os.dup(descriptor), "rb") as file:
            return file.read(PASSPHRASE_BYTES_MAX + 1).removesuffix(b"\n")
    except OSError as fault:
        raise InvalidInput(f"file descriptor {descriptor} cannot be read: {fault.strerror}") from fault


def _given(phrase: bytes, where: str) -> bytes:
    if not phrase or len(phrase) > PASSPHRASE_BYTES_MAX:
        raise InvalidInput(f"the passphrase from {where} is empty, or over {PASSPHRASE_BYTES_MAX} bytes")
    return phrase
