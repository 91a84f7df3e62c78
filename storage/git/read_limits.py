"""Every bound of reading repositories, with its unit last."""

from __future__ import annotations

from dataclasses import dataclass

IDLE_HANDLES_MAX = 16
"""Open repositories kept for the next reader; each holds its packs mapped."""

REMEMBERED_HISTORIES_MAX = 8
REMEMBERED_COMMITS_MAX = 100_000
"""Of one repository: times, trees and parents, about 400 bytes each."""

REMEMBERED_COUNTS_MAX = 4_096
DELTA_BASE_CACHE_BYTES_MAX = 4 << 20
"""Of each pack of each open repository."""
TAG_DEPTH_MAX = 16
BEGINNINGS_MAX = 200
"""Objects looked at whose names begin with the digits of a short name: one has to be quite unlucky to have two."""
COMMIT_BYTES_MAX = 1 << 20
"""What is larger is taken for no commit where it was not said to be one."""
MESSAGE_BYTES_MAX = 16 << 10
"""Of a commit's message where commits are listed: a pack may have thousands of 16 MiB each, and be small."""
PERSON_BYTES_MAX = 1_000
COMMIT_START_BYTES = 64 << 10
"""Read of larger commits, where their headers are in it."""
TREE_ENTRIES_REMEMBERED_MAX = 50_000
REMEMBERED_LINES_MAX = 400_000
"""Of all versions of a file that is being blamed."""

BINARY_SNIFF_BYTES = 8_000
"""A file with a NUL in so many first bytes is binary: git's rule."""

INDEXED_FILE_BYTES_MAX = 1 << 20
INDEXED_FILES_MAX = 500_000
CHANGED_TREES_MAX = 200_000
"""Folders read to compare two trees: one that names the same folder a thousand times over must come to an end."""


@dataclass(frozen=True, slots=True)
class DiffLimits:
    """What one diff may cost. Past a bound its result says `truncated`; none depends on a clock."""

    files_max: int = 3_000
    changes_max: int = 50_000
    """Differing paths that renames are looked for among, and that are counted."""
    file_patch_bytes_max: int = 256 << 10
    patch_bytes_max: int = 16 << 20
    blob_bytes_max: int = 2 << 20
    blobs_bytes_max: int = 128 << 20
    file_lines_max: int = 200_000
    """Of one side; with more, a file's header is all that is shown of it."""
    file_steps_max: int = 4_000_000
    steps_max: int = 12_000_000
    """Of the line matcher, a few million a second; where they end, the rest of a file is one replaced block."""
    folders_max: int = 40_000
    """Folders gone into; a tree may name the same folder a thousand times over."""
    rename_pairs_max: int = 40_000
    rename_bytes_max: int = 32 << 20


DISPLAY = DiffLimits()
"""For pages and the API."""

PATCH = DiffLimits(file_patch_bytes_max=16 << 20, blob_bytes_max=8 << 20)
"""For a patch as a file, which is whole or refused."""


@dataclass(frozen=True, slots=True)
class BlameLimits:
    """What one request for blame may cost: some six seconds where all of a bound is spent.

    What is not decided then says `boundary`, and the next request for the same goes on from there.
    """

    blob_bytes_max: int = 8 << 20
    """Of the file asked about."""
    commits_max: int = 20_000
    """Suspects looked at: a file in a commit."""
    bytes_max: int = 512 << 20
    """Of all versions compared."""
    file_steps_max: int = 8_000_000
    steps_max: int = 24_000_000
    renames: DiffLimits = DiffLimits(rename_pairs_max=1_000_000, rename_bytes_max=64 << 20, blob_bytes_max=8 << 20)
    """Of each search for where a file came from; the pairs are git's own bound."""


BLAME = BlameLimits()

BLAMED_RANGES_REMEMBERED_MAX = 50_000
"""Of all answers of all repositories: some 400 bytes each."""

LAST_COMMITS_VISITED_MAX = 10_000
"""Commits looked at, in one request, for when the entries of a folder last changed: a few seconds. The next request for
the same goes on from there."""
LAST_COMMITS_REMEMBERED_MAX = 256
"""Folders, of all repositories."""

ATTRIBUTES_BYTES_MAX = 1 << 20
ATTRIBUTE_RULES_MAX = 2_000
"""Lines of `.gitattributes` that hold in one folder."""

ARCHIVE_BYTES_MAX = 4 << 30
"""Of the files in one archive."""
ARCHIVE_ENTRIES_MAX = 500_000
FOLDERS_DEEP_MAX = 2_000
"""How deep folders may stand in each other where all of a commit is looked through."""
ARCHIVES_KEPT_BYTES_MAX = 2 << 30
"""Of all archives in the cache; the least recently asked for go first."""

LANGUAGE_FILES_MAX = 500_000
LANGUAGE_SNIFFED_FILES_MAX = 20_000
"""Files whose beginning is read to see what they are; of the others their name decides."""
LOOKS_REMEMBERED_MAX = 65_536
"""What such beginnings told, 200 bytes each, so that a push costs a look at what it changes."""
