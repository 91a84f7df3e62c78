"""Make's targets, the changelog's fragments, CI's skip list: the small doors that people rely on."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.house.skips import read_allowed_skips, unexplained
from tests.house.tree import ROOT, files

if TYPE_CHECKING:
    from pathlib import Path

TARGETS = ("setup", "serve", "test", "check", "bench", "soak")
FRAGMENT = re.compile(r"(\d+|\+[a-z0-9-]+)\.(feature|bugfix|doc|removal|misc)\.md")
FRAGMENT_CHARS_MAX = 1_000

pytest_plugins = ("pytester",)


@pytest.mark.parametrize("target", TARGETS)
def test_make_has_the_target(target: str) -> None:
    dry = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True)
    assert dry.returncode == 0, dry.stderr


def test_make_serve_leaves_port_and_folder_to_the_settings() -> None:
    dry = subprocess.run(["make", "--dry-run", "serve"], cwd=ROOT, capture_output=True, text=True)
    assert dry.stdout.strip().splitlines()[-1] == "exec .venv/bin/gitant serve"


def test_make_refuses_a_python_that_is_too_old(tmp_path: Path) -> None:
    """In a checkout of its own, where nothing is set up yet."""
    (tmp_path / "requirements").mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements/dev.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    run = subprocess.run(["make", "PYTHON=", "setup"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode != 0
    assert "Python 3.11 or 3.12" in run.stderr
    assert not (tmp_path / ".venv").exists()


def test_make_refuses_a_git_that_is_too_old(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements/dev.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho git version 2.37.9\n")
    old.chmod(0o755)
    script = f'PATH="{old.parent}:$PATH" make setup'
    run = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode != 0
    assert "git 2.38 or newer on PATH; found: git version 2.37.9" in run.stderr
    assert not (tmp_path / ".venv").exists()


def test_changelog_fragments_are_well_formed() -> None:
    fragments = [path for path in files() if path.parts[0] == "changelog.d" and path.name != "README.md"]
    assert fragments
    for path in fragments:
        assert FRAGMENT.fullmatch(path.name), f"{path}: call it <issue>.<kind>.md, see changelog.d/README.md"
        text = (ROOT / path).read_text()
        assert text.strip(), f"{path} is empty"
        assert len(text) <= FRAGMENT_CHARS_MAX, f"{path}: a fragment is a sentence or two"
        assert text.rstrip().endswith("."), f"{path}: whole sentences, please"


def test_ci_is_a_program() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", script]).returncode == 0
    assert "make --no-print-directory test" in script.read_text()


def test_every_allowed_skip_has_a_reason() -> None:
    read_allowed_skips(ROOT / "tests" / "house" / "allowed_skips.txt")


def test_a_skip_list_without_reasons_is_refused(tmp_path: Path) -> None:
    listed = tmp_path / "allowed_skips.txt"
    listed.write_text("# why not\ntests/a.py::test_b: needs a second network card\ntests/c.py\n")
    with pytest.raises(ValueError, match=r"no reason given in 'tests/c\.py'"):
        read_allowed_skips(listed)


def test_a_skip_is_explained_by_its_pattern_alone() -> None:
    skipped = [("tests/a.py::test_b", "no card"), ("tests/a.py::test_c", "no wish")]
    assert unexplained(skipped, {"tests/a.py::test_b*": "needs a second network card"}) == [
        "tests/a.py::test_c: no wish"
    ]


@pytest.mark.parametrize("words", [(), ("-p", "xdist", "--numprocesses=2")], ids=["alone", "shared out"])
@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_an_unexplained_skip_fails_ci_only(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str, code: int, words: tuple[str, ...]
) -> None:
    """The plugin in tests/conftest.py, in a run of its own."""
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile(
        one="import pytest\n@pytest.mark.skip(reason='no wish')\ndef test_a(): pass\ndef test_b(): pass",
        two="import pytest\npytest.skip('no luck', allow_module_level=True)",
    )
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    run = pytester.runpytest_subprocess("-p", "tests.conftest", *words, "one.py", "two.py")
    assert run.ret == code
    run.assert_outcomes(passed=1, skipped=2)
    if code:
        run.stdout.fnmatch_lines_random(["*skipped without leave*", "*::test_a: Skipped: no wish", "two.py: *no luck"])
