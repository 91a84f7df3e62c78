"""Where this user is logged in: a file of sessions by node, for nobody else to read."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from domain.errors import Forbidden, InvalidInput
from storage.files import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700


@dataclass(frozen=True, slots=True)
class StoredLogin:
    """A session at one node."""

    user: str
    token: str
    expires_at: str


def logins_file() -> Path:
    """Where they are."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".config") / "gitant" / "logins.json"


def logins() -> dict[str, StoredLogin]:
    """By the node's address, who this user is there."""
    path = logins_file()
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise Forbidden(f"others can read {path}", hint=f"chmod 600 {path}")
            found: Any = json.loads(file.read())
        return {str(url): StoredLogin(**cast("Mapping[str, str]", each)) for url, each in found.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as fault:
        raise InvalidInput(f"{path} is damaged", hint="remove it, and log in again: gitant login") from fault


def remember(url: str, login: StoredLogin) -> None:
    """Note a session."""
    _write({**logins(), url: login})


def forget(url: str) -> None:
    """Note that there is none any more."""
    found = logins()
    if found.pop(url, None) is not None:
        _write(found)


def _write(found: dict[str, StoredLogin]) -> None:
    path = logins_file()
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    replace(path, json.dumps({url: asdict(each) for url, each in found.items()}, indent=2).encode() + b"\n", FILE_MODE)
