"""Somebody ends the key that a node keeps for them, and gives it another one with their recovery line."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.gitant.running import PATIENCE_S
from tests.house.tree import BIN

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.people import Person


def test_a_device_is_revoked_and_another_one_certified(kay: Person, tmp_path: Path) -> None:
    kay.register()
    page = kay.go("/settings")
    kay.choose(page.get_by_role("navigation", name="Settings").get_by_role("link", name="Devices"))
    kept = page.get_by_role("listitem").filter(has_text="kept by this node")
    device = kept.locator("code").first.inner_text()
    kay.unfold("End it…")
    kay.choose(kept.get_by_label("I am sure"))
    kay.choose(kept.get_by_role("button", name="End this device"))
    expect(page.get_by_role("region", name="Ended")).to_contain_text(device)
    refused = make_vault(kay)
    expect(refused.get_by_role("alert")).to_be_visible()

    kay.choose(kay.go("/settings/devices").get_by_role("button", name="Make a key"))
    (words,) = re.findall(r"gitant (identity enroll .+) --key KEY", page.get_by_role("region").first.inner_text())
    (tmp_path / "recovery").write_text(kay.recovery)
    gitant(tmp_path, "identity", "import", "--recovery", "recovery", "--key", "kay", "--no-passphrase")
    kay.fill(page.get_by_label("Its certificate"), gitant(tmp_path, *words.split(), "--key", "kay"))
    kay.choose(page.get_by_role("button", name="Add the device"))
    expect(kept).to_have_count(1)
    expect(kept).not_to_contain_text(device)
    expect(make_vault(kay).get_by_role("heading", name="Push the first commit")).to_be_visible()


def make_vault(person: Person) -> Page:
    """Try to make a repository."""
    page = person.go("/new")
    person.fill(page.get_by_label("Name", exact=True), "vault")
    person.choose(page.get_by_role("button", name="Make it"))
    return page


def gitant(home: Path, *words: str) -> str:
    """What the command prints on somebody's own machine."""
    environ = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
    done = subprocess.run(
        [BIN / "gitant", *words], cwd=home, env=environ, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
