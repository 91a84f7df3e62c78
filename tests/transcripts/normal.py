"""What differs from run to run, by declared patterns: on a page each is a placeholder. Nothing else is let through."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from pathlib import Path

PAGE_PORT: Final = "7777"
PAGE_HOME: Final = "/users/ada"

PLAIN: Final = {
    "<did>": re.compile(r"did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}"),
    "<token>": re.compile(r"\bgat_[A-Za-z0-9_-]{43}"),
    "<time>": re.compile(
        r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} 20\d\d [\d:]{8} GMT"
        r"|\b20\d\d-\d\d-\d\d at \d\d:\d\d UTC"
    ),
    "<etag>": re.compile(r'(?<=")[0-9a-f]{24}(?=")'),
    "<seconds>": re.compile(r"(?<=^uptime s:            )\d+$", re.MULTILINE),
    "<pid>": re.compile(r"(?<=\bserved by pid )\d+"),
    "<request id>": re.compile(r'(?<="request_id": ")[0-9a-f]{12}-[0-9a-f]+(?=")'),
    "<bytes>": re.compile(r'(?<="free_bytes":)\d+|(?<=^bytes:   )\d+$|(?<="disk_bytes": )\d+', re.MULTILINE),
    "<size>": re.compile(r"(?<=^on the disk:    )[\d,]+(?= bytes$)", re.MULTILINE),
}
"""Placeholders that stand for whatever the pattern matches."""

_ID: Final = re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{16}|[0-9a-f]{12})\b")
_PREFIX_DIGITS: Final = 12


@final
class Normal:
    """What one session printed, as a page shows it.

    `<id-3>` is 64 hexadecimal digits, an id or a digest; the same number is the same value, numbered as they first
    come. `<id-3…>` is how it begins.
    """

    def __init__(self, home: Path, port: int) -> None:
        self._home = str(home)
        self._port = re.compile(rf"(?<=127\.0\.0\.1:){port}\b|(?<=\bport ){port}\b")
        self._numbers: dict[str, int] = {}

    def __call__(self, printed: str) -> str:
        text = self._port.sub(PAGE_PORT, printed.replace(self._home, PAGE_HOME))
        for placeholder, pattern in PLAIN.items():
            text = pattern.sub(placeholder, text)
        text = _ID.sub(self._named, text)
        # git pads what a remote says, depending on the terminal
        return "".join(f"{line.rstrip()}\n" for line in text.splitlines())

    def _named(self, found: re.Match[str]) -> str:
        digits = found[0]
        number = self._numbers.setdefault(digits[:_PREFIX_DIGITS], len(self._numbers) + 1)
        return f"<id-{number}>" if len(digits) == 64 else f"<id-{number}…>"
