"""A repository's objects for serving: of a commit, only what a walk needs is looked at.

dulwich takes a commit apart to its last name and date, and fails on what old tools wrote there. Imports bring such.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, final

from dulwich.object_store import DiskObjectStore
from dulwich.objects import Commit, ObjectID, RawObjectID, ShaFile, sha_to_hex

if TYPE_CHECKING:
    from collections.abc import Sequence

_RAW_BYTES: Final = 20
_TREE: Final = re.compile(rb"tree ([0-9a-f]{40})\n")
_PARENT: Final = re.compile(rb"parent ([0-9a-f]{40})\n")
_COMMITTED: Final = re.compile(rb"^committer [^\n]*> ?([0-9]{1,15})\b", re.MULTILINE)


@final
class ServedObjects(DiskObjectStore):
    """`DiskObjectStore` whose commits know their tree, parents and time, and nothing else."""

    def __getitem__(self, sha1: ObjectID | RawObjectID) -> ShaFile:
        name = sha_to_hex(RawObjectID(sha1)) if len(sha1) == _RAW_BYTES else ObjectID(sha1)
        kind, data = self.get_raw(sha1)
        if kind != Commit.type_num:
            return ShaFile.from_raw_string(kind, data, verify_sha=name)
        commit = _WalkedCommit()
        commit.set_raw_string(data, verify_sha=name)
        return commit


class _WalkedCommit(Commit):
    __slots__ = ()

    def _deserialize(self, chunks: Sequence[bytes]) -> None:
        data = b"".join(chunks)
        tree = _TREE.match(data)
        assert tree is not None, "git has checked it"
        at, parents = tree.end(), list[ObjectID]()
        while parent := _PARENT.match(data, at):
            parents.append(ObjectID(parent[1]))
            at = parent.end()
        committed = _COMMITTED.search(data, at)
        self._tree = ObjectID(tree[1])
        self._parents = parents
        self._commit_time = int(committed[1]) if committed else 0
