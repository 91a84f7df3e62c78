"""One changed file as git shows it: header lines, then hunks, or a word about why there are none."""

from __future__ import annotations

import stat
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

from domain.ports_git import FileChange
from storage.git.diff.hunks import edits, hunks, lines_of
from storage.git.diff.lines import Budget
from storage.git.diff.renames import SCORE_MAX
from storage.git.names import quoted, shown
from storage.git.objects import BLOB
from storage.git.read_limits import BINARY_SNIFF_BYTES
from storage.git.trees import GITLINK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.git.diff.paths import Change
    from storage.git.objects import Objects
    from storage.git.read_limits import DiffLimits
    from storage.git.trees import Entry

_OID_CHARS = 7
_STEPS_PER_LINE = 2
"""What numbering and writing a line costs, in steps of the matcher."""
_NO_OID = b"0" * _OID_CHARS


@dataclass(frozen=True, slots=True)
class Patch:
    """A file's diff in bytes, and what its lines came to."""

    text: bytes
    additions: int = 0
    deletions: int = 0
    binary: bool = False
    truncated: bool = False


@final
class Patches:
    """Makes the patches of one diff out of one budget."""

    def __init__(self, objects: Objects, changes: Sequence[Change], limits: DiffLimits) -> None:
        self._objects = objects
        self._sizes = objects.sizes({oid for change in changes for oid in _blobs(change.old, change.new)})
        self._limits = limits
        self._steps_left = limits.steps_max
        self._bytes_left = limits.blobs_bytes_max
        self._text_left = limits.patch_bytes_max

    def of(self, change: Change) -> Patch:
        """The change's patch; past a limit it is cut at a line's end, or has its header only."""
        old, new = change.old, change.new
        if old is not None and new is not None and stat.S_IFMT(old.mode) != stat.S_IFMT(new.mode):
            return self._retyped(change, old, new)
        return self._cut(_header(change), self._body(change.old_path or change.path, change.path, old, new))

    def _retyped(self, change: Change, old: Entry, new: Entry) -> Patch:
        """A file that became a symlink, say: git writes a removal and an addition, and counts the lines as one."""
        path = change.path
        removal, addition = replace(change, new=None), replace(change, old=None)
        gone, came = self._body(path, path, old, None), self._body(path, path, None, new)
        text = _header(removal) + gone.text + _header(addition) + came.text
        counted = self._body(path, path, old, new)
        truncated = gone.truncated or came.truncated
        return self._cut(b"", replace(counted, text=text, truncated=truncated))

    def _cut(self, header: bytes, body: Patch) -> Patch:
        limit = min(self._limits.file_patch_bytes_max, self._text_left)
        text, truncated = header + body.text, body.truncated
        if len(text) > limit:
            text, truncated = text[: max(text.rfind(b"\n", 0, limit) + 1, len(header))], True
        self._text_left = max(0, self._text_left - len(text))
        return replace(body, text=text, truncated=truncated)

    def _body(self, old_path: bytes, path: bytes, old: Entry | None, new: Entry | None) -> Patch:
        """What stands below the header."""
        if old is not None and new is not None and old.oid == new.oid:
            return Patch(b"")
        labels = _label(b"a/", old_path, old), _label(b"b/", path, new)
        blobs = _blobs(old, new)
        sizes = [self._sizes[oid] for oid in blobs]
        too_large = max(sizes, default=0) > self._limits.blob_bytes_max
        if too_large and any(b"\0" in self._objects.start(oid, BINARY_SNIFF_BYTES) for oid in blobs):
            return _binary(labels)
        if too_large or sum(sizes) > self._bytes_left or self._steps_left <= 0:
            return Patch(b"", truncated=True)
        self._bytes_left -= sum(sizes)
        before, after = self._content(old), self._content(new)
        if b"\0" in before[:BINARY_SNIFF_BYTES] or b"\0" in after[:BINARY_SNIFF_BYTES]:
            return _binary(labels)
        return self._compared(labels, lines_of(before), lines_of(after))

    def _compared(self, labels: tuple[bytes, bytes], before: list[bytes], after: list[bytes]) -> Patch:
        if max(len(before), len(after)) > self._limits.file_lines_max:
            return Patch(b"", truncated=True)
        budget = Budget(min(self._limits.file_steps_max, self._steps_left))
        given = budget.steps
        found = edits(before, after, budget)
        self._steps_left -= given - budget.steps + _STEPS_PER_LINE * (len(before) + len(after))
        if not found:
            return Patch(b"")
        # git ends a name that has a space with a tab, so that a date could not be taken for a part of it
        names = tuple(label + b"\t" if b" " in label else label for label in labels)
        text = b"--- %s\n+++ %s\n" % names + b"".join(hunks(before, after, found))
        return Patch(
            text,
            additions=sum(edit.b1 - edit.b0 for edit in found),
            deletions=sum(edit.a1 - edit.a0 for edit in found),
        )

    def _content(self, side: Entry | None) -> bytes:
        if side is None:
            return b""
        if side.mode == GITLINK:
            return b"Subproject commit " + side.oid + b"\n"
        return self._objects.typed(side.oid, BLOB)


