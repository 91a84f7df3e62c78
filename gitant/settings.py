"""A node's settings: a flag wins over the environment, that over `config.toml`, that over the default."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, final

from domain.errors import InvalidInput
from domain.ports_git import PackCaps
from gitant.setting_kinds import Choice, Count, File, Folder, Host, Size, Url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitant.setting_kinds import Kind

CONFIG_FILE: Final = "config.toml"
_CONFIG_BYTES_MAX = 256 * 1024


Change = Literal["restart", "workers", "at once"]
"""When a changed setting takes effect in a node that is told to reload: not before the next start, in HTTP workers
that take the place of those there are, or at once."""


class BadSetting(InvalidInput):
    """A setting that cannot be used; the message names where it stands, the hint what is allowed."""


@final
@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table below."""

    name: str
    kind: Kind
    default: str
    help: str
    change: Change = "workers"

    @property
    def env(self) -> str:
        """The environment variable that sets it."""
        return f"GITANT_{self.name.upper()}"

    @property
    def flag(self) -> str:
        """The flag of `gitant serve` that sets it."""
        return f"--{self.name.replace('_', '-')}"


_CAPS: Final = PackCaps()


def _size(count: int) -> str:
    return Size().show(count)


SETTINGS: Final = (
    Setting("host", Host(), "127.0.0.1", "The address to listen on; 0.0.0.0 or :: for every interface.", "restart"),
    Setting("port", Count(0, 65_535), "7777", "The TCP port to listen on; 0 takes any free one.", "restart"),
    Setting(
        "data_dir",
        Folder(),
        "~/.local/share/gitant",
        "The folder that holds everything the node keeps, its keys too.",
        "restart",
    ),
    Setting("tls_cert", File(), "", "A PEM file with the certificate and its chain: speak HTTPS, TLS 1.2 or newer."),
    Setting("tls_key", File(), "", "The PEM file with that certificate's key, which nobody else may read."),
    Setting("public_url", Url(), "", "Where clients reach the node, if a proxy is in front: clone URLs and links."),
    Setting("min_free", Size(), "256M", "With less than this free on the disk of the data folder, /ready answers 503."),
    Setting("workers", Count(1, 64), "2", "How many processes answer HTTP. The one writer comes on top."),
    Setting("body_max", Size(1 << 10, 1 << 30), "1M", "The largest body of an API request. Pushes have limits below."),
    Setting("push_pack_max", Size(1 << 10), _size(_CAPS.pack_bytes_max), "The largest pack one push may send."),
    Setting("push_object_max", Size(1 << 10), _size(_CAPS.object_bytes_max), "The largest single object in a push."),
    Setting(
        "push_resolved_max",
        Size(1 << 10),
        _size(_CAPS.resolved_bytes_max),
        "The sum of the sizes of a push's objects, once unpacked and all deltas applied.",
    ),
    Setting("push_objects_max", Count(1, 1 << 32), str(_CAPS.objects_max), "How many objects one push may hold."),
    Setting("push_delta_depth_max", Count(0, 4_095), str(_CAPS.delta_depth_max), "How long a chain of deltas may be."),
    Setting(
        "push_check_memory_max",
        Size(64 << 20),
        _size(_CAPS.index_memory_bytes_max),
        "How much address space the child that checks a pack may have.",
    ),
    Setting(
        "push_check_cpu_s_max",
        Count(1, 1_000_000),
        str(_CAPS.index_cpu_s_max),
        "How many seconds of processor time that child may take.",
    ),
    Setting(
        "redaction_delay_days",
        Count(0, 36_500),
        "30",
        "How many days redacted bytes, which nobody is shown, stay on the disk.",
        "restart",
    ),
    Setting(
        "drain_s_max",
        Count(0, 3_600),
        "30",
        "How many seconds requests and clones under way may take to end when the node stops or reloads.",
        "at once",
    ),
    Setting(
        "log_level", Choice(("debug", "info", "warning", "error")), "info", "The least level that is logged.", "at once"
    ),
    Setting(
        "log_format",
        Choice(("text", "json")),
        "text",
        "Whether log lines are for people or one JSON object each.",
        "at once",
    ),
    Setting(
        "access_log",
        Choice(("off", "errors", "all")),
        "off",
        "Which requests get a log line each: none, those answered 500 or more, or all.",
        "at once",
    ),
)
"""All of them. `docs/settings.md` describes each; a test holds the two together."""

