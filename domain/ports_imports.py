"""Imports as the API asks for them: what is wanted, how far it is, and who carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

if TYPE_CHECKING:
    from domain.actor import Actor

ImportState = Literal["queued", "running", "done", "failed", "cancelled"]
ImportPhase = Literal["waiting", "connecting", "receiving", "checking", "writing", "ended"]


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What is to be imported: from `url`, or from the folder that the ticket in the node's data folder names.

    Not shown by `repr`: URL and password are secrets.
    """

    url: str = ""
    ticket: str = ""
    name: str = ""
    owner: str = ""
    description: str = ""
    private: bool = False
    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"ImportOrder(name={self.name!r})"


class SkippedRef(msgspec.Struct, frozen=True):
    """A branch or tag that stayed behind, and why."""

    name: str
    reason: str


class ImportFault(msgspec.Struct, frozen=True):
    """Why an import failed, and what to do about it."""

    detail: str
    hint: str = ""


class ImportJob(msgspec.Struct, kw_only=True):
    """How far an import is. `source` has no credentials; counts are of objects, bytes and refs."""

    id: str
    state: ImportState
    phase: ImportPhase
    source: str
    name: str
    started_at: str
    updated_at: str
    progress: str = ""
    bytes: int = 0
    objects: int = 0
    objects_total: int = 0
    refs: int = 0
    left_out: dict[str, int] = {}
    skipped_refs: list[SkippedRef] = []
    excused: dict[str, int] = {}
    repo: str | None = None
    error: ImportFault | None = None
    by: str = ""
    """The did of who began it: nobody else sees it, but for the operator."""

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return self.state in ("done", "failed", "cancelled")


class Imports(Protocol):
    """Carries out imports, some at a time."""

    async def start(
        self, actor: Actor, order: ImportOrder, *, repeat: tuple[bytes, bytes] | None = None
    ) -> tuple[ImportJob, bool]:
        """Begin one; raises the `LocalFault` that can be told at once (a bad address, a name that is taken).

        `repeat` is a key and what was asked with it: the same pair again gives the first job, and True.
        """
        ...

    def show(self, job: str) -> ImportJob | None:
        """How far it is, whichever process is at it; None for one that is not (any more) known."""
        ...

    def cancel(self, job: str) -> None:
        """Have it end soon; harmless when it has."""
