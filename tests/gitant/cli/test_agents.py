"""Agents, signed requests and what is lent, from the command line, on a running node."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gitant.cli.conftest import Command, Node


def test_an_agent_asks_by_its_key_and_by_what_it_was_lent(here: Command, node: Node, tmp_path: Path) -> None:
    key = tmp_path / "sweeper.json"
    made = here("identity", "new", "--name", "sweeper", "--node", node.url, "--key", key, "--no-passphrase", "--json")
    assert made.code == 0, made.err
    did = made.json()["did"]  # type: ignore[index]
    assert here("agent", "register", "--purpose", "Sweeps.", "-c", "dust", "-c", "air", "--key", key).code == 0
    assert here("agent", "list").out == f"sweeper\tair, dust\t{did}\n"
    assert here("agent", "attest", "sweeper", "-s", "Sweeps well").out == f"{did}: +1\n"
    shown = here("agent", "show", "sweeper").out
    assert "0.6 = 3 / (2 + 3)" in shown
    assert "Sweeps well" in shown
    assert here("agent", "attest", "sweeper", "--against", "--withdraw").code == 1

    assert here("repo", "create", "vault", "--private").code == 0
    repo = here("repo", "view", "vault", "--json").json()["id"]  # type: ignore[index]
    path = f"/api/v1/repos/{repo}"
    assert here("api", "GET", path, "--sign", key).code == 1
    assert here("api", "GET", f"/api/v1/agents/{did}", "--sign", key).json()["name"] == "sweeper"  # type: ignore[index]

    lent = here("ucan", "delegate", did, "--repo", "vault", "--hours", "1")
    assert lent.code == 0, lent.err
    token = lent.out.strip()
    assert here("ucan", "verify", token).code == 0
    asked = here("api", "GET", path, "--sign", key, "--lent", token, "--repo", repo)
    assert asked.json()["name"] == "vault", asked.err  # type: ignore[index]
    assert "policy does not allow" in here("api", "GET", path, "--sign", key, "--lent", token).err
    write = ("api", "POST", f"{path}/issues", "--body", '{"title": "Dust"}', "--sign", key, "--lent", token)
    assert "command does not cover" in here(*write, "--command", "/gitant/issue/write", "--repo", repo).err
    passed_on = here("ucan", "delegate", did, "--sign", key).out.strip()
    assert here("ucan", "verify", passed_on).code == 0
    assert here("ucan", "revoke", token).code == 0
    assert "revoked" in here("ucan", "verify", token).out
    assert "revoked" in here("api", "GET", path, "--sign", key, "--lent", token, "--repo", repo).err
    assert here("ucan", "revoke", passed_on, "--sign", key).code == 0
