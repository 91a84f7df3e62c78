"""Pages that take the node long, and of which there is no end: what crawlers are asked not to follow, and at what rate.

Each commit of a repository is a page, and each file at each commit, and each pair of commits. A person opens a few.
"""

from __future__ import annotations

import re
from typing import Final

from api.entrance.buckets import Rate

WORDS: Final = ("archive", "blame", "commit", "commits", "compare", "insight", "search")
"""By their third part, the pages of a repository that git or the analytics work for."""
ENDLESS: Final = ("media", "raw", "src/commit", "src/tag")
"""Those of which there is one for each file at each commit: cheap, and endless."""
_DEAR: Final = re.compile(rf"/+(?!api/)[^/]+/+[^/]+/+(?:{'|'.join((*WORDS, *ENDLESS))})(?:/|$)")
_NODE: Final = ("/-/insight", "/search")
SHARE: Final = 10
"""Of what somebody without credentials may ask for, one in so many may be such a page."""
BURST_SHARE: Final = 5


def is_dear(path: str) -> bool:
    """Whether an address is one of them."""
    return path in _NODE or _DEAR.match(path) is not None


def dear_rate(rate: Rate) -> Rate:
    """How often one address may ask for such pages, where it may ask for anything at `rate`."""
    return Rate(rate.per_s / SHARE, max(1, rate.burst // BURST_SHARE))
