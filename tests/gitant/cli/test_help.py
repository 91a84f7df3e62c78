"""Every command explains itself, and starting one imports only that one."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.gitant.cli.commands import commands

if TYPE_CHECKING:
    from tests.gitant.cli.conftest import Command

COMMANDS = commands()


@pytest.mark.parametrize("name", COMMANDS)
def test_help(gitant: Command, name: str) -> None:
    ran = gitant(*name.split(), "--help")
    assert ran.code == 0
    assert ran.out.startswith(f"Usage: gitant {name} ")
    assert ran.err == ""


def test_help_lists_every_command_that_is_for_people(gitant: Command) -> None:
    ran = gitant("--help")
    listed = [line.split()[0] for line in ran.out.partition("Commands:\n")[2].splitlines() if line.startswith("  ")]
    assert listed == [name for name in COMMANDS if " " not in name and not COMMANDS[name].hidden]


@pytest.mark.parametrize(
    "words",
    [["nope"], ["issue", "nope"], ["issue", "list", "--nope"], ["issue", "create"], ["issue", "list", "-s", "x"]],
)
def test_words_that_are_off_end_with_2(gitant: Command, words: list[str]) -> None:
    ran = gitant(*words)
    assert ran.code == 2
    assert ran.out == ""
    assert "--help" in ran.err or "-h" in ran.err


def test_the_version_two_ways(gitant: Command) -> None:
    assert gitant("version").out == gitant("--version").out
    assert gitant("version").out.startswith("gitant 0.")


@pytest.mark.parametrize("name", ["version", "--version", "token", "serve"])
def test_a_small_command_imports_little(name: str) -> None:
    """A start is fast as long as nobody imports these on the way."""
    script = f"import sys\nfrom gitant.cli.app import app_for\napp_for([{name!r}])\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {"duckdb", "litestar", "httpx", "trio", "dulwich", "eventsourcing", "rich", "automerge", "sqlite_utils"}
    assert heavy.isdisjoint(run.stdout.split())


def test_what_asks_a_node_and_what_logs_import_nothing_that_they_do_not_use() -> None:
    asks = "from gitant.cli.api import Api\nfrom gitant.cli.node import Target\nApi(Target('http://127.0.0.1:9'))"
    logs = "import gitant.supervisor, gitant.network.process, gitant.backup.scheduled"
    for script, heavy in ((asks, {"trio", "rich"}), (logs, {"rich"})):
        words = [sys.executable, "-c", f"{script}\nimport sys\nprint(*sys.modules)"]
        run = subprocess.run(words, capture_output=True, text=True, check=True)
        assert heavy.isdisjoint(run.stdout.split()), script
