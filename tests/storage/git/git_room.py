"""A store, its one repository, and pushes without a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.ids import StreamId
from domain.ports_git import PackCaps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from storage.git.store import DiskGitStore

REPO = StreamId(bytes(range(32)))
SMALL = PackCaps(
    pack_bytes_max=1 << 20,
    object_bytes_max=64 << 10,
    resolved_bytes_max=1 << 20,
    objects_max=2_000,
    delta_depth_max=20,
    index_memory_bytes_max=1 << 30,
    index_cpu_s_max=60,
)


@dataclass(frozen=True)
class Room:
    """The store, its repository, and what lies in its folder."""

    store: DiskGitStore
    path: Path

    def listing(self) -> list[str]:
        return sorted(str(path.relative_to(self.path)) for path in self.path.rglob("*"))

    def push(self, pack: bytes, *tips: str, publish: bool = True) -> str:
        quarantine = self.store.quarantine(REPO)
        try:
            quarantine.feed(pack)
            quarantine.finish(tips)
        except BaseException:
            quarantine.discard()
            raise
        if publish:
            self.store.publish(REPO, quarantine.token)
        return quarantine.token

    def push_bytewise(self, pack: bytes, tips: Sequence[str]) -> None:
        quarantine = self.store.quarantine(REPO)
        for byte in pack:
            quarantine.feed(bytes([byte]))
        quarantine.finish(tips)
        self.store.publish(REPO, quarantine.token)
