"""The image: linted, and made of what is there."""

from __future__ import annotations

import re

from tests.deploy.tools import DEPLOY, checked
from tests.house.tree import BIN, ROOT, pyproject

DOCKERFILE = DEPLOY / "Dockerfile"


def test_the_dockerfile_has_no_faults() -> None:
    assert checked(BIN / "hadolint", DOCKERFILE) == ""


def test_the_compose_file_is_one() -> None:
    checked(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")


def test_all_that_the_image_is_made_of_is_let_in_and_nothing_else() -> None:
    allowed = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"}
    rooms = set(pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert allowed == {*rooms, "LICENSE", "README.md", "pyproject.toml", "requirements/*.txt"}
    copied = re.findall(r"^COPY (requirements\S+) (\S+) ", DOCKERFILE.read_text(), re.MULTILINE)
    assert copied
    assert all((ROOT / path).is_file() for pair in copied for path in pair)


def test_images_are_named_with_a_version() -> None:
    texts = [DOCKERFILE.read_text(), (DEPLOY / "compose.yaml").read_text()]
    names = [name for text in texts for name in re.findall(r"(?:^FROM|\bimage:) (\S+)", text, re.MULTILINE)]
    assert [name for name in names if ":" not in name and name != "gitant"] == []


def test_whatever_runs_in_it_is_not_root_and_says_how_it_is() -> None:
    text = DOCKERFILE.read_text()
    last = text[text.rindex("\nFROM ") :]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
