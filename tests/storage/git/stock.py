"""Stock git as the judge: a bare repository where a reader finds it, git run on it alike everywhere."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.ids import StreamId

if TYPE_CHECKING:
    from pathlib import Path

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "TZ": "UTC",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.invalid",
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.invalid",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
}
DIFF = ("-c", "core.abbrev=7", "-c", "diff.renameLimit=0", "diff", "-M")


@dataclass(frozen=True)
class StockRepo:
    """One bare repository and the id by which a reader of `root` knows it."""

    root: Path
    id: StreamId

    @property
    def path(self) -> Path:
        return self.root / f"{self.id.hex()}.git"

    def git(self, *words: str, stdin: bytes = b"", **environment: str) -> bytes:
        return subprocess.run(
            ("git", "-C", str(self.path), *words),
            input=stdin,
            env=_ENVIRONMENT | environment,
            capture_output=True,
            check=True,
        ).stdout

    def line(self, *words: str, stdin: bytes = b"") -> str:
        return self.git(*words, stdin=stdin).decode().strip()

    def lines(self, *words: str) -> list[str]:
        return self.git(*words).decode().split("\n")[:-1]

    def blob(self, data: bytes) -> str:
        return self.line("hash-object", "-w", "--stdin", stdin=data)

    def tree(self, *entries: tuple[str, str, str]) -> str:
        """Of (mode, name, oid)."""
        kinds = {"040000": "tree", "160000": "commit"}
        lines = (f"{mode} {kinds.get(mode, 'blob')} {oid}\t{name}\0" for mode, name, oid in entries)
        return self.line("mktree", "-z", "--missing", stdin="".join(lines).encode())

    def commit(self, tree: str, *parents: str, message: str = "a commit", at: int = 1_700_000_000) -> str:
        options = [word for parent in parents for word in ("-p", parent)]
        when = f"@{at} +0000"
        return self.git(
            "commit-tree", tree, "-m", message, *options, GIT_AUTHOR_DATE=when, GIT_COMMITTER_DATE=when
        ).decode().strip()  # fmt: skip

    def commit_files(self, files: dict[str, bytes], *parents: str) -> str:
        """A commit with these files at the top."""
        return self.commit(self.tree(*(("100644", name, self.blob(data)) for name, data in files.items())), *parents)


def stock_repo(root: Path, number: int = 1) -> StockRepo:
    repo = StockRepo(root, StreamId(number.to_bytes(32, "big")))
    repo.path.mkdir(parents=True)
    repo.git("init", "--quiet", "--bare", "--initial-branch=main")
    return repo
