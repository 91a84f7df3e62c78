"""docs/cli.md and the commands say the same: neither has a command, an option or a word that the other lacks."""

from __future__ import annotations

import inspect
import re

import pytest

from gitant.settings import SETTINGS
from tests.gitant.cli.commands import commands, words_of
from tests.house.tree import ROOT

COMMANDS = commands()
_SECTION = re.compile(r"^#{2,4} gitant ([a-z -]+)$", re.MULTILINE)
_ROW = re.compile(r"^\| (`[^|]+`) \| ([^|]*) \|$", re.MULTILINE)


def sections() -> dict[str, str]:
    """By command, what the page says of it."""
    parts = _SECTION.split((ROOT / "docs" / "cli.md").read_text())
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def options_in(section: str) -> dict[str, str]:
    """The first table of a section, which is the one without headings."""
    table = section.partition("| | |\n|---|---|\n")[2].partition("\n\n")[0]
    return dict(_ROW.findall(table))


def test_the_page_has_exactly_the_commands_there_are() -> None:
    assert set(sections()) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_described_in_the_same_words(name: str) -> None:
    command = COMMANDS[name]
    assert options_in(sections()[name]) == words_of(command)


@pytest.mark.parametrize("name", [name for name in COMMANDS if not COMMANDS[name].hidden])
def test_the_page_begins_as_the_help_does(name: str) -> None:
    assert sections()[name].strip().startswith(inspect.cleandoc(COMMANDS[name].help or "").splitlines()[0])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_words(name: str) -> None:
    assert [option for option, words in words_of(COMMANDS[name]).items() if not words] == []


def test_what_lists_or_shows_can_do_it_in_json() -> None:
    silent = {"serve", "stop", "version", "completion", "credential", "query", "repo delete", "label delete"}
    silent |= {"member remove", "member leave", "protect remove", "token revoke"}
    silent |= {"api"}  # prints nothing else
    silent |= {"peer remove", "peer unblock", "peer unfollow", "peer resume", "peer leave", "sync pause", "sync resume"}
    lacking = {
        name
        for name, command in COMMANDS.items()
        if not hasattr(command, "commands") and "`--json`" not in words_of(command)
    }
    assert lacking == silent


def test_serve_has_a_flag_for_every_setting() -> None:
    assert {f"`{row.flag}`" for row in SETTINGS} == set(words_of(COMMANDS["serve"]))
