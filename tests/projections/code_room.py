"""Views with repositories that git itself made, for tests of the code index."""

from __future__ import annotations

import hashlib
import os
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.ids import StreamId
from projections.code import CodeIndex, open_index
from projections.code_follow import follow
from projections.database import open_writable
from projections.tables import REFS, REPOS, upsert
from storage.git.reader import DulwichReader

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Files = Mapping[str, bytes] | Mapping[bytes, bytes] | Mapping[str | bytes, bytes]


class Link(bytes):
    """A symlink's target."""


class Indexed(NamedTuple):
    """What an index is compared by."""

    state: list[Any]
    files: list[Any]


class CodeRoom:
    """The writer's connection to the views, the repositories beside them, and a reader of these."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.views = folder / "views.sqlite"
        self.repos = folder / "repos"
        self.connection = open_writable(self.views)
        self.reader = DulwichReader(self.repos)

    def close(self) -> None:
        self.connection.close()
        self.reader.close()

    def repository(self, name: str) -> StreamId:
        stream = StreamId(hashlib.sha256(name.encode()).digest())
        self._git(stream, "init", "--quiet", "--bare", str(self._path(stream)))
        self.show(stream)
        return stream

    def show(self, stream: StreamId, *, default_branch: str = "main", deleted: bool = False) -> None:
        """Write the repository's row, as the projector would."""
        row: dict[str, object] = dict.fromkeys(REPOS.columns, 0)
        row |= {"stream": stream, "name": "demo", "owner": "did:key:z", "default_branch": default_branch, "roots": ""}
        row |= {"deleted": int(deleted), "doc": b"{}"}
        self.connection.execute(upsert(REPOS), tuple(row.values()))

    def commit(self, stream: StreamId, files: Files) -> str:
        """A commit of just these files."""
        text = b"commit refs/heads/made\ncommitter A <a@example.invalid> 1700000000 +0000\ndata 0\ndeleteall\n"
        for path, data in files.items():
            raw = path if isinstance(path, bytes) else path.encode()
            mode = b"120000" if isinstance(data, Link) else b"100644"
            quoted = b"".join(b"\\%03o" % byte for byte in raw)
            text += b'M %s inline "%s"\ndata %d\n%s\n' % (mode, quoted, len(data), data)
        self._git(stream, "fast-import", "--quiet", "--force", data=text)
        return self._git(stream, "rev-parse", "refs/heads/made")

    def point(self, stream: StreamId, commit: str | None, branch: str = "main") -> None:
        """Move a branch in the views, as the projector would."""
        if commit is None:
            self.connection.execute("DELETE FROM refs WHERE stream=? AND name=?", (stream, f"refs/heads/{branch}"))
        else:
            row = (stream, f"refs/heads/{branch}", bytes.fromhex(commit), "did:key:z", b"{}")
            self.connection.execute(upsert(REFS), row)

    def push(self, stream: StreamId, files: Files) -> str:
        commit = self.commit(stream, files)
        self.point(stream, commit)
        return commit

    def follow(self, *streams: StreamId, between: Callable[[float], None] = lambda _: None) -> None:
        """Bring repositories up with a connection of the index's own."""
        connection = open_index(self.views)
        try:
            index = CodeIndex(connection, between=between)
            for stream in streams:
                follow(index, connection, self.reader, stream)
        finally:
            connection.close()

    def indexed(self) -> Indexed:
        return indexed(self.connection)

    def afresh(self, *streams: StreamId) -> Indexed:
        """What an index made from nothing would hold."""
        fresh = self.folder / "fresh.sqlite"
        connection = open_writable(fresh)
        try:
            for table in ("repos", "refs"):
                for row in self.connection.execute(f"SELECT * FROM {table}").fetchall():
                    connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
            index = CodeIndex(connection)
            for stream in streams:
                follow(index, connection, self.reader, stream)
            return indexed(connection)
        finally:
            connection.close()
            fresh.unlink()

    def texts(self, stream: StreamId) -> dict[str, str]:
        rows = self.connection.execute("SELECT path, text FROM code_files WHERE stream=? ORDER BY path", (stream,))
        return dict(rows.fetchall())

    def _path(self, stream: StreamId) -> Path:
        return self.repos / f"{stream.hex()}.git"

    def _git(self, stream: StreamId, *words: str, data: bytes = b"") -> str:
        self._path(stream).mkdir(parents=True, exist_ok=True)
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
        done = subprocess.run(
            ["git", *words], cwd=self._path(stream), env=environment, input=data, capture_output=True, timeout=60
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()


def indexed(connection: sqlite3.Connection) -> Indexed:
    return Indexed(
        connection.execute("SELECT stream, commit_id, weight, cut FROM code_state ORDER BY stream").fetchall(),
        connection.execute("SELECT stream, path, oid, text FROM code_files ORDER BY stream, path").fetchall(),
    )
