"""A node with everything that `pages` asks for: a big repository with some particular files, and very many issues."""

from __future__ import annotations

import random
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final

from benchmarks._git_history import git, repository
from benchmarks._servers import node
from benchmarks._words import Prose
from domain.actor import Actor
from domain.keys import SigningKey
from gitant.writer.opening import open_core
from gitant.writer.request import Request
from storage import keys
from storage.datadir import DataDir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitant.writer.core import WriterCore

VERSION: Final = 1
"""Raised whenever something else is made."""
ENTRIES: Final = 300
FILE_LINES: Final = 3_000
CHANGED_LINES: Final = 1_000
"""Taken out and put in: a diff of twice as many lines."""
COMMENTS: Final = 200
BATCH: Final = 250
_ENTRIES_A_COMMIT: Final = 5
_ITEMS: Final = "- {}\n" * 8
_README: Final = f"# Attic\n\n{{}}\n\n## Use\n\n```python\n{{}}```\n\n{_ITEMS}\n| a | b |\n|---|---|\n| {{}} | {{}} |\n"


def made(keep: Path, objects: int, issues: int) -> Path:
    """The folder of a node with `operator/attic`, filled unless it is there from another time."""
    folder = keep / f"pages-{VERSION}-{objects}-{issues}"
    if folder.exists():
        return folder
    draft = folder.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    _open_issues(draft, issues)
    origin = keep / f"{folder.name}.git"
    shutil.rmtree(origin, ignore_errors=True)
    git("clone", "-q", "--bare", str(repository(keep, objects)), str(origin))
    _commit(origin)
    with node(draft) as (address, token):
        to = f"http://x:{token}@{address[0]}:{address[1]}/operator/attic.git"
        git("-C", str(origin), "push", "-q", to, "main")
        shutil.rmtree(origin)
    draft.rename(folder)
    return folder


def _open_issues(folder: Path, count: int) -> None:
    """A repository with so many issues, the first of them much talked about; written by the node's own writer."""
    data = DataDir(folder)
    data.create()
    core = open_core(data)
    operator = Actor(SigningKey(keys.load_or_create(data.identity_key)).did, operator=True)
    prose = Prose(random.Random(7))
    (repo,) = _ask(core, operator, "repository.create", [{"name": "attic"}])
    labels = [{"repo": repo, "name": name, "color": "aa4400"} for name in ("leak", "wind", "moth")]
    _ask(core, operator, "label.create", labels)
    first = b""
    for start in range(0, count, BATCH):
        each = [
            {"repo": repo, "title": prose.text(7), "body": prose.paragraphs(60), "labels": ["leak"] if n % 3 else []}
            for n in range(start, min(start + BATCH, count))
        ]
        opened = _ask(core, operator, "issue.open", each)
        first = first or opened[0]
    said = [{"repo": repo, "issue": first, "body": _remark(prose, number)} for number in range(COMMENTS)]
    _ask(core, operator, "comment.add", said)
    core.close()


def _ask(core: WriterCore, operator: Actor, command: str, args: list[dict[str, Any]]) -> list[bytes]:
    """The events that came of it."""
    answers = core.execute([Request(command, operator, each) for each in args])
    # Answers: nothing here is refused.
    return [bytes.fromhex(answer.events[-1]) for answer in answers]  # type: ignore[union-attr]


def _remark(prose: Prose, number: int) -> str:
    """As people write: mostly words, now and then a list, some code, a reference."""
    few = f"\n\n- {prose.text(4)}\n- **{prose.text(3)}**\n\nSee #{number + 2}."
    tail = ("", few, "\n\n```python\nreturn None\n```")
    return f"{prose.paragraphs(40)}{tail[number % 3]}"


def _commit(origin: Path) -> None:
    """A folder, a long file and a long change on top of the history, as `git fast-import` takes it."""
    words = ["git", "-C", str(origin), "fast-import", "--quiet", "--force"]
    tip = git("-C", str(origin), "rev-parse", "main").strip()
    with subprocess.Popen(words, stdin=subprocess.PIPE) as importer:
        assert importer.stdin is not None
        for number, files in enumerate(_changes()):
            out = [f"commit refs/heads/main\ncommitter A Person <p@example.org> {1_700_000_000 + number} +0000"]
            out.append(f"data 12\nChange {number:5}" + ("" if number else f"\nfrom {tip}"))
            out += [f"M 100644 inline {path}\ndata {len(text)}\n{text}" for path, text in files.items()]
            importer.stdin.write(("\n".join(out) + "\n\n").encode())
        importer.stdin.close()
        if importer.wait():
            raise SystemExit("git fast-import failed")


def _changes() -> Iterator[dict[str, str]]:
    """What each commit writes."""
    chance = random.Random(11)
    prose = Prose(chance)

    def line() -> str:
        return f"    {prose.text(1)} = {prose.text(1)}({chance.randrange(100)}, '{prose.text(2)}')  # {prose.text(3)}\n"

    readme = _README.format(prose.paragraphs(120), line() * 5, *(prose.text(9) for _ in range(10)))
    yield {"README.md": readme}
    for start in range(0, ENTRIES, _ENTRIES_A_COMMIT):
        yield {f"wide/entry{at:03}.py": line() for at in range(start, start + _ENTRIES_A_COMMIT)}
    kept = [line() for _ in range(FILE_LINES)]
    yield {"long.py": "".join(kept)}
    for at in range(CHANGED_LINES):
        kept[at * 3] = line()
    yield {"long.py": "".join(kept)}
