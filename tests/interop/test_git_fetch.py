"""Stock git fetches from a node and from a folder: after the same commands both clones hold the same objects."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from dulwich import porcelain
from dulwich.repo import Repo

from tests.contracts.serving_judge import make_origin
from tests.gitant.running import running
from tests.interop.clients import StockGit, ended, make_repo, token_of, url_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.contracts.serving_judge import Origin
    from tests.gitant.running import Node

pytestmark = pytest.mark.slow

SINCE = "--shallow-since=2023-11-14T22:38:20Z"
"""The 25th minute of the history, in which a minute is between two commits."""
STRANGERS = 1_500
"""Commits that only the client has: to name them takes more than the smallest buffer that git lets one set."""


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    made = make_origin(tmp_path_factory.mktemp("origin"), 9)
    for name in ("allowFilter", "allowAnySHA1InWant"):
        made.repo.git("config", f"uploadpack.{name}", "true")
    for ref in made.repo.lines("for-each-ref", "--format=%(refname)", "refs/odd", "refs/hidden"):
        made.repo.git("update-ref", "-d", ref)
    return made


@pytest.fixture(scope="module")
def node(origin: Origin, tmp_path_factory: pytest.TempPathFactory) -> Generator[Node]:
    with running(tmp_path_factory.mktemp("fetch") / "node") as node:
        make_repo(node, "varied")
        origin.repo.git(
            "push", "--quiet", url_of(node, "varied"), "refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*"
        )
        yield node


@pytest.fixture
def git(tmp_path: Path) -> StockGit:
    return StockGit(tmp_path)


@pytest.fixture
def urls(node: Node, origin: Origin) -> dict[str, str]:
    return {"ours": url_of(node, "varied", operator=False), "theirs": f"file://{origin.repo.path}"}


def state_of(copy: StockGit) -> tuple[list[str], str, list[str]]:
    """Objects, refs, and where the history is cut: not at a commit without parents, which git calls cut, too."""
    objects = copy("cat-file", "--batch-all-objects", "--batch-check=%(objectname)", "--unordered").split()
    shallow = copy.folder / ".git/shallow"
    ends = sorted(shallow.read_text().split()) if shallow.exists() else []
    return sorted(objects), copy("for-each-ref"), [oid for oid in ends if "\nparent " in copy("cat-file", "-p", oid)]


def alike(git: StockGit, urls: dict[str, str], clone: str, *fetches: str) -> StockGit:
    """Clone and fetch from both; the copy of ours, which is as whole as it says and like theirs."""
    copies = {}
    for name, url in urls.items():
        git("clone", "--quiet", "--no-checkout", *clone.split(), url, name)
        copies[name] = git.at(git.folder / name)
        for fetch in fetches:
            copies[name]("fetch", "--quiet", *fetch.split())
    assert state_of(copies["ours"]) == state_of(copies["theirs"])
    assert (
        copies["ours"]("fsck", "--strict", "--no-dangling")
        == copies["theirs"]("fsck", "--strict", "--no-dangling")
        == ""
    )
    return copies["ours"]


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_clones_in_each_version_of_the_protocol(git: StockGit, urls: dict[str, str], version: str) -> None:
    git("config", "--global", "protocol.version", version)
    alike(git, urls, "--mirror")
    copies = [git.at(git.folder / name) for name in urls]
    listed = [copy("rev-list", "--all", "--objects", "--no-object-names").split() for copy in copies]
    assert sorted(listed[0]) == sorted(listed[1])


@pytest.mark.parametrize(
    ("version", "clone", "fetches"),
    [
        ("2", "--depth=1", ["--depth=4", "--deepen=2", "--depth=3", "--unshallow"]),
        ("2", "--depth=2 --no-single-branch", ["--deepen=1"]),
        ("2", SINCE, ["--unshallow"]),
        ("2", "--shallow-exclude=v1", ["--shallow-exclude=light", "--depth=2147483647"]),
        ("2", "--filter=blob:limit=100", ["origin refs/heads/*:refs/remotes/origin/*"]),
        ("2", "--filter=tree:1 --single-branch", []),
        ("2", "--filter=combine:blob:none+tree:3 --depth=5", []),
        ("0", "--depth=1", ["--depth=4", "--deepen=2", "--unshallow"]),
        ("0", "--shallow-exclude=v1", [SINCE]),
        ("0", "--filter=blob:none", []),
    ],
)
def test_parts_of_a_history(git: StockGit, urls: dict[str, str], version: str, clone: str, fetches: list[str]) -> None:
    git("config", "--global", "protocol.version", version)
    alike(git, urls, clone, *fetches)


def test_files_come_when_they_are_looked_at(git: StockGit, urls: dict[str, str], origin: Origin) -> None:
    copy = alike(git, urls, "--filter=blob:none")
    held = len(state_of(copy)[0])
    copy("reset", "--quiet", "--hard", "origin/main")
    assert copy("status", "--porcelain") == ""
    assert len(state_of(copy)[0]) > held
    assert copy("rev-parse", "HEAD^{tree}") == origin.repo.git("rev-parse", "main^{tree}").decode()
    copy("log", "--all", "--patch", "--format=%s")  # asks for each file of the past


def test_objects_by_their_names(git: StockGit, urls: dict[str, str], origin: Origin) -> None:
    tree = origin.repo.line("rev-parse", f"{origin.commits[11]}^{{tree}}")
    alike(git, urls, "--depth=1 --branch=apart", f"origin {origin.commits[7]}", f"--depth=1 origin {tree}")


def test_a_fetch_after_others_have_pushed_brings_that_and_no_more(
    node: Node, git: StockGit, urls: dict[str, str], origin: Origin
) -> None:
    url = url_of(node, "varied")
    git("clone", "--quiet", url, "work")
    copy = alike(git, urls, "--mirror")
    held = set(state_of(copy)[0])
    work = git.at(git.folder / "work")
    work("checkout", "--quiet", "-b", "grown", "origin/apart")
    tips = [work.commit("grown", f"{number}\n" * 40) for number in range(3)]
    work("push", "--quiet", "origin", "grown", "grown~2:refs/heads/moved")
    copy("fetch", "--quiet", "--prune")
    fresh = set(state_of(copy)[0]) - held
    assert len(fresh) == 9
    assert set(tips) < fresh
    work("push", "--quiet", "--force", "origin", "origin/main:grown", ":moved")
    copy("fetch", "--quiet", "--prune")
    assert tips[2] not in copy("for-each-ref")
    work("push", "--quiet", "origin", ":grown")
    copy("fetch", "--quiet", "--prune")
    assert copy("for-each-ref") == git.at(git.folder / "theirs")("for-each-ref")


def test_what_is_said_of_refs(git: StockGit, urls: dict[str, str]) -> None:
    for options, patterns in (
        (["--symref"], []),
        (["--heads", "-o", "word", "-o", "another"], []),
        (["--tags"], []),
        (["--refs"], []),
        ([], ["v*", "HEAD"]),
    ):
        ours, theirs = (git("ls-remote", *options, url, *patterns) for url in urls.values())
        assert ours == theirs != "", options


def test_what_both_have_is_found_out_without_a_fetch(git: StockGit, urls: dict[str, str], origin: Origin) -> None:
    git("clone", "--quiet", "--no-checkout", urls["ours"], "copy")
    copy = git.at(git.folder / "copy")
    mine = copy("commit-tree", "-m", "mine", "-p", origin.commits[-1], "HEAD^{tree}").strip()
    asking = ("fetch", "--negotiate-only", f"--negotiation-tip={mine}")
    copy("remote", "add", "theirs", urls["theirs"])
    ours = copy(*asking, "origin").split()
    assert origin.commits[-1] in ours
    assert ours == copy(*asking, "theirs").split()


@pytest.mark.parametrize(
    ("version", "buffer", "sent"),
    [("0", 65_536, "Transfer-Encoding: chunked"), ("2", 65_536, "Transfer-Encoding: chunked"),
     ("0", 1 << 20, "Content-Encoding: gzip"), ("2", 1 << 20, "Content-Encoding: gzip")],
)  # fmt: skip
def test_many_commits_that_only_the_client_has(
    git: StockGit, urls: dict[str, str], origin: Origin, version: str, buffer: int, sent: str
) -> None:
    """Large requests, in chunks or gzipped, over several rounds on one connection."""
    git("clone", "--quiet", "--no-checkout", "--single-branch", "--branch=apart", urls["ours"], "copy")
    copy = git.at(git.folder / "copy")
    person = "A <a@example.invalid> 1800000000 +0000"
    lines = [f"commit refs/heads/mine\ncommitter {person}\ndata 5\nn{number:04}\n" for number in range(STRANGERS)]
    origin.repo.git("--git-dir", f"{copy.folder}/.git", "fast-import", "--quiet", stdin="".join(lines).encode())
    words = (
        "-c",
        f"protocol.version={version}",
        "-c",
        f"http.postBuffer={buffer}",
        "fetch",
        "--quiet",
        "origin",
        "main",
    )
    fetching = ended(copy.start(*words, GIT_TRACE_CURL="1", GIT_TRACE_CURL_NO_DATA="1"))
    assert fetching.returncode == 0, fetching.stderr
    assert copy("rev-parse", "FETCH_HEAD").strip() == origin.repo.line("rev-parse", "main")
    assert copy("fsck", "--strict", "--no-dangling") == ""
    assert sent in fetching.stderr
    assert "Re-using existing connection" in fetching.stderr
    assert fetching.stderr.count("Connected to") == 1


def test_a_fetch_that_was_killed_is_done_again(git: StockGit, urls: dict[str, str]) -> None:
    git("init", "--quiet", "--bare", "copy")
    copy = git.at(git.folder / "copy")
    refspec = "refs/*:refs/*"
    for _ in range(2):
        fetching = copy.start("fetch", "--progress", urls["ours"], refspec)
        assert fetching.stderr is not None
        assert fetching.stderr.read(1)
        fetching.send_signal(signal.SIGKILL)
        ended(fetching)
        # Killed while it wrote refs, git leaves its locks, and says that a person has to remove them.
        for lock in copy.folder.rglob("*.lock"):
            lock.unlink()
    copy("fetch", "--quiet", urls["ours"], refspec)
    git("clone", "--quiet", "--mirror", urls["theirs"], "theirs")
    assert state_of(copy)[1] == state_of(git.at(git.folder / "theirs"))[1]
    assert copy("fsck", "--strict", "--connectivity-only") == ""


def test_a_credential_helper_is_asked_when_it_must_be(node: Node, git: StockGit) -> None:
    make_repo(node, "closed", private=True)
    git.work_tree("work")("push", "--quiet", url_of(node, "closed"), "main")
    url = url_of(node, "closed", operator=False)
    assert "could not read Username" in git.run("clone", "--quiet", url, "without").stderr
    helper = git.folder / "helper"
    helper.write_text(
        f'#!/bin/sh\necho "$1" >> {git.folder}/asked\n'
        f'[ "$1" = get ] && echo username=a && echo password={token_of(node)}\n'
    )
    helper.chmod(0o700)
    git("-c", f"credential.helper={helper}", "clone", "--quiet", url, "with")
    assert (git.folder / "asked").read_text().split() == ["get", "store"]


def test_dulwich_as_a_client(git: StockGit, urls: dict[str, str], origin: Origin) -> None:
    with porcelain.clone(urls["ours"], str(git.folder / "copy"), bare=True, errstream=porcelain.NoneStream()) as repo:
        assert isinstance(repo, Repo)
    git("clone", "--quiet", "--mirror", urls["theirs"], "theirs")
    copy = git.at(git.folder / "copy")
    listed = ("rev-list", "--all", "--objects", "--no-object-names")
    assert sorted(copy(*listed).split()) == sorted(git.at(git.folder / "theirs")(*listed).split())
    assert copy("fsck", "--strict", "--no-dangling") == ""
