"""Stock git pushes: branches, tags, deletes, atomic and forced ones, large ones, refused ones."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from domain.errors import Conflict, Unavailable
from domain.ports_git import ZERO_OID
from tests.transport.git import raw
from tests.transport.git.gate import REPO
from transport.git.limits import GitLimits
from transport.git.pktline import FLUSH, pkt

if TYPE_CHECKING:
    from tests.transport.git.conftest import Node

pytestmark = pytest.mark.slow


def test_a_branch_is_pushed_and_cloned_back(node: Node) -> None:
    work = node.work()
    tip = node.git("rev-parse", "HEAD", cwd=work)
    done = node.run("push", "origin", "main", cwd=work)
    assert done.returncode == 0, done.stderr
    assert "[new branch]      main -> main" in done.stderr
    assert node.store.refs(REPO) == {"refs/heads/main": tip}
    node.git("clone", "--quiet", node.anonymous_url, "copy")
    copy = node.home / "copy"
    assert node.git("rev-parse", "HEAD", cwd=copy) == tip
    assert node.git("symbolic-ref", "HEAD", cwd=copy) == "refs/heads/main"
    assert (copy / "README.md").read_text() == "hello\n"
    assert node.git("fsck", "--strict", cwd=copy) == ""


def test_nothing_of_a_push_stays_in_quarantine(node: Node) -> None:
    work = node.work()
    node.git("push", "--quiet", "origin", "main", cwd=work)
    assert list((node.repo / "quarantine").iterdir()) == []
    assert sorted(path.suffix for path in (node.repo / "objects" / "pack").iterdir()) == [".idx", ".pack"]


def test_a_second_push_is_thin_and_moves_the_branch(node: Node) -> None:
    work = node.work()
    text = "".join(f"{number} {random.Random(number).random()}\n" for number in range(2_000))
    node.commit(work, "long", text)
    node.git("push", "--quiet", "origin", "main", cwd=work)
    tip = node.commit(work, "long", text.replace("1000 ", "one thousand "))
    node.git("push", "--quiet", "origin", "main", cwd=work)
    assert node.store.refs(REPO) == {"refs/heads/main": tip}
    assert node.git("fsck", "--strict", "--full", cwd=node.repo) == ""


def test_tags_light_and_annotated(node: Node) -> None:
    work = node.work()
    node.git("tag", "light", cwd=work)
    node.git("tag", "--annotate", "--message", "one", "v1", cwd=work)
    node.git("push", "--quiet", "origin", "main", "--tags", cwd=work)
    tip, tag = node.git("rev-parse", "main", "v1", cwd=work).split()
    assert node.store.refs(REPO) == {"refs/heads/main": tip, "refs/tags/light": tip, "refs/tags/v1": tag}
    assert node.git("ls-remote", node.anonymous_url, "v1*").split() == [
        tag,
        "refs/tags/v1",
        tip,
        "refs/tags/v1^{}",
    ]


def test_deleting_a_branch_needs_no_pack(node: Node) -> None:
    work = node.work()
    node.git("push", "--quiet", "origin", "main", "main:old", cwd=work)
    before = node.listing()
    node.git("push", "--quiet", "origin", "--delete", "old", cwd=work)
    assert list(node.store.refs(REPO)) == ["refs/heads/main"]
    assert node.listing() == before


def test_a_branch_gives_way_to_a_folder_of_branches(node: Node) -> None:
    work = node.work()
    node.git("push", "--quiet", "origin", "main", "main:a", cwd=work)
    refused = node.run("push", "origin", "main:a/b", cwd=work)
    assert "git cannot keep both" in refused.stderr
    node.git("push", "--quiet", "origin", ":a", "main:a/b", cwd=work)
    assert sorted(node.store.refs(REPO)) == ["refs/heads/a/b", "refs/heads/main"]


def test_a_ref_to_an_object_that_is_here_already(node: Node) -> None:
    work = node.work()
    node.git("push", "--quiet", "origin", "main", cwd=work)
    before = node.listing()
    node.git("push", "--quiet", "origin", "main:again", cwd=work)
    assert len(set(node.store.refs(REPO).values())) == 1
    assert node.listing() == before


def test_a_forced_push_goes_back(node: Node) -> None:
    work = node.work()
    first = node.git("rev-parse", "HEAD", cwd=work)
    node.commit(work, "more", "more\n")
    node.git("push", "--quiet", "origin", "main", cwd=work)
    node.git("reset", "--quiet", "--hard", first, cwd=work)
    assert "non-fast-forward" in node.run("push", "origin", "main", cwd=work).stderr
    node.git("push", "--quiet", "--force", "origin", "main", cwd=work)
    assert node.store.refs(REPO) == {"refs/heads/main": first}


def test_one_refused_ref_does_not_stop_the_others(node: Node) -> None:
    work = node.work()
    node.gate.protected.add("refs/heads/stable")
    done = node.run("push", "origin", "main", "main:stable", cwd=work)
    assert done.returncode == 1
    assert "[remote rejected] main -> stable (the branch is protected)" in done.stderr
    assert list(node.store.refs(REPO)) == ["refs/heads/main"]


def test_one_refused_ref_stops_an_atomic_push(node: Node) -> None:
    work = node.work()
    node.gate.protected.add("refs/heads/stable")
    before = node.listing()
    done = node.run("push", "--atomic", "origin", "main", "main:stable", cwd=work)
    assert "[remote rejected] main -> stable (the branch is protected)" in done.stderr
    assert "[remote rejected] main -> main (atomic push failed)" in done.stderr
    assert node.store.refs(REPO) == {}
    assert node.listing() == before


def test_a_ref_refused_by_name_stops_an_atomic_push_before_the_gate(node: Node) -> None:
    work = node.work()
    done = node.run("push", "--atomic", "origin", "main", "main:refs/pull/1/head", cwd=work)
    assert "main -> refs/pull/1/head (only refs/heads/" in done.stderr
    assert "main -> main (refused because the push is atomic" in done.stderr
    assert node.gate.pushes == []


def test_an_atomic_push_that_pleases_is_told_as_atomic(node: Node) -> None:
    work = node.work()
    node.git("push", "--quiet", "--atomic", "origin", "main", "main:b", cwd=work)
    assert [(len(commands), atomic) for commands, atomic in node.gate.pushes] == [(2, True)]


def test_refs_that_nobody_may_write(node: Node) -> None:
    work = node.work()
    for ref in ("refs/pull/1/head", "refs/diverged/main/1234", "refs/notes/commits", "refs/meta/config"):
        done = node.run("push", "origin", f"main:{ref}", cwd=work)
        assert f"main -> {ref} (only refs/heads/" in done.stderr
    assert node.store.refs(REPO) == {}


def test_a_stale_old_value_is_told(node: Node) -> None:
    """The client learns the refs, then another push comes first: nothing is lost, and it is said."""
    work = node.work()
    node.git("push", "--quiet", "origin", "main", cwd=work)
    stale = node.git("rev-parse", "HEAD", cwd=work)
    other = node.work("other")
    theirs = node.commit(other, "theirs", "theirs\n")
    node.git("push", "--quiet", "--force", "origin", "main", cwd=other)
    lease = f"--force-with-lease=main:{stale}"
    node.commit(work, "mine", "mine\n")
    assert "stale info" in node.run("push", lease, "origin", "main", cwd=work).stderr
    assert node.store.refs(REPO) == {"refs/heads/main": theirs}


def test_a_push_over_a_mebibyte_probes_first_and_comes_in_chunks(node: Node) -> None:
    work = node.work()
    (work / "noise").write_bytes(random.Random(1).randbytes(3 << 20))
    tip = node.commit(work, "more", "more\n")
    node.git("push", "--quiet", "origin", "main", cwd=work)
    assert node.store.refs(REPO) == {"refs/heads/main": tip}
    node.git("clone", "--quiet", node.anonymous_url, "copy")
    assert (node.home / "copy" / "noise").read_bytes() == (work / "noise").read_bytes()


def test_many_refs_at_once(node: Node) -> None:
    work = node.work()
    tip = node.git("rev-parse", "HEAD", cwd=work)
    lines = [f"create refs/tags/t{number} {tip}\n" for number in range(600)]
    assert node.run("update-ref", "--stdin", cwd=work, data="".join(lines).encode()).returncode == 0
    node.git("push", "--quiet", "origin", "main", "--tags", cwd=work)
    assert len(node.store.refs(REPO)) == 601
    assert len(node.git("ls-remote", node.anonymous_url).splitlines()) == 602
    node.git("clone", "--quiet", "--mirror", node.anonymous_url, "copy.git")
    assert len(node.git("for-each-ref", cwd=node.home / "copy.git").splitlines()) == 601


def test_a_shallow_clone_may_push(node: Node) -> None:
    work = node.work()
    node.commit(work, "second", "second\n")
    node.git("push", "--quiet", "origin", "main", cwd=work)
    node.git("clone", "--quiet", "--depth", "1", node.url, "shallow")
    tip = node.commit(node.home / "shallow", "third", "third\n")
    node.git("push", "--quiet", "origin", "main", cwd=node.home / "shallow")
    assert node.store.refs(REPO) == {"refs/heads/main": tip}


def test_a_branch_that_would_not_point_to_a_commit(node: Node) -> None:
    work = node.work()
    done = node.run("push", "origin", "main^{tree}:refs/heads/tree", cwd=work)
    assert done.returncode == 1
    assert node.store.refs(REPO) == {}


def test_an_archived_repository_takes_nothing(node: Node) -> None:
    work = node.work()
    before = node.listing()
    node.gate.archived = True
    done = node.run("push", "origin", "main", cwd=work)
    assert done.returncode == 1
    assert "! [remote rejected] main -> main (the repository is archived)" in done.stderr
    assert node.gate.pushes == []
    assert node.listing() == before


def test_a_fault_of_the_writer_is_told_for_each_ref_and_leaves_nothing(node: Node) -> None:
    work = node.work()
    before = node.listing()
    node.gate.fault = Conflict("the repository was archived meanwhile", hint="unarchive it first")
    done = node.run("push", "origin", "main", cwd=work)
    assert "main -> main (the repository was archived meanwhile)" in done.stderr
    assert "remote: unarchive it first" in done.stderr
    assert node.listing() == before


def test_objects_stay_while_the_outcome_is_in_doubt(node: Node) -> None:
    work = node.work()
    node.gate.fault = Unavailable("the writer is gone")
    done = node.run("push", "origin", "main", cwd=work)
    assert "main -> main (the writer is gone)" in done.stderr
    (leftover,) = node.store.leftovers(REPO)
    assert leftover.finished
    assert leftover.tips == (node.git("rev-parse", "HEAD", cwd=work),)


def test_a_push_needs_the_password(node: Node) -> None:
    work = node.work()
    done = node.run("push", node.anonymous_url, "main", cwd=work)
    assert done.returncode != 0
    assert "could not read Username" in done.stderr
    wrong = node.run("push", f"http://x:wrong@127.0.0.1:{node.port}/operator/demo.git", "main", cwd=work)
    assert "Authentication failed" in wrong.stderr
    reader = node.run("push", f"http://x:reader@127.0.0.1:{node.port}/operator/demo.git", "main", cwd=work)
    assert "only the operator may push" in reader.stderr
    assert "remote: ask the operator" in reader.stderr


def test_what_the_gate_is_asked(node: Node) -> None:
    work = node.work()
    tip = node.git("rev-parse", "HEAD", cwd=work)
    node.git("push", "--quiet", "origin", "main", cwd=work)
    ((commands, atomic),) = node.gate.pushes
    assert [(command.ref, command.old, command.new) for command in commands] == [("refs/heads/main", ZERO_OID, tip)]
    assert not atomic


def test_push_options_are_told_to_be_unknown(node: Node) -> None:
    work = node.work()
    done = node.run("push", "-o", "ci.skip", "-o", "topic=a\u00e4", "origin", "main", "main:old", cwd=work)
    assert done.returncode == 0, done.stderr
    assert "remote: the push option “ci.skip” is not known here" in done.stderr
    assert "remote: the push option “topic=a\u00e4” is not known here" in done.stderr
    gone = node.run("push", "-o", "late", "origin", "--delete", "old", cwd=work)
    assert gone.returncode == 0, gone.stderr
    assert gone.stderr.count("remote: ") == 1
    assert list(node.store.refs(REPO)) == ["refs/heads/main"]


def test_push_options_within_bounds_and_beyond(node: Node) -> None:
    work = node.work()
    tip = node.git("rev-parse", "HEAD", cwd=work)
    node.git("push", "--quiet", "origin", "main", "main:b", cwd=work)
    limits = GitLimits()
    words = "report-status-v2 push-options"
    start = raw.commands(("refs/heads/main", ZERO_OID, tip), capabilities=words)
    one = pkt(b"x" * limits.push_option_bytes_max)
    long = pkt(b"x" * (limits.push_option_bytes_max + 1))
    for section in (b"", b"00", one, long + FLUSH, one * (limits.push_options_max + 1) + FLUSH):
        assert raw.post(node, start + section).status in {400, 413}
    assert len(node.store.refs(REPO)) == 2
    assert raw.report(raw.post(node, start + FLUSH).body) == ["unpack ok", "ok refs/heads/main"]
    start = raw.commands(("refs/heads/b", ZERO_OID, tip), capabilities=words)
    answer = raw.post(node, start + one * limits.push_options_max + FLUSH)
    assert raw.report(answer.body) == ["unpack ok", "ok refs/heads/b"]
    assert node.store.refs(REPO) == {}


def test_a_mirror_is_pushed_and_follows(node: Node) -> None:
    work = node.work()
    node.git("tag", "v1", cwd=work)
    node.git("branch", "old", cwd=work)
    node.git("push", "--quiet", "--mirror", node.url, cwd=work)
    assert sorted(node.store.refs(REPO)) == ["refs/heads/main", "refs/heads/old", "refs/tags/v1"]
    node.git("branch", "--delete", "--force", "old", cwd=work)
    node.git("commit", "--quiet", "--amend", "--message", "again", cwd=work)
    node.git("push", "--quiet", "--mirror", node.url, cwd=work)
    tip, tag = node.git("rev-parse", "main", "v1", cwd=work).split()
    assert node.store.refs(REPO) == {"refs/heads/main": tip, "refs/tags/v1": tag}


def test_symbolic_links_that_git_does_not_follow_are_taken(node: Node) -> None:
    """Since 2.32 git opens these without following; what it takes as harmless is not refused here."""
    work = node.work()
    for name in (".gitattributes", ".gitignore", ".mailmap"):
        (work / name).symlink_to("README.md")
    tip = node.commit(work, "more", "more\n")
    node.git("push", "--quiet", "origin", "main", cwd=work)
    assert node.store.refs(REPO) == {"refs/heads/main": tip}
