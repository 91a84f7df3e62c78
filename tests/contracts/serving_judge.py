"""Repositories with everything in them, and what stock git says that a client of theirs should get."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.storage.git.histories import make_history
from tests.storage.git.stock import EMPTY_TREE, StockRepo, stock_repo
from transport.git.pktline import FLUSH, pkt, split_pkt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from domain.ports_serving import Deepening, ObjectFilter, OutgoingPack

COMMITS = 40
NOWHERE = "e" * 40
DELIM = b"0001"


@dataclass(frozen=True)
class Origin:
    """A bare repository whose packs are several, and what no ref leads to any more."""

    repo: StockRepo
    commits: list[str]
    tips: list[str]
    lost: list[str]
    """Objects that are there and that no ref leads to."""
    scratch: Path
    reached: dict[tuple[str, ...], set[str]] = field(default_factory=dict[tuple[str, ...], set[str]])

    def closure(self, *revs: str, shallow: Sequence[str] = (), filters: Sequence[str] = ()) -> set[str]:
        """The objects that these lead to, as `git rev-list` has it."""
        key = (*revs, "|", *shallow, "|", *filters)
        if key not in self.reached:
            cut = self.scratch / "shallow"
            cut.write_text("".join(f"{oid}\n" for oid in sorted(shallow)))
            words = [f"--filter={each}" for each in filters]
            listed = self.repo.git(
                "--shallow-file", str(cut), "rev-list", "--objects", "--no-object-names", *words, "--stdin",
                stdin="".join(f"{rev}\n" for rev in revs).encode(),
            )  # fmt: skip
            self.reached[key] = set(listed.decode().split())
        return self.reached[key]

    def cut(
        self, wants: Sequence[str], client_shallow: Sequence[str], deepening: Deepening
    ) -> tuple[set[str], set[str]]:
        """(shallow, unshallow) as `git upload-pack` tells them."""
        lines = [f"want {oid}" for oid in wants] + [f"shallow {oid}" for oid in client_shallow]
        if deepening.depth is not None:
            lines.append(f"deepen {deepening.depth}")
        if deepening.since is not None:
            lines.append(f"deepen-since {deepening.since}")
        lines += [f"deepen-not {name}" for name in deepening.excluded]
        lines += ["deepen-relative"] if deepening.relative else []
        body = pkt(b"command=fetch\n") + DELIM + b"".join(pkt(f"{line}\n".encode()) for line in [*lines, "done"])
        answer = self.repo.git("upload-pack", "--stateless-rpc", ".", stdin=body + FLUSH, GIT_PROTOCOL="version=2")
        told: dict[str, set[str]] = {"shallow": set(), "unshallow": set()}
        at = 0
        while not answer.startswith((b"packfile", b"000dpackfile"), at):
            found = (None, at + 4) if answer.startswith(DELIM, at) else split_pkt(answer, at)
            assert found is not None
            line, at = found
            if line is not None and b" " in line:
                word, _, oid = line.decode().strip().partition(" ")
                told[word].add(oid)
        return told["shallow"], told["unshallow"]

    def without_roots(self, commits: set[str] | frozenset[str]) -> set[str]:
        """Git calls a commit shallow that has no parents anyway; whether that is said makes no difference."""
        roots = set(self.repo.lines("rev-list", "--max-parents=0", "--all"))
        return set(commits) - roots

    def sent(self, pack: OutgoingPack) -> tuple[set[str], set[str]]:
        """The objects in a pack, and those that its deltas build on outside of it."""
        data = b"".join(bytes(chunk) for chunk in pack.chunks())
        assert int.from_bytes(data[8:12], "big") == pack.objects
        assert pack.size in {None, len(data)}
        client = self.scratch / "client.git"
        if not client.exists():
            self.repo.git("init", "--quiet", "--bare", str(client))
            (client / "objects/info/alternates").write_text(f"{self.repo.path}/objects\n")
        name = self.scratch / "came.pack"
        for old in self.scratch.glob("came.*"):
            old.unlink()
        self.repo.git(
            "--git-dir", str(client), "index-pack", "--fix-thin", "--stdin", str(name), stdin=data
        )  # fmt: skip
        listed = self.repo.git("show-index", stdin=name.with_suffix(".idx").read_bytes()).decode().splitlines()
        by_offset = sorted((int(line.split()[0]), line.split()[1]) for line in listed)
        oids = [oid for _, oid in by_offset]
        assert len(oids) >= pack.objects
        return set(oids[: pack.objects]), set(oids[pack.objects :])


def words_of(chosen: ObjectFilter) -> list[str]:
    """The filter as git's own options."""
    words: list[str] = []
    if chosen.blob_bytes_max is not None:
        words.append(f"blob:limit={chosen.blob_bytes_max}" if chosen.blob_bytes_max else "blob:none")
    if chosen.tree_depth_max is not None:
        words.append(f"tree:{chosen.tree_depth_max}")
    return words


