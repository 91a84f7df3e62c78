"""Bounds of questions to the analytics that come over HTTP; units last."""

from __future__ import annotations

from typing import Final

MEMORY_MB_MAX: Final = 256
"""Of what DuckDB counts as its memory."""
ADDRESS_BYTES_MAX: Final = 2 << 30
"""Of the child's whole address space, once the analytics are fed: not all memory is counted by DuckDB."""
SPILL_MB_MAX: Final = 512
"""Of what does not fit into memory, on the disk."""
THREADS_MAX: Final = 2
NICE: Final = 5
"""How far a child stands behind the processes that answer requests."""
FEED_S_MAX: Final = 1_800.0
"""How long bringing the analytics up to date may take. What is done by then stays done."""
CHART_S_MAX: Final = 10.0
"""How long one question of the charts may take."""
QUERY_S_MAX: Final = 20.0
"""How long an operator's question may take. Longer ones are for `gitant query`."""
GRACE_S: Final = 3.0
"""How long after its time a child is killed that did not end by itself."""
PATIENCE_S: Final = 8.0
"""How long a page waits for its charts; they are worked out all the same, for the next time it is asked for."""
CHART_ROWS_MAX: Final = 1_000
CHART_BYTES_MAX: Final = 1 << 20
TOLD_BYTES_MAX: Final = 64 << 20
"""Of what a child sends: JSON of an answer within its own bounds is below this."""
KEEP_S: Final = 300.0
"""How long answers are kept while the log grows."""
KEEP_SAME_S: Final = 21_600.0
"""How long they are kept while it does not: their windows of time go on."""
KEPT_MAX: Final = 64
"""Repositories whose answers are kept."""
WAITING_MAX: Final = 8
"""Questions of one worker that wait for the one that is under way."""
TURN_POLL_S: Final = 0.1
