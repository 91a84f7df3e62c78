"""A small history made by stock git, pushed through the API as a pack."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.storage.git.stock import stock_repo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.client import Client
    from tests.storage.git.stock import StockRepo

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
SCRIPT = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>\n"
NESTED = "docs/deep/er/read me.txt"


@dataclass
class History:
    """Three commits on main, a branch `feature/x` on the second, a tag `v1` on the first."""

    repo: str
    stock: StockRepo
    first: str
    second: str
    third: str


def make_history(stock: StockRepo) -> History:
    """Commits with a nested file, a picture, a script, a rename and a change."""

    def tree(readme: bytes, name: str) -> str:
        text = stock.blob(b"".join(b"line %d\n" % number for number in range(40)))
        inner = stock.tree(("040000", "er", stock.tree(("100644", "read me.txt", text))))
        docs = stock.tree(("040000", "deep", inner))
        return stock.tree(
            ("100644", "README.md", stock.blob(readme)),
            ("040000", "docs", docs),
            ("100644", name, stock.blob(b"".join(b"fixed %d\n" % number for number in range(30)))),
            ("100644", "picture.png", stock.blob(PNG)),
            ("100644", "picture.svg", stock.blob(SCRIPT)),
            ("100644", "latin.txt", stock.blob(b"caf\xe9\n")),
        )

    first = stock.commit(tree(b"hello\n", "old.txt"), message="Begin\n\nWith a body.")
    second = stock.commit(tree(b"hello\nworld\n", "old.txt"), first, at=1_700_000_100)
    third = stock.commit(tree(b"hello\nworld\n", "new.txt"), second, at=1_700_000_200)
    return History("", stock, first, second, third)


def pack_of(stock: StockRepo, *tips: str) -> str:
    """A pack of everything reachable from `tips`, in base64."""
    pack = stock.git("pack-objects", "--stdout", "--revs", "--quiet", stdin="\n".join(tips).encode() + b"\n")
    return base64.b64encode(pack).decode()


def push_history(api: Client, repo: str, folder: Path) -> History:
    """Make the history and push it to `repo`."""
    made = make_history(stock_repo(folder))
    updates = [
        {"name": "refs/heads/main", "new_hash": made.third},
        {"name": "refs/heads/feature/x", "new_hash": made.second},
        {"name": "refs/tags/v1", "new_hash": made.first},
    ]
    packfile = pack_of(made.stock, made.third)
    api.post(f"{repo}/push-packfile", {"packfile": packfile, "ref_updates": updates}, expect=200)
    made.repo = repo
    return made
