"""What one git client may ask for, units last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class GitLimits:
    """Bounds of one worker process."""

    uploads_max: int = 512
    """Clones and fetches under way at once, most of them waiting for their clients; more wait."""
    choosing_max: int = 4
    """Clones and fetches whose objects are being chosen at once, in a thread each."""
    pushes_max: int = 8
    """Pushes taken at once; more wait."""
    waiting_max: int = 64
    """How many may wait for either before others are told to come back later."""
    fetch_request_bytes_max: int = 16 << 20
    """A fetch names what it has: some 300,000 commits fit."""
    command_bytes_max: int = 4 << 20
    commands_max: int = 20_000
    """A push of so many refs is two seconds of the writer's time for each 10,000."""
    push_options_max: int = 32
    """`git push -o`: so many words at most, and each no longer than the next bound."""
    push_option_bytes_max: int = 1_024
    keepalive_s: float = 5.0
    """A client that waits for its pack to be checked hears something so often."""
    piece_bytes_max: int = 4 * 65_515
    """Of an answer to a client that takes it fast; who is slow gets pieces of 64 KiB. The server holds several."""
    small_bytes_max: int = 2 * 65_515
    """Packs up to that are made in the thread that chose their objects, and held until the client takes them."""
    ahead_bytes_max: int = 16 * 65_515
    """Made at once for a client that takes it fast."""
    moving_max: int = 2
    """Answers for which the next pieces are made at the same time; the others wait for their turn."""
    trusted_max: int = 16
    """Answers that have large pieces from their beginning; others have to be taken fast first."""
    listings_bytes_max: int = 32 << 20
    """Lists of refs kept as they are sent."""
    stall_s: float = 60.0
    """A client that for so long neither sends what it has begun nor takes what it asked for is cut off."""
    push_stall_s: float = 600.0
    slow_s: float = 20.0
    slow_bytes_per_s: int = 64 << 10
    """Who has been waited for that long in all, and took less than this, gives its place to those who wait for one."""
    small_request_bytes: int = 256 << 10
    large_requests_max: int = 4
    """Fetches that name more than a few thousand commits are read so many at once, for they are held in memory."""


PKT_BYTES_MAX: Final = 65_520
BAND_BYTES_MAX: Final = PKT_BYTES_MAX - 5
FILTERS_MAX: Final = 16
EXCLUDED_MAX: Final = 1_000
PREFIXES_MAX: Final = 4_096
REASON_CHARS_MAX: Final = 300
RETRY_AFTER_S: Final = 5
