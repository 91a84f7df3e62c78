"""The lock, what pyproject.toml asks for, and what the documents say about both agree."""

from __future__ import annotations

import re
from importlib import metadata

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house.tree import ROOT, pyproject

PIN = re.compile(r"^(?P<name>[\w.-]+)(\[[\w,-]+\])?==(?P<version>\S+)(?P<rest>.*)$")
LOCKS = ("run", "dev", "build")


def pins(lock: str) -> dict[str, Version]:
    """Distribution to the version that requirements/`lock`.txt pins for this Python."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    return {
        canonicalize_name(match["name"]): Version(match["version"])
        for line in text.splitlines()
        if (match := PIN.match(line)) and _is_for_here(match["rest"])
    }


def _is_for_here(rest: str) -> bool:
    """Whether a pin's marker, if it has one, holds."""
    marker = rest.strip().removesuffix("\\").strip().removeprefix(";").strip()
    return not marker or Marker(marker).evaluate()


def shipped() -> list[Requirement]:
    return [Requirement(text) for text in pyproject()["project"]["dependencies"]]


def development() -> list[Requirement]:
    lines = (ROOT / "requirements" / "dev.in").read_text().splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]


def building() -> list[Requirement]:
    return [Requirement(text) for text in pyproject()["build-system"]["requires"]]


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_satisfies_what_is_asked_for(lock: str) -> None:
    locked = pins(lock)
    asked = {"run": shipped(), "dev": [*shipped(), *development()], "build": building()}[lock]
    for requirement in asked:
        version = locked[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement}: locked {version}"


@pytest.mark.parametrize("lock", ["run", "build"])
def test_all_locks_pin_the_same_versions(lock: str) -> None:
    development_lock = pins("dev")
    assert {name: development_lock.get(name) for name in pins(lock)} == pins(lock)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(entries) >= len(pins(lock))
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text
    assert "--index-url" not in text


def test_this_environment_is_the_locked_one() -> None:
    other = {
        name: (metadata.version(name), str(version))
        for name, version in pins("dev").items()
        if _installed(name) and metadata.version(name) != str(version)
    }
    assert other == {}


def _installed(name: str) -> bool:
    return any(True for _ in metadata.distributions(name=name))


def test_only_the_one_prerelease_is_pinned() -> None:
    assert {name for name, version in pins("dev").items() if version.is_prerelease} == {"automerge"}


def test_every_dependency_has_its_reason_written_down() -> None:
    page = (ROOT / "docs" / "design" / "dependencies.md").read_text()
    documented = {canonicalize_name(name) for name in re.findall(r"^\| `([\w.-]+)", page, re.MULTILINE)}
    asked = {canonicalize_name(requirement.name) for requirement in (*shipped(), *development())}
    assert documented == asked
