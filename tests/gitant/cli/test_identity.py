"""Keys outside of a node, on a real one: a laptop is enrolled, writes, is ended; who lost the root key goes on."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from domain.authority.enrolment_text import chain_of
from domain.comment.added import CommentAdded
from domain.errors import Forbidden, InvalidInput
from domain.issue.opened import IssueOpened
from domain.keys import key_of
from gitant import keyfile
from gitant.cli.api import Api, ApiProblem
from gitant.cli.node import Target
from gitant.signing import Heads, Signer, posted

if TYPE_CHECKING:
    from domain.fold.kind import Payload
    from tests.gitant.cli.conftest import Command, Node

PASSPHRASE = "correct horse"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder for keys, and a passphrase that is stretched for as short as the format allows."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(keyfile, "SCRYPT_N", 1 << 14)
    monkeypatch.setenv("GITANT_KEY_PASSPHRASE", PASSPHRASE)


def said(gitant: Command, *words: str | Path) -> Any:
    ran = gitant("identity", *words, "--json")
    assert ran.code == 0, ran.err
    return ran.json()


def signer(path: str) -> Signer:
    found = keyfile.read(Path(path))
    return Signer(found.unlock(PASSPHRASE.encode), found.chains, lambda: 1_790_000_000_000, secrets.token_bytes)


def write(node: Node, by: Signer, repo: str, kind: str, payload: Payload, entity: str = "") -> Any:
    """As an agent would, without the operator's token."""
    with Api(Target(node.url)) as api:
        heads = msgspec.convert(api.get(f"/api/v1/repos/{repo}/heads", {"device": by.key.did}), Heads)
        event = by.next(heads, kind, bytes.fromhex(entity or heads.stream), payload)
        return api.send("POST", "/api/v1/events", posted(event))


def repo_on(node: Node, name: str) -> str:
    with Api(Target(node.url, node.token)) as api:
        return str(api.send("POST", "/api/v1/repos", {"name": name})["id"])


