"""How a file of tables is told from others: apart, for those who only ask whether there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX: Final = ".gt"
"""Of the file beside `pack-<checksum>.pack`."""
MAGIC: Final = b"GTSEG\0\0\2"
"""What it begins with: its name, and the version of what follows."""


def has_segment(pack: Path) -> bool:
    """Whether tables of this version lie beside a pack; that they are whole is not looked at."""
    try:
        with pack.with_suffix(SUFFIX).open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except FileNotFoundError:
        return False
