"""Every command's help has an example, which uses only options that there are; shells complete what there is."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

from gitant.cli.app import DOING_GROUPS
from gitant.cli.examples import EXAMPLES
from tests.gitant.cli.commands import commands
from tests.house.tree import BIN

if TYPE_CHECKING:
    from tests.gitant.cli.conftest import Command

COMMANDS = {
    name: command
    for name, command in commands().items()
    if not command.hidden and (name in DOING_GROUPS or not hasattr(command, "commands"))
}


def test_every_command_has_an_example_and_no_other_has() -> None:
    assert set(EXAMPLES) == set(COMMANDS), "gitant/cli/examples.py has one for each command"


@pytest.mark.parametrize("name", COMMANDS)
def test_an_example_is_of_the_command_and_of_its_options(name: str) -> None:
    known = {option for parameter in COMMANDS[name].params for option in (*parameter.opts, *parameter.secondary_opts)}
    for example in EXAMPLES.get(name, ()):
        assert f"gitant {name}" in example
        behind = example.partition(f"gitant {name}")[2]
        words = shlex.split(behind.partition(")")[0] if "$(" in example else behind)
        assert [word for word in words if word.startswith("--") and word not in known] == []


def test_help_ends_with_the_examples_as_they_are(gitant: Command) -> None:
    told = gitant("issue", "edit", "--help").out
    assert told.endswith("  gitant issue edit 3 5 7 --add-label bug --state closed\n")
    assert "Examples:\n" in told


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_every_shell(gitant: Command, shell: str) -> None:
    script = gitant("completion", shell)
    assert script.code == 0
    assert f"_GITANT_COMPLETE=complete_{shell}" in script.out
    assert gitant("completion", "tcsh").code == 2


def test_bash_is_offered_what_fits() -> None:
    """By the script itself, in a real shell."""
    cases = {
        "gitant iss": ["issue"],
        "gitant issue list --ev": ["--everywhere"],
        "gitant issue list -s ": ["open", "closed", "all"],
    }
    lines = ['eval "$(gitant completion bash)"']
    for typed in cases:
        words = typed.split(" ")
        lines += [
            f"COMP_WORDS=({' '.join(map(shlex.quote, words))}); COMP_CWORD={len(words) - 1}",
            '_gitant_completion gitant; echo "${COMPREPLY[@]}"',
        ]
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    run = subprocess.run(["bash", "-c", "\n".join(lines)], env=environment, capture_output=True, text=True, check=True)
    assert [line.split() for line in run.stdout.splitlines()] == list(cases.values())
