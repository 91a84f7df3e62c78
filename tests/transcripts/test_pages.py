"""The commands of docs/transcripts print what the pages show, against a node that the pages start themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.transcripts.page import PAGES, Step, steps_of, with_output
from tests.transcripts.session import session

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_the_commands_of_a_page_print_what_it_shows(page: Path, tmp_path: Path) -> None:
    steps = steps_of(page.read_text())
    assert steps
    with session(tmp_path) as shell:
        for step in steps:
            printed = shell.run(step.command)
            assert printed == step.shown, f"{page.name}:{step.line}: $ {step.command}"


def test_there_are_pages() -> None:
    assert {page.stem for page in PAGES} >= {"first-steps", "http", "refused"}


def test_a_page_is_read_and_written_back() -> None:
    text = "Words.\n\n```console\n$ one \\\n  more\n$ two\nshown\n[3]\n```\n\n```sh\n$ not run\n```\n"
    assert steps_of(text) == [Step(4, "one \\\n  more", ""), Step(6, "two", "shown\n[3]\n")]
    assert with_output(text, iter(["1\n", "2\n"])) == text.replace("  more\n", "  more\n1\n").replace(
        "shown\n[3]\n", "2\n"
    )


def test_a_shell_lasts_and_says_how_commands_end(tmp_path: Path) -> None:
    with session(tmp_path) as shell:
        assert shell.run("cd / && name=ada") == ""
        assert shell.run('echo "$PWD $name"; echo oops >&2') == "/ ada\noops\n"
        assert shell.run("echo 'unfinished").endswith("[2]\n")
        assert shell.run("echo ~; echo http://127.0.0.1:7777/; exit_with() { return 3; }; exit_with") == (
            "/users/ada\nhttp://127.0.0.1:7777/\n[3]\n"
        )


def test_what_varies_has_a_placeholder_and_nothing_else_has(tmp_path: Path) -> None:
    one, other = "ab" * 32, "cd" * 32
    with session(tmp_path) as shell:
        shown = shell.normal(
            f"{one} {other[:16]} {one[:12]} {other} {'ef' * 20}\n2026-11-22T18:16:11.897Z 2026-11-22\n"
        )
    assert shown == f"<id-1> <id-2…> <id-1…> <id-2> {'ef' * 20}\n<time> 2026-11-22\n"
