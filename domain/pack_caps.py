"""What one push may cost. Apart from the ports of git, so that who only reads the settings need not load those."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PackCaps:
    """What one push may cost; bytes unless the name says otherwise. Settings, with these defaults."""

    pack_bytes_max: int = 2 << 30
    object_bytes_max: int = 256 << 20
    resolved_bytes_max: int = 8 << 30
    objects_max: int = 1_000_000
    delta_depth_max: int = 4_095
    tree_bytes_max: int = 16 << 20
    """Of a tree, commit or tag: who reads one has it in memory, many times its size. A file is passed on as it is."""
    index_memory_bytes_max: int = 3 << 30
    index_cpu_s_max: int = 3_600
