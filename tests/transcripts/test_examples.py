"""The README's way works as it stands there, and no example in the docs is one that the command line refuses."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

import pytest
import typer

from tests.gitant.cli.commands import commands
from tests.house.tree import ROOT
from tests.transcripts.page import PAGES, steps_of
from tests.transcripts.session import session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_README: Final = ROOT / "README.md"
_DOCS: Final = [_README, *sorted({*(ROOT / "docs").rglob("*.md")} - {*PAGES})]
_COMMANDS: Final = commands()
_OPERATORS: Final = frozenset("();<>|&")
_INSIDE: Final = re.compile(r"\$\(gitant ([^)]*)\)")

_INSTEAD: Final = {
    "make serve": "gitant serve --registration open >node.out 2>node.log & node=$!; "
    "curl -fs --retry 60 --retry-delay 1 --retry-connrefused http://127.0.0.1:7777/ready",
    'export PATH="$PWD/.venv/bin:$PATH"': "command -v gitant && git init -q roof && cd roof "
    "&& git commit -q --allow-empty -m Begin",
    "gitant register kay --recovery kay.recovery": "export GITANT_PASSWORD='many small drawers'; "
    "gitant register kay --recovery kay.recovery",
    "gitant init --private && git push gitant HEAD": "git init -q ~/attic && cd ~/attic && "
    "git commit -q --allow-empty -m Begin && gitant init --private && git push gitant HEAD",
    "gitant member add lee --role developer": "XDG_CONFIG_HOME=~/lee gitant register lee --recovery lee.recovery && "
    "gitant member add lee --role developer && export XDG_CONFIG_HOME=~/lee",
    "gitant rebuild --check": "kill $node && wait $node && gitant rebuild --check",
    "make test": "true",
}
"""The README's steps that this run has in other words. `make` itself is checked among the house tests."""


@pytest.mark.slow
def test_every_step_of_the_readme_works(tmp_path: Path) -> None:
    steps = [step.command.partition(" #")[0].strip() for step in steps_of(_README.read_text())]
    assert set(_INSTEAD) <= set(steps)
    with session(tmp_path) as shell:
        for step in steps:
            printed = shell.run(_INSTEAD.get(step, step).replace("<name>", "roof"))
            assert not re.search(r"^\[\d+\]$|^error:|/problems/", printed, re.MULTILINE), f"$ {step}\n{printed}"


def _examples() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Where it stands, and the words after `gitant`. The commands of the transcripts are run, so they are not here."""
    for path in _DOCS:
        for step in steps_of(path.read_text()):
            place = f"{path.relative_to(ROOT)}:{step.line}"
            for words in _simple_commands(step.command):
                if words[0] == "gitant":
                    yield place, words[1:]


def _simple_commands(line: str) -> Iterator[tuple[str, ...]]:
    """What a shell would make of it, as far as the docs go."""
    for inside in _INSIDE.finditer(line):
        yield ("gitant", *shlex.split(inside[1]))
    lexer = shlex.shlex(_INSIDE.sub("", line), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in lexer:
        if _OPERATORS.issuperset(word):
            if words:
                yield tuple(words)
            words = []
        else:
            words.append(word)
    if words:
        yield tuple(words)


@pytest.mark.parametrize(("place", "words"), [pytest.param(*each, id=each[0]) for each in _examples()])
def test_an_example_is_one_the_command_line_takes(place: str, words: tuple[str, ...]) -> None:
    name = words[0] if words[0] in _COMMANDS and not hasattr(_COMMANDS[words[0]], "commands") else " ".join(words[:2])
    assert name in _COMMANDS, f"{place}: there is no gitant {name}"
    rest = list(words[len(name.split()) :])
    try:
        _COMMANDS[name].make_context(name, rest)
    except typer.BadParameter as fault:
        pytest.fail(f"{place}: {fault.format_message()}")


def test_an_example_that_writes_over_http_says_it_sends_json() -> None:
    for path in _DOCS:
        for step in steps_of(path.read_text()):
            if "curl" in step.command and " -d " in step.command:
                assert "Content-Type: application/json" in step.command, f"{path.relative_to(ROOT)}:{step.line}"
