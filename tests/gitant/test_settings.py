"""Where a setting comes from, and what a bad one is answered with."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING

import pytest

from domain.ports_git import PackCaps
from gitant.given import BadSetting, load
from gitant.settings import SETTINGS, Settings, from_plain
from gitant.settings_shown import shown
from tests.house.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> dict[str, str]:
    """An environment that points to an empty data folder."""
    return {"GITANT_DATA_DIR": str(tmp_path)}


def _fault(flags: dict[str, object] | None, environ: dict[str, str]) -> BadSetting:
    with pytest.raises(BadSetting) as caught:
        load(flags, environ)
    return caught.value


def test_the_defaults_are_safe(folder: dict[str, str]) -> None:
    settings = load(None, folder)
    assert (settings.host, settings.port) == ("127.0.0.1", 7777)
    assert settings.min_free == 256 << 20
    assert settings.caps == PackCaps()


def test_the_data_folder_is_in_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load(None, {}).data_dir == tmp_path / ".local" / "share" / "gitant"


def test_flag_over_environment_over_file(folder: dict[str, str], tmp_path: Path) -> None:
    assert load(None, folder).port == 7777
    (tmp_path / "config.toml").write_text("port = 1\n")
    assert load(None, folder).port == 1
    assert load(None, folder | {"GITANT_PORT": "2"}).port == 2
    assert load({"port": 3}, folder | {"GITANT_PORT": "2"}).port == 3
    assert load({"port": None}, folder | {"GITANT_PORT": "2"}).port == 2


def test_an_empty_variable_is_not_set(folder: dict[str, str]) -> None:
    assert load(None, folder | {"GITANT_PORT": ""}).port == 7777


def test_nothing_is_a_value_too(folder: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("min_free = 0\nport = 0\npublic_url = ''\n")
    settings = load(None, folder | {"GITANT_PUBLIC_URL": ""})
    assert (settings.min_free, settings.port, settings.public_url) == (0, 0, "")


@pytest.mark.parametrize(
    ("text", "count"),
    [("0", 0), ("512", 512), ("256M", 256 << 20), ("1g", 1 << 30), ("64 KiB", 64 << 10), ("2TB", 2 << 40)],
)
def test_sizes_take_units(folder: dict[str, str], text: str, count: int) -> None:
    assert load({"min_free": text}, folder).min_free == count


@pytest.mark.parametrize("text", ["-1", "1.5G", "G", "1X", "99999999999T", "١"])
def test_other_sizes_are_refused(folder: dict[str, str], text: str) -> None:
    fault = _fault(None, folder | {"GITANT_MIN_FREE": text})
    assert fault.message.startswith("the environment variable GITANT_MIN_FREE: ")
    assert "a size in bytes or with a unit" in fault.hint
    assert fault.field == "min_free"


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("host", "127.0.0.1:80"),
        ("host", "a b"),
        ("host", "::1/64"),
        ("port", "70000"),
        ("port", "http"),
        ("port", True),
        ("workers", 0),
        ("public_url", "forge.example"),
        ("public_url", "ftp://forge.example"),
        ("public_url", "https://"),
        ("public_url", "https://u:p@forge.example"),
        ("public_url", "https://forge.example/?q"),
        ("public_url", "https://forge.example:port"),
        ("public_url", "https://forge.example/a b"),
        ("log_level", "loud"),
        ("log_format", ""),
        ("data_dir", "\0"),
        ("push_pack_max", 0),
    ],
)
def test_a_bad_flag_is_named(folder: dict[str, str], name: str, bad: object) -> None:
    fault = _fault({name: bad}, folder)
    assert fault.message.startswith(f"--{name.replace('_', '-')}: ")
    assert fault.hint.startswith(f"{name} must be ")


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("host", "[::1]", "::1"),
        ("host", "fe80::1%eth0", "fe80::1%eth0"),
        ("host", "localhost", "localhost"),
        ("public_url", "https://forge.example/git/", "https://forge.example/git"),
        ("log_level", "DEBUG", "debug"),
    ],
)
def test_values_are_tidied(folder: dict[str, str], name: str, given: str, kept: str) -> None:
    assert getattr(load({name: given}, folder), name) == kept


def test_a_bad_value_in_the_file_is_named_by_line(folder: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('host = "127.0.0.1"\n# port = 1\n"port" = "many"\n')
    fault = _fault(None, folder)
    assert fault.message == f"{tmp_path}/config.toml, line 3: 'many' will not do for port"
    assert fault.hint == "port must be a whole number from 0 to 65535"


def test_an_unknown_name_in_the_file_is_an_error(folder: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("\n[server]\nport = 1\n")
    fault = _fault(None, folder)
    assert fault.message == f"{tmp_path}/config.toml, line 2: there is no setting called server"
    assert "port" in fault.hint


def test_the_file_cannot_say_where_it_is(folder: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("data_dir = '/elsewhere'\n")
    assert "data_dir cannot be set here" in _fault(None, folder).message


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"port 1", "is not TOML"), (b"\xff", "is not UTF-8"), (b"#" * 300_000, "more than 262144 bytes")],
)
def test_a_file_that_is_no_settings_file(folder: dict[str, str], tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "config.toml").write_bytes(content)
    fault = _fault(None, folder)
    assert words in fault.message
    assert "config.toml" in fault.message
    assert fault.hint


def test_a_file_that_cannot_be_read(folder: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    assert "cannot be read: Is a directory" in _fault(None, folder).message


def test_settings_cross_to_another_process(folder: dict[str, str]) -> None:
    settings = load({"port": 0, "public_url": "http://a.example"}, folder)
    assert from_plain(json.loads(json.dumps(settings.plain()))) == settings


def test_the_operator_is_shown_what_was_chosen(folder: dict[str, str]) -> None:
    rows = {each.name: each for each in shown(load({"port": 4}, folder))}
    assert list(rows) == [row.name for row in SETTINGS]
    assert (rows["port"].value, rows["port"].default, rows["port"].change) == ("4", "7777", "restart")
    assert {each.name for each in rows.values() if each.value != each.default} == {"port", "data_dir"}


def test_the_table_and_the_fields_are_the_same() -> None:
    assert [row.name for row in SETTINGS] == [field.name for field in dataclasses.fields(Settings)]


def test_every_setting_is_documented_and_nothing_else() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| `(\S+)` \| `(\w+)` \| (\S+) \| (.+) \|$", (ROOT / "docs/settings.md").read_text(), re.MULTILINE
    )
    shown = [(row.name, row.flag, row.env, f"`{row.default}`" if row.default else "none", row.help) for row in SETTINGS]
    assert rows == shown
