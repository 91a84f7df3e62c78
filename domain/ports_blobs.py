"""Blobs: bytes named by their SHA-256, beside the log. Nobody can read one until an event names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class KeptBlob(NamedTuple):
    """A blob at rest: its SHA-256, its bytes, and when they were last stored, in milliseconds since 1970."""

    name: bytes
    size: int
    stored_ms: int


class BlobDraft(Protocol):
    """Bytes on their way in. One thread at a time."""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; raises `TooLarge` once there are more than the draft may hold."""
        ...

    def finish(self) -> KeptBlob:
        """Keep the bytes: they are whole and durable, under their hash, on return."""
        ...

    def discard(self) -> None:
        """Leave nothing behind of a draft that is not finished; of one that is, nothing changes."""
        ...


class Blobs(Protocol):
    """Blobs at rest. Safe from any thread and process."""

    def draft(self, bytes_max: int) -> BlobDraft:
        """Begin to store at most so many bytes."""
        ...

    def size(self, name: bytes) -> int | None:
        """How many bytes a blob has; None for one that is not here."""
        ...

    def open(self, name: bytes) -> BinaryIO:
        """A blob for reading, which the caller closes; raises `NotFound` for one that is not here."""
        ...

    def is_sound(self, name: bytes) -> bool:
        """Whether a blob that is here has the hash it is named by. Reads all of it."""
        ...

    def kept(self) -> Iterator[KeptBlob]:
        """Every blob, in no order."""
        ...

    def remove(self, name: bytes) -> None:
        """Drop a blob, if it is here."""
        ...

    def sweep(self, before_ms: int) -> int:
        """Drop the drafts that nobody has fed since then; how many."""
        ...
