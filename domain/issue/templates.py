"""Issue templates as repositories hold them: Markdown behind a few lines that say what it is for.

    ---
    name: Bug
    about: Something does not work
    title: "Bug: "
    labels: [bug, "help wanted"]
    assignees: kay
    ---
    What did you do?

The lines are the part of YAML that such files use: texts, quoted or not, and lists of them. What is not understood is
passed over, for a template that is a little off is better than none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from domain.limits import ASSIGNEES_PER_CHANGE_MAX, LABELS_PER_CHANGE_MAX, TITLE_CHARS_MAX
from domain.words import characters_problem, line_problem

FOLDERS: Final = tuple(
    f"{home}/{name}"
    for home in (".gitant", ".forgejo", ".gitea", ".github")
    for name in ("ISSUE_TEMPLATE", "issue_template")
)
"""Where templates are looked for: the first of these that has any is the one."""
SUFFIX: Final = ".md"
TEMPLATES_MAX: Final = 50
TEMPLATE_BYTES_MAX: Final = 64 << 10
_FENCE: Final = re.compile(r"---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_PAIR: Final = re.compile(r"([A-Za-z_]+)[ \t]*:(?:[ \t]+(.*))?")
_ITEM: Final = re.compile(r"[ \t]*-[ \t]+(.*)")
_QUOTED: Final = re.compile(r""""((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'""")
_PART: Final = re.compile(r"""[ \t]*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,]*)[ \t]*(?:,|$)""")


@dataclass(frozen=True, slots=True)
class Template:
    """How to begin an issue: `title` may end in a space for what follows, `labels` and `assignees` are names."""

    file: str
    name: str
    about: str = ""
    title: str = ""
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    body: str = ""


def read(file: str, data: bytes) -> Template:
    """The template in a file; one without lines in front is called as the file is."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n").replace("\0", "\ufffd")
    fence = _FENCE.match(text)
    fields = _fields((fence[1] or "").splitlines()) if fence else {}
    body = text[fence.end() :].lstrip("\n") if fence else text
    stem = file.rpartition("/")[2].removesuffix(SUFFIX)
    return Template(
        file=file,
        name=_line(fields.get("name", []), 100) or stem,
        about=_line(fields.get("about", []) or fields.get("description", []), 500),
        title=_title(fields.get("title", [])),
        labels=_names(fields.get("labels", []), LABELS_PER_CHANGE_MAX),
        assignees=_names(fields.get("assignees", []), ASSIGNEES_PER_CHANGE_MAX),
        body="" if characters_problem(body, "") else body,
    )


def _fields(lines: list[str]) -> dict[str, list[str]]:
    """Every field's texts: one, or those of a list."""
    fields: dict[str, list[str]] = {}
    last = ""
    for line in lines:
        if item := _ITEM.fullmatch(line):
            if last:
                fields[last].append(_text(item[1]))
        elif pair := _PAIR.fullmatch(line):
            last = pair[1].lower()
            fields[last] = _texts((pair[2] or "").strip())
    return fields


def _texts(value: str) -> list[str]:
    if value.startswith("["):
        inner = value[1:].rpartition("]")[0]
        return [_text(part) for part in _parts(inner)]
    text = _text(value)
    return [text] if text else []


def _text(value: str) -> str:
    value = value.strip()
    if quoted := _QUOTED.match(value):
        if quoted[1] is not None:
            return re.sub(r"\\(.)", r"\1", quoted[1])
        return quoted[2].replace("''", "'")
    if value.startswith("#"):
        return ""
    return value.partition(" #")[0].rstrip()


def _parts(text: str) -> list[str]:
    """What commas part, but for those in quotes."""
    found: list[str] = []
    at = 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            break
        found.append(part[1])
        at = part.end()
    return [part for part in found if part.strip()]


def _line(texts: list[str], chars_max: int) -> str:
    text = " ".join(" ".join(texts).split())[:chars_max].strip()
    return "" if not text or line_problem(text, "") else text


def _title(texts: list[str]) -> str:
    """With the space that it may end in, behind which the title goes on."""
    text = "".join(texts[:1])[:TITLE_CHARS_MAX].lstrip()
    return "" if not text.strip() or line_problem(text.rstrip(), "") else text


def _names(texts: list[str], most: int) -> tuple[str, ...]:
    """A list, or one text with commas in it."""
    found = _parts(texts[0]) if len(texts) == 1 else texts
    names = (part.strip().removeprefix("@") for part in found)
    return tuple(dict.fromkeys(name for name in names if name and not line_problem(name, "")))[:most]