def test_profiles_are_set_and_taken_back(
    gitant: Command, node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITANT_TOKEN", node.token)
    ada = said(gitant, "new", "--name", "ada", "--node", node.url, "--recovery", tmp_path / "paper")
    at = ("--url", node.url)
    assert gitant("identity", "profile", "set", *at).code == 2
    assert said(gitant, "profile", "set", "--name", "Who runs this", *at)["display_name"] == "Who runs this"
    assert "Who runs this" in gitant("identity", "profile", "show", *at).out
    assert "display_name" not in said(gitant, "profile", "forget", *at)
    monkeypatch.delenv("GITANT_TOKEN")
    key = ("--key", ada["key"], *at)
    assert said(gitant, "profile", "set", "--about", "Computes.", "--name", "Ada", *key)["about"] == "Computes."
    assert said(gitant, "profile", "set", "--website", "https://example.org", *key)["display_name"] == "Ada"
    shown = gitant("identity", "profile", "show", "ada", *at).out
    assert ("Computes." in shown, "https://example.org" in shown, ada["did"] in shown) == (True, True, True)
    assert gitant("identity", "profile", "forget", *key).code == 0
    assert set(said(gitant, "profile", "show", ada["did"], *at)) == {"did", "name", "created_at", "updated_at", "event"}


def test_a_principal_that_the_node_refuses_leaves_nothing_behind(
    gitant: Command, node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("new", "--name", "bea", "--node", node.url, "--recovery", tmp_path / "bea.paper", "--key", "bea")
    ran = gitant("identity", *words, "--no-passphrase")
    assert ran.code == 1
    assert not (tmp_path / "bea.paper").exists()
    monkeypatch.setenv("GITANT_TOKEN", node.token)
    assert "identity" in said(gitant, *words)


def test_a_principal_whom_no_node_hears_of_is_told_what_was_made(gitant: Command, tmp_path: Path) -> None:
    ran = gitant("identity", "new", "--name", "bea", "--node", "http://127.0.0.1:9", "--no-passphrase")
    assert ran.code == 1
    assert "gitant-recovery:" in ran.out
    assert (tmp_path / "config" / "gitant" / "keys" / "me.json").exists()


def test_a_device_is_enrolled_writes_and_is_ended(
    gitant: Command, node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITANT_TOKEN", node.token)
    me = said(gitant, "new", "--name", "kay", "--node", node.url, "--recovery", tmp_path / "paper")
    laptop = said(gitant, "new", "--device", "--key", "laptop")
    line = said(gitant, "enroll", laptop["did"])["certificate"]
    assert gitant("identity", "import", line, "--key", "laptop").out == f"laptop.json acts for {me['did']}\n"
    monkeypatch.delenv("GITANT_TOKEN")

    repo = repo_on(node, "identity-a")
    by = signer(laptop["key"])
    issue = write(node, by, repo, "issue.opened.v1", IssueOpened(title="From the train", number=1))
    assert (issue["author"], issue["device"]) == (me["did"], key_of(laptop["did"]).hex())
    late = write(node, by, repo, "comment.added.v1", CommentAdded(body="after the theft"), issue["id"])
    where = ("--repo", repo, "--cut", issue["id"], "--url", node.url)
    (ended,) = said(gitant, "revoke", laptop["did"], *where)
    assert ended["device"] == laptop["did"]
    with Api(Target(node.url)) as api:
        assert api.get(f"/api/v1/events/{issue['id']}")["verdict"] == "accepted"
        found = api.get(f"/api/v1/events/{late['id']}")
        assert (found["verdict"], found["reason"]) == ("void", "device-revoked")
    with pytest.raises(ApiProblem, match="was revoked") as refused:
        write(node, by, repo, "comment.added.v1", CommentAdded(body="once more"), issue["id"])
    assert refused.value.status == 403


def test_a_device_that_is_ended_for_the_node_writes_nowhere(
    gitant: Command, node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITANT_TOKEN", node.token)
    me = said(gitant, "new", "--name", "moe", "--node", node.url, "--recovery", tmp_path / "paper")
    monkeypatch.delenv("GITANT_TOKEN")
    laptop = said(gitant, "new", "--device", "--key", "laptop")
    line = said(gitant, "enroll", laptop["did"], "--announce", node.url)["certificate"]
    gitant("identity", "import", line, "--key", "laptop")
    with Api(Target(node.url)) as api:
        assert len(api.get(f"/api/v1/agents/resolve/{me['did']}")["verificationMethod"]) == 2
    repo = repo_on(node, "identity-d")
    write(node, signer(laptop["key"]), repo, "issue.opened.v1", IssueOpened(title="Mine", number=1))
    assert said(gitant, "revoke", laptop["did"], "--announce", node.url) == []
    with pytest.raises(ApiProblem, match="ended the device"):
        write(node, signer(laptop["key"]), repo, "issue.opened.v1", IssueOpened(title="Mine", number=2))


def test_who_lost_the_root_key_goes_on_with_the_recovery_key(
    gitant: Command, node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITANT_TOKEN", node.token)
    me = said(gitant, "new", "--name", "lou", "--node", node.url, "--recovery", tmp_path / "paper")
    phone = said(gitant, "new", "--device", "--key", "phone")
    gitant("identity", "import", said(gitant, "enroll", phone["did"])["certificate"], "--key", "phone")
    monkeypatch.delenv("GITANT_TOKEN")
    repo, other = repo_on(node, "identity-b"), repo_on(node, "identity-c")
    issue = write(node, signer(phone["key"]), repo, "issue.opened.v1", IssueOpened(title="Mine", number=1))
    Path(me["key"]).unlink()

    told = said(
        gitant, "recover", "--recovery", tmp_path / "paper", "--lost", phone["did"], "--key", "new", "--url", node.url
    )
    assert [row["id"] for row in told["revoked"]] == [repo] != [other]
    with pytest.raises(ApiProblem, match="was revoked"):
        write(node, signer(phone["key"]), repo, "comment.added.v1", CommentAdded(body="x"), issue["id"])
    again = write(node, signer(told["key"]), repo, "comment.added.v1", CommentAdded(body="Me again"), issue["id"])
    assert (again["author"], again["verdict"]) == (me["did"], "accepted")
    # It was given the power to end plain devices, and no more.
    assert said(gitant, "show", "new")["certificates"][0]["may"] == "write, end devices"
    assert gitant("identity", "enroll", phone["did"], "--key", "new").code == 1


def test_a_key_file_keeps_its_secret(gitant: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = gitant("identity", "new", "--key", "me")
    assert made.code == 0
    path = tmp_path / "config" / "gitant" / "keys" / "me.json"
    assert path.stat().st_mode & 0o777 == 0o600
    key = keyfile.read(path)
    seed = key.unlock(PASSPHRASE.encode)
    assert key.did == seed.did
    line = made.out.splitlines()[-1]
    assert line.startswith("gitant-recovery:")
    assert line not in path.read_text()
    with pytest.raises(Forbidden, match="passphrase"):
        key.unlock(lambda: b"wrong horse")
    written = json.loads(path.read_text())
    path.write_text(json.dumps({**written, "did": "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"}))
    with pytest.raises(Forbidden, match="passphrase"):
        keyfile.read(path).unlock(PASSPHRASE.encode)
    path.write_text(json.dumps({**written, "secret": {**written["secret"], "n": 1 << 30}}))
    with pytest.raises(InvalidInput, match="no key file"):
        keyfile.read(path)
    assert gitant("identity", "new", "--key", "me").code == 1
    monkeypatch.delenv("GITANT_KEY_PASSPHRASE")
    unasked = gitant("identity", "new", "--key", "robot")
    assert (unasked.code, "GITANT_KEY_PASSPHRASE" in unasked.err) == (1, True)


def test_a_plain_key_is_said_and_not_taken_from_others(gitant: Command, tmp_path: Path) -> None:
    made = gitant("identity", "new", "--device", "--key", "robot", "--no-passphrase")
    assert "is not sealed" in made.err
    path = tmp_path / "config" / "gitant" / "keys" / "robot.json"
    assert keyfile.read(path).unlock(pytest.fail).did in made.out
    path.chmod(0o644)
    with pytest.raises(Forbidden, match="others can read"):
        keyfile.read(path)
    assert "others can read" in gitant("identity", "list").out
    assert (
        gitant("identity", "enroll", "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", "--key", path).code
        == 1
    )


def test_a_passphrase_comes_by_a_file_descriptor(gitant: Command, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"other horse\n")
    os.close(writing)
    assert gitant("identity", "new", "--device", "--passphrase-fd", str(reading)).code == 0
    os.close(reading)
    found = keyfile.read(tmp_path / "config" / "gitant" / "keys" / "me.json")
    assert found.unlock(lambda: b"other horse").did == found.did


def test_only_what_is_signed_is_a_certificate(gitant: Command, tmp_path: Path) -> None:
    me = said(gitant, "new", "--recovery", tmp_path / "paper")
    laptop = said(gitant, "new", "--device", "--key", "laptop")
    line = said(gitant, "enroll", laptop["did"], "--manage", "--repo", "ab" * 32)["certificate"]
    assert chain_of(line)
    shown = said(gitant, "show", line)
    assert (shown["device"], shown["principal"]) == (laptop["did"], me["did"])
    assert (shown["may"], shown["repository"], shown["signed_by"]) == ("write, end devices", "ab" * 32, "the root key")
    for wrong in (line[:-4], line[:60] + "AAAA" + line[64:], "gitant-enrolment:", "gitant-enrolment:AAAA"):
        with pytest.raises(InvalidInput):
            chain_of(wrong)
    assert gitant("identity", "import", line, "--key", "me").code == 1  # it is for another key
    assert gitant("identity", "import", line, "--key", "laptop").code == 0
    assert gitant("identity", "export", "--key", "laptop").out.splitlines() == [laptop["did"], line]
    assert [row["key"] for row in said(gitant, "list")] == ["laptop", "me"]
