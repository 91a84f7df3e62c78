"""The settings as given: a flag wins over the environment, that over `config.toml`, that over the default."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, final

from domain.errors import InvalidInput
from gitant.settings import SETTINGS, Setting, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_FILE: Final = "config.toml"
DEFAULT: Final = "default"
_CONFIG_BYTES_MAX: Final = 256 * 1024
_NOT_IN_FILE: Final = MappingProxyType({"data_dir": f"the data folder is where {CONFIG_FILE} is found"})
_ROWS: Final = MappingProxyType({row.name: row for row in SETTINGS})


class BadSetting(InvalidInput):
    """A setting that cannot be used; the message names where it stands, the hint what is allowed."""


@final
@dataclass(frozen=True, slots=True)
class Given:
    """A setting's value, and where it stands: a flag, a variable, a line of the file, or nowhere."""

    value: object
    source: str


def load(flags: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings as given: by flags (None: not given), by the environment, by the data folder's `config.toml`."""
    values: dict[str, Any] = {name: found.value for name, found in given(flags, environ).items()}
    return Settings(**values)


def given(flags: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None) -> dict[str, Given]:
    """Each setting by its name; raises `BadSetting` for the first that cannot be used."""
    environ = os.environ if environ is None else environ
    flags = {name: value for name, value in (flags or {}).items() if value is not None}
    assert flags.keys() <= _ROWS.keys()
    told = {row.name: found for row in SETTINGS if (found := _told(row, flags, environ)) is not None}
    filed, faults = read_file(_path(told.get("data_dir")) / CONFIG_FILE)
    if faults:
        raise faults[0]
    # 0 and empty are values, too: what counts is whether something was given.
    return {row.name: told.get(row.name) or filed.get(row.name) or _default(row) for row in SETTINGS}


def data_folder(flags: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """The data folder, whatever is in the file there."""
    row = _ROWS["data_dir"]
    flags = {name: value for name, value in (flags or {}).items() if value is not None}
    return _path(_told(row, flags, os.environ if environ is None else environ))


def read_file(path: Path) -> tuple[dict[str, Given], list[BadSetting]]:
    """The values in a `config.toml` that can be used, and a fault for each other; a missing file holds none."""
    values: dict[str, Given] = {}
    faults: list[BadSetting] = []
    try:
        text = _text_of(path)
        table = _table_of(path, text)
    except BadSetting as fault:
        return {}, [fault]
    for name, found in table.items():
        where = f"{path}, line {_line_of(name, text)}"
        try:
            values[name] = Given(_filed(name, found, where), where)
        except BadSetting as fault:
            faults.append(fault)
    return values, faults


def _path(told: Given | None) -> Path:
    folder = (told or _default(_ROWS["data_dir"])).value
    assert isinstance(folder, Path)
    return folder


def _default(row: Setting) -> Given:
    return Given(_read(row, row.default, f"the {DEFAULT}"), DEFAULT)


def _told(row: Setting, flags: Mapping[str, object], environ: Mapping[str, str]) -> Given | None:
    if row.name in flags:
        return Given(_read(row, flags[row.name], row.flag), row.flag)
    if text := environ.get(row.env, ""):  # `GITANT_PORT= gitant serve` is the way to unset one
        return Given(_read(row, text, f"the environment variable {row.env}"), row.env)
    return None


def _filed(name: str, found: object, where: str) -> object:
    if name in _NOT_IN_FILE:
        raise BadSetting(f"{where}: {name} cannot be set here", hint=_NOT_IN_FILE[name], field=name)
    if name not in _ROWS:
        known = ", ".join(sorted(_ROWS.keys() - _NOT_IN_FILE.keys()))
        raise BadSetting(f"{where}: there is no setting called {name}", hint=f"there are {known}", field=name)
    return _read(_ROWS[name], found, where)


def _table_of(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise BadSetting(f"{path} is not TOML: {fault}", hint="write one `name = value` a line") from None


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


def _read(row: Setting, found: object, where: str) -> object:
    try:
        return row.kind.read(found)
    except ValueError:
        hint = f"{row.name} must be {row.kind.allowed}"
        raise BadSetting(f"{where}: {str(found)!r} will not do for {row.name}", hint=hint, field=row.name) from None