_NOT_IN_FILE: Final = MappingProxyType({"data_dir": f"the data folder is where {CONFIG_FILE} is found"})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A checked set of values; the fields are the rows of `SETTINGS`."""

    host: str
    port: int
    data_dir: Path
    tls_cert: str
    tls_key: str
    public_url: str
    min_free: int
    workers: int
    body_max: int
    push_pack_max: int
    push_object_max: int
    push_resolved_max: int
    push_objects_max: int
    push_delta_depth_max: int
    push_check_memory_max: int
    push_check_cpu_s_max: int
    redaction_delay_days: int
    drain_s_max: int
    log_level: str
    log_format: str
    access_log: str

    @property
    def caps(self) -> PackCaps:
        """What one push may cost."""
        return PackCaps(
            pack_bytes_max=self.push_pack_max,
            object_bytes_max=self.push_object_max,
            resolved_bytes_max=self.push_resolved_max,
            objects_max=self.push_objects_max,
            delta_depth_max=self.push_delta_depth_max,
            index_memory_bytes_max=self.push_check_memory_max,
            index_cpu_s_max=self.push_check_cpu_s_max,
        )

    def plain(self) -> dict[str, str | int]:
        """As JSON takes it; `from_plain` is the inverse, in another process."""
        return {
            field.name: str(value) if isinstance(value := getattr(self, field.name), Path) else value
            for field in fields(self)
        }


def from_plain(plain: Mapping[str, Any]) -> Settings:
    """Settings that `plain` took apart."""
    values: dict[str, Any] = {row.name: row.kind.read(plain[row.name]) for row in SETTINGS}
    return Settings(**values)


def load(flags: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings as given: by flags (None: not given), by the environment, by the data folder's `config.toml`."""
    environ = os.environ if environ is None else environ
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    assert given.keys() <= {row.name for row in SETTINGS}
    told = {row.name: _from_flag_or_environment(row, given, environ) for row in SETTINGS}
    folder = told["data_dir"] or _default("data_dir")
    assert isinstance(folder, Path)
    filed = _from_file(folder / CONFIG_FILE)
    values: dict[str, Any] = {}
    for row in SETTINGS:
        # 0 and empty are values, too: only None means "not given".
        candidates = (told[row.name], filed.get(row.name), _default(row.name))
        values[row.name] = next(value for value in candidates if value is not None)
    return Settings(**values)


def _default(name: str) -> object:
    row = next(row for row in SETTINGS if row.name == name)
    return _read(row, row.default, "the default")


def _from_flag_or_environment(row: Setting, flags: Mapping[str, object], environ: Mapping[str, str]) -> object:
    if row.name in flags:
        return _read(row, flags[row.name], row.flag)
    if text := environ.get(row.env, ""):  # `GITANT_PORT= gitant serve` is the way to unset one
        return _read(row, text, f"the environment variable {row.env}")
    return None


def _from_file(path: Path) -> dict[str, object]:
    text = _text_of(path)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise BadSetting(f"{path} is not TOML: {fault}", hint="write one `name = value` a line") from None
    rows = {row.name: row for row in SETTINGS}
    values: dict[str, object] = {}
    for name, given in table.items():
        where = f"{path}, line {_line_of(name, text)}"
        if name in _NOT_IN_FILE:
            raise BadSetting(f"{where}: {name} cannot be set here", hint=_NOT_IN_FILE[name], field=name)
        if name not in rows:
            known = ", ".join(sorted(rows.keys() - _NOT_IN_FILE.keys()))
            raise BadSetting(f"{where}: there is no setting called {name}", hint=f"there are {known}", field=name)
        values[name] = _read(rows[name], given, where)
    return values


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_CONFIG_BYTES_MAX + 1)
        if len(data) > _CONFIG_BYTES_MAX:
            raise BadSetting(f"{path} has more than {_CONFIG_BYTES_MAX} bytes", hint="it holds settings, nothing else")
        return data.decode()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as fault:
        raise BadSetting(f"{path} cannot be read: {fault.strerror}", hint="check its owner and mode") from fault
    except UnicodeDecodeError as fault:
        raise BadSetting(f"{path} is not UTF-8: {fault.reason}", hint="save it as UTF-8") from fault


def _line_of(name: str, text: str) -> int:
    """Where a top-level key stands: tomllib does not say, and a quoted or dotted key counts as well."""
    pattern = re.compile(rf"""\s*\[*\s*["']?{re.escape(name)}["']?\s*[=.\]]""")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 1)


def _read(row: Setting, given: object, where: str) -> object:
    try:
        return row.kind.read(given)
    except ValueError:
        hint = f"{row.name} must be {row.kind.allowed}"
        raise BadSetting(f"{where}: {str(given)!r} will not do for {row.name}", hint=hint, field=row.name) from None
