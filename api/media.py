"""What bytes may be called when they are sent: judged from the bytes, never from a name or a claim."""

from __future__ import annotations

from typing import Final

_PICTURES: Final = (
    (b"\x89PNG\r\n\x1a\n", b"image/png"),
    (b"\xff\xd8\xff", b"image/jpeg"),
    (b"GIF87a", b"image/gif"),
    (b"GIF89a", b"image/gif"),
)
"""Pictures that cannot carry a script; an SVG can, so it is none of them."""
PICTURE_BYTES: Final = 16
"""The first so many bytes tell whether it is a picture."""


def picture(data: bytes) -> bytes | None:
    """The media type of a picture that begins with `data`, if it is one that every browser shows safely."""
    for magic, kind in _PICTURES:
        if data.startswith(magic):
            return kind
    return b"image/webp" if data.startswith(b"RIFF") and data[8:12] == b"WEBP" else None
