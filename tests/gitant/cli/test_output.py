"""What is printed cannot steer a terminal, and is plain where no terminal is."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from gitant.cli.output import Ticker, clean
from tests.house.tree import BIN

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.gitant.cli.conftest import Command, Node

HOSTILE = "ok\x1b]0;owned\x07 \x9b31m \u202eevil\u2066 \x00\r\ud800"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, größer, 日本語, 👩‍💻", "plain, größer, 日本語, 👩‍💻"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),
        ("one\ntwo\tthree\r", "one\\x0atwo\\x09three\\x0d"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\u2028", "\\u2028"),
        ("\ud800", "\\ud800"),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_clean_keeps_the_lines_of_a_text() -> None:
    assert clean("one\n\ttwo\x1b[0m", lines=True) == "one\n\ttwo\\x1b[0m"


@pytest.fixture
def liar() -> Generator[tuple[str, list[dict[str, str]]]]:
    """A node whose answers are full of escapes, and what it was sent."""
    heard: list[dict[str, str]] = []
    repo: dict[str, Any] = dict.fromkeys(
        ("id", "full_name", "description", "clone_url", "default_branch", "created_at"), HOSTILE
    )
    repo |= dict.fromkeys(("updated_at", "open_issues", "closed_issues", "website", "stars", "forks_count"), HOSTILE)
    repo |= {"topics": [HOSTILE]}
    issue: dict[str, Any] = dict.fromkeys(("id", "title", "body", "author", "created_at", "updated_at"), HOSTILE)
    issue |= {"number": HOSTILE, "state": HOSTILE, "state_reason": HOSTILE, "labels": [HOSTILE], "assignees": [HOSTILE]}
    issue |= {"comments": 1, "edited": False, "redacted": False, "conflicts": {HOSTILE: []}}
    label = {"name": HOSTILE, "color": HOSTILE, "description": HOSTILE}
    event = dict.fromkeys(("id", "lamport", "kind", "author", "time", "verdict", "reason"), HOSTILE)
    lists = {"repos": [repo], "issues": [issue], "comments": [issue], "labels": [label], "events": [event]}

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append({name.lower(): value for name, value in self.headers.items()})
            if "broken" in self.path:
                self.answer(500, {"detail": HOSTILE, "hint": HOSTILE})
            elif self.path.endswith("/1"):
                self.answer(200, issue)
            elif self.path.endswith("/one"):
                self.answer(200, repo)
            elif self.path.endswith("/status"):
                self.answer(200, {HOSTILE: HOSTILE})
            else:
                self.answer(200, lists)

        def answer(self, status: int, value: object) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", heard
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("how", [[], ["--json"]])
@pytest.mark.parametrize(
    "words",
    [
        "repo list",
        "repo view one",
        "issue list -R one",
        "issue view 1 -R one",
        "label list -R one",
        "log -R one",
        "status",
    ],
)
def test_strangers_words_are_shown_harmless(
    gitant: Command, liar: tuple[str, list[dict[str, str]]], words: str, how: list[str]
) -> None:
    ran = gitant(*words.split(), "--url", liar[0], *how)
    assert ran.code == 0, ran.err
    assert ran.out
    assert [char for char in ran.out if not char.isprintable() and char not in "\n\t"] == []


def test_a_stranger_s_error_is_shown_harmless(gitant: Command, liar: tuple[str, list[dict[str, str]]]) -> None:
    ran = gitant("repo", "view", "broken", "--url", liar[0])
    assert ran.code == 1
    assert ran.err.startswith("error: ok\\x1b]0;owned")
    assert [char for char in ran.err if not char.isprintable() and char != "\n"] == []


def test_the_token_goes_to_the_own_node_only(here: Command, node: Node, liar: tuple[str, list[dict[str, str]]]) -> None:
    url, heard = liar
    assert here("repo", "list", "--url", url).code == 0
    assert heard
    assert not any("authorization" in headers for headers in heard)
    assert here("repo", "create", "given-away", "--url", node.url).code == 0


def test_a_token_that_is_given_goes_where_it_is_told(
    here: Command, liar: tuple[str, list[dict[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, heard = liar
    monkeypatch.setenv("GITANT_TOKEN", "given")
    assert here("repo", "list", "--url", url).code == 0
    assert heard[-1]["authorization"] == "Bearer given"


def on_a_terminal(words: list[str], environment: dict[str, str], *, code: int = 0) -> str:
    """What a command shows on a terminal of its own, where it ends with `code`."""
    mine, its = pty.openpty()
    with subprocess.Popen([BIN / "gitant", *words], stdin=its, stdout=its, stderr=its, env=environment) as run:
        os.close(its)
        shown = b""
        try:
            while block := os.read(mine, 65_536):
                shown += block
        except OSError:  # the other end was closed
            pass
        assert run.wait() == code, shown
    os.close(mine)
    return shown.decode()


def test_a_table_on_a_terminal_has_headings_and_heeds_no_color(node: Node, here: Command, tmp_path: Path) -> None:
    assert here("repo", "create", "coloured").code == 0
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLUMNS": "120"}
    words = ["repo", "list", "--data-dir", str(node.folder)]
    coloured = on_a_terminal(words, environment)
    assert "Repository" in coloured
    assert "\x1b[" in coloured
    plain = on_a_terminal(words, {**environment, "NO_COLOR": "1"})
    assert "Repository" in plain
    assert "\x1b[3" not in plain


def test_progress_is_silent_for_a_second_and_then_speaks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr("gitant.cli.output.time.monotonic", lambda: now)
    with Ticker("events read") as ticker:
        ticker(1, 4_000)
        assert capsys.readouterr().err == ""
        now = 1.5
        ticker(2_000, 4_000)
        assert capsys.readouterr().err == "events read: 2,000 of 4,000\n"
        now = 2.0
        ticker(3_000, 4_000)
        assert capsys.readouterr().err == ""
        now = 8.0
        ticker(4_000, 4_000)
        assert capsys.readouterr().err == "events read: 4,000 of 4,000\n"
