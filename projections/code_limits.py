"""Every bound of the code index and of searching it, with its unit last."""

from __future__ import annotations

from typing import Final

FILE_BYTES_MAX: Final = 1 << 20
"""A larger file is listed without its text, and so is one with a NUL in it."""

REPOSITORY_WEIGHT_MAX: Final = 128 << 20
"""Where a tree's index ends, in git's order of paths. A file weighs the characters of its text and path and the next
number, which bounds how many files there are; 128 MiB of text take about 400 MiB of disk and a minute."""

FILE_WEIGHT: Final = 512

BATCH_FILES_MAX: Final = 256
BATCH_CHARS_MAX: Final = 256 << 10
"""Of one transaction: some 0.1 s, or 0.4 s for one file of the greatest size."""

HITS_PER_FILE_MAX: Final = 20
HIT_CHARS_MAX: Final = 400
"""Of a line that is shown; more are cut away around the first word."""

EXAMINED_CHARS_MAX: Final = 32 << 20
"""Text that one search reads through: words may be in many files and never in one line."""

POLL_S: Final = 0.05
"""How often a patient search looks whether the index has caught up."""

assert FILE_BYTES_MAX + FILE_WEIGHT < REPOSITORY_WEIGHT_MAX
assert FILE_BYTES_MAX < EXAMINED_CHARS_MAX
