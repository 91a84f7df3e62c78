"""Which node a command talks to, and as whom."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from domain.errors import InvalidInput, Unavailable
from gitant.cli.logins import StoredLogin, logins
from gitant.given import load
from gitant.setting_kinds import Url
from storage.datadir import DataDir

if TYPE_CHECKING:
    from gitant.settings import Settings

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Target:
    """A node's address, and the token for it: empty is nobody. `cert` is the one certificate it shows, if known.

    `user` is whose token that is, where it is that of a login; `also` are other addresses of that node, if known.
    """

    url: str
    token: str = ""
    cert: str = ""
    user: str = ""
    also: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses it is known by."""
        return (self.url, *self.also)


def settings_of(data_dir: str | None) -> Settings:
    """The settings with the data folder as the flag gives it."""
    return load({"data_dir": data_dir})


def folder_of(data_dir: str | None) -> DataDir:
    """The data folder of a node that was started at least once."""
    folder = DataDir(settings_of(data_dir).data_dir)
    folder.check()
    return folder


def find_node(data_dir: str | None, url: str | None) -> Target:
    """The node that is named by flag or environment, else the one that serves the data folder, else that of a login.

    Who is logged in to a node that is named by its address acts as that account, unless a data folder is named, too.
    """
    settings = settings_of(data_dir)
    folder = DataDir(settings.data_dir)
    running = folder.running()
    named = url or os.environ.get("GITANT_URL", "")
    if named:
        address = _address(named)
        own = addresses_of(data_dir)
        mine = _origin(address) in map(_origin, own)
        # The operator's token goes to the operator's node only, whoever asks for it to be sent elsewhere.
        cert = running.cert if running and _origin(address) == _origin(running.url) else ""
        if data_dir is None and (login := _login(address)) is not None:
            return Target(address, login.token, cert, login.user, own if mine else ())
        return Target(address, _token(folder if mine else None), cert, also=own if mine else ())
    if running is None and data_dir is None and len(everywhere := logins()) == 1:
        ((address, login),) = everywhere.items()
        return Target(address, login.token, user=login.user)
    if running is None:
        where = f" --data-dir {folder.path}" if data_dir else ""
        raise Unavailable(f"no node is running on {folder.path}; start one with: gitant serve{where}")
    if not running.url:
        raise Unavailable(f"the node on {folder.path} is still starting", hint="try again in a moment")
    return Target(running.url, _token(folder), running.cert, also=addresses_of(data_dir))


def addresses_of(data_dir: str | None) -> tuple[str, ...]:
    """Where the node of a data folder is found, as far as the folder and the settings tell."""
    settings = settings_of(data_dir)
    running = DataDir(settings.data_dir).running()
    return tuple(each for each in (running.url if running else "", settings.public_url) if each)


def _token(folder: DataDir | None) -> str:
    if token := os.environ.get("GITANT_TOKEN", ""):
        return token.strip()
    if folder is None or not folder.operator_token.exists():
        return ""
    from storage.keys import load_or_create_token

    return load_or_create_token(folder.operator_token)


def _login(address: str) -> StoredLogin | None:
    """Who this user is at a node, if the environment does not say something else."""
    return None if os.environ.get("GITANT_TOKEN") else logins().get(origin_of(address))


def origin_of(url: str) -> str:
    """The part of a node's address that tells it from other nodes."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _address(text: str) -> str:
    try:
        return Url().read(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is no address of a node", hint=f"--url takes {Url().allowed}") from None


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port


def same_node(one: str, other: str) -> bool:
    """Whether two URLs are of one node; this machine's names for itself all mean it."""
    try:
        (scheme, host, port), (scheme2, host2, port2) = _origin(one), _origin(other)
    except ValueError:  # what somebody's remote points to need not be a URL
        return False
    return bool(host) and (scheme, port) == (scheme2, port2) and (host == host2 or {host, host2} <= _LOOPBACK)


def helper_options(data_dir: str | None, origin: str, *, user: str = "") -> list[str]:
    """Flags with which `gitant credential` finds the same node again, from whatever folder git calls it.

    For a `user` who is logged in that is its address alone: the data folder is the operator's.
    """
    if user:
        return ["--url", origin]
    return ["--data-dir", str(settings_of(data_dir).data_dir), "--url", origin]
