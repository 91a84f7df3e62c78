"""Makes `<name>.tar.gz`: the data folder of a node of the version that is checked out, and what that node said of it.

    git worktree add ../older 101d5d4 && ln -s "$PWD/.venv" ../older/.venv
    cd ../older && PYTHONPATH=. .venv/bin/python <this file> first

It is run with the code of the older version, and its output is kept for ever: `test_older_folders.py` opens it with
ours. The folder has some of everything in it, a purged payload, and views and refs as that node left them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tests.gitant.running import running
from tests.gitant.varied import fill
from tests.house.tree import BIN
from tests.interop.clients import asking


def main(name: str) -> None:
    """Fill a node, stop it, note what it says of itself, and pack both."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "node"
        work = Path(scratch) / "work"
        work.mkdir()
        with running(folder) as node:
            fill(node, work)
            assert node.end() == 0
        with running(folder, "--redaction-delay-days", "0") as node:
            with asking(node) as client:  # the first write after a start lets the node purge what is due
                assert client.post("/api/v1/repos/attic/issues", json={"title": "Last"}).is_success
            assert node.end() == 0
        (Path(scratch) / "said.json").write_text(json.dumps(_said(folder), indent=1))
        with tarfile.open(Path(__file__).with_name(f"{name}.tar.gz"), "w:gz", compresslevel=9) as archive:
            archive.add(folder, "node")
            archive.add(Path(scratch) / "said.json", "said.json")


def _said(folder: Path) -> dict[str, object]:
    """The digests of every stream, what a check of the log counted, and the refs of every repository."""
    refs = {
        repo.name: subprocess.run(
            ["git", "-C", repo, "for-each-ref"], check=True, capture_output=True, text=True
        ).stdout
        for repo in sorted((folder / "repos").iterdir())
    }
    return {"digest": _asked(folder, "digest"), "verify": _asked(folder, "verify"), "refs": refs}


def _asked(folder: Path, command: str) -> object:
    words = [str(BIN / "gitant"), command, "--json", "--data-dir", str(folder)]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main(sys.argv[1])
