"""Which node a command talks to, and as whom."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from domain.errors import InvalidInput, Unavailable
from gitant.given import load
from gitant.setting_kinds import Url
from storage.datadir import DataDir

if TYPE_CHECKING:
    from gitant.settings import Settings


@dataclass(frozen=True, slots=True)
class Target:
    """A node's address, and the token for it: empty is nobody. `cert` is the one certificate it shows, if known."""

    url: str
    token: str
    cert: str = ""


def settings_of(data_dir: str | None) -> Settings:
    """The settings with the data folder as the flag gives it."""
    return load({"data_dir": data_dir})


def folder_of(data_dir: str | None) -> DataDir:
    """The data folder of a node that was started at least once."""
    folder = DataDir(settings_of(data_dir).data_dir)
    folder.check()
    return folder


def find_node(data_dir: str | None, url: str | None) -> Target:
    """The node that is named by flag or environment, else the one that serves the data folder."""
    settings = settings_of(data_dir)
    folder = DataDir(settings.data_dir)
    running = folder.running()
    named = url or os.environ.get("GITANT_URL", "")
    if named:
        address = _address(named)
        own = {_origin(known) for known in (running.url if running else "", settings.public_url) if known}
        # The operator's token goes to the operator's node only, whoever asks for it to be sent elsewhere.
        cert = running.cert if running and _origin(address) == _origin(running.url) else ""
        return Target(address, _token(folder if _origin(address) in own else None), cert)
    if running is None:
        where = f" --data-dir {folder.path}" if data_dir else ""
        raise Unavailable(f"no node is running on {folder.path}; start one with: gitant serve{where}")
    if not running.url:
        raise Unavailable(f"the node on {folder.path} is still starting", hint="try again in a moment")
    return Target(running.url, _token(folder), running.cert)


def _token(folder: DataDir | None) -> str:
    if token := os.environ.get("GITANT_TOKEN", ""):
        return token.strip()
    if folder is None or not folder.operator_token.exists():
        return ""
    from storage.keys import load_or_create_token

    return load_or_create_token(folder.operator_token)


def _address(text: str) -> str:
    try:
        return Url().read(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is no address of a node", hint=f"--url takes {Url().allowed}") from None


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port


def helper_options(data_dir: str | None, origin: str) -> list[str]:
    """Flags with which `gitant credential` finds the same node again, from whatever folder git calls it."""
    return ["--data-dir", str(settings_of(data_dir).data_dir), "--url", origin]