def _blobs(old: Entry | None, new: Entry | None) -> list[bytes]:
    return [side.oid for side in (old, new) if side is not None and side.mode != GITLINK]


def _binary(labels: tuple[bytes, bytes]) -> Patch:
    return Patch(b"Binary files %s and %s differ\n" % labels, binary=True)


def as_file_change(change: Change, patch: Patch) -> FileChange:
    """The change in words for JSON: bytes that are no UTF-8 are shown as U+FFFD in the patch."""
    old, new = change.old, change.new
    return FileChange(
        status=_status(change),
        path=shown(change.path),
        old_path=None if change.old_path is None else shown(change.old_path),
        old_oid=None if old is None else old.oid.decode(),
        new_oid=None if new is None else new.oid.decode(),
        old_mode=None if old is None else f"{old.mode:06o}",
        new_mode=None if new is None else f"{new.mode:06o}",
        binary=patch.binary,
        additions=patch.additions,
        deletions=patch.deletions,
        patch=patch.text.decode("utf-8", "replace"),
        truncated=patch.truncated,
        similarity=None if change.old_path is None else change.score * 100 // SCORE_MAX,
    )


def _status(change: Change) -> str:
    if change.old is None:
        return "added"
    if change.new is None:
        return "deleted"
    return "modified" if change.old_path is None else "renamed"


def _header(change: Change) -> bytes:
    old, new = change.old, change.new
    old_path = change.old_path or change.path
    lines = [b"diff --git " + quoted(b"a/", old_path) + b" " + quoted(b"b/", change.path)]
    if old is None and new is not None:
        lines.append(b"new file mode %06o" % new.mode)
    elif new is None and old is not None:
        lines.append(b"deleted file mode %06o" % old.mode)
    elif old is not None and new is not None and old.mode != new.mode:
        lines.extend((b"old mode %06o" % old.mode, b"new mode %06o" % new.mode))
    if change.old_path is not None:
        lines.append(b"similarity index %d%%" % (change.score * 100 // SCORE_MAX))
        lines.extend((b"rename from " + quoted(old_path), b"rename to " + quoted(change.path)))
    if old is None or new is None or old.oid != new.oid:
        mode = b" %06o" % old.mode if old is not None and new is not None and old.mode == new.mode else b""
        lines.append(b"index %s..%s%s" % (_short(old), _short(new), mode))
    return b"\n".join(lines) + b"\n"


def _label(prefix: bytes, path: bytes, side: Entry | None) -> bytes:
    return b"/dev/null" if side is None else quoted(prefix, path)


def _short(side: Entry | None) -> bytes:
    return _NO_OID if side is None else side.oid[:_OID_CHARS]