def make_origin(root: Path, seed: int) -> Origin:
    """A history made up from `seed`, with every sort of ref and object, in several packs."""
    repo = stock_repo(root / "repos", seed + 1)
    (scratch := root / "scratch").mkdir()
    repo.git("config", "uploadpack.allowFilter", "true")
    made = make_history(repo, seed, commits=COMMITS)
    repo.git("repack", "-dq")
    r = random.Random(seed)
    tips = [*made.tips, *_strange_tips(repo, made.commits, r)]
    repo.git("repack", "-dq")
    gone = repo.commit_files({"secret": b"secret %d\n" % seed}, made.commits[-1])
    forced = repo.commit_files({"forced": b"forced away %d\n" % seed}, made.commits[3])
    repo.git("update-ref", "refs/heads/doomed", gone)
    repo.git("update-ref", "refs/heads/forced", forced)
    lost = repo.lines("rev-list", "--objects", "--no-object-names", gone, forced, "--not", *tips)
    repo.git("repack", "-dq")
    repo.git("update-ref", "-d", "refs/heads/doomed")
    repo.git("update-ref", "refs/heads/forced", made.commits[5])
    hidden = repo.commit_files({"private": b"private %d\n" % seed}, made.commits[7])
    repo.git("update-ref", "refs/hidden/private", hidden)
    repo.git("repack", "-dq")
    repo.git("pack-refs", "--all")
    assert len(list((repo.path / "objects/pack").glob("*.pack"))) >= 3
    return Origin(repo, made.commits, [*tips, made.commits[5]], lost, scratch)


def _strange_tips(repo: StockRepo, commits: Sequence[str], r: random.Random) -> list[str]:
    """Refs that are rare, all of which git allows."""
    octopus = repo.commit(repo.line("rev-parse", f"{commits[9]}^{{tree}}"), *dict.fromkeys(r.sample(commits, 5)))
    repo.git("hash-object", "-w", "-t", "tree", "/dev/null")
    empty = repo.commit(EMPTY_TREE, octopus, at=1_700_000_100)
    same = repo.commit(EMPTY_TREE, empty, commits[2], at=1_700_000_200)
    apart = repo.commit_files({"readme": b"another root\n" * 9})
    repo.git("update-ref", "refs/heads/same", same)
    repo.git("update-ref", "refs/heads/apart", apart)
    repo.git("update-ref", "refs/tags/light", commits[4])
    of_blob = repo.blob(b"a blob that only a tag leads to\n")
    of_tree = repo.tree(("100644", "only", repo.blob(b"in a tree that only a tag leads to\n")))
    for name, of in (("v1", commits[8]), ("tree", of_tree), ("blob", of_blob), ("v0", commits[0])):
        repo.git("tag", "--annotate", "--message", name, name, of)
    repo.git("-c", "advice.nestedTag=false", "tag", "--annotate", "--message", "of a tag", "nested", "refs/tags/v1")
    repo.git("update-ref", "refs/odd/blob", repo.blob(b"a blob that a ref is\n"))
    names = ("refs/heads/same", "refs/heads/apart", "refs/tags", "refs/odd")
    return [line.split()[0] for line in repo.lines("for-each-ref", "--format=%(objectname)", *names)]
