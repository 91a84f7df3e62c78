"""Bounds of a node's processes; units last."""

from __future__ import annotations

from typing import Final

BACKLOG: Final = 1_024
"""Connections that wait to be accepted."""
CONNECTIONS_MAX: Final = 4_096
"""Connections of one worker, event streams included; more wait to be accepted."""
HEADERS_TIMEOUT_MS: Final = 30_000
"""How long a client may take to send a request's headers."""
DEATH_S: Final = 1.0
"""How long a worker may take to be gone after its last word."""
GRACE_S: Final = 1.0
"""How long those who have just connected to a worker that is replaced may take to ask."""
LEAVE_S: Final = 3.0
"""How long a reload waits for workers that have been replaced; they may take longer, with what they have under way."""
RESTART_FIRST_S: Final = 0.1
RESTART_MOST_S: Final = 10.0
"""How long to wait before a worker that died is started again; doubled each time it dies before it is ready."""
IDLE_S: Final = 5.0
"""How long a worker serves before it gets ready what nobody has asked for yet."""
STILLBORN_MAX: Final = 5
"""Workers in a row that die before they are ready: then the node gives up."""
CODE_INDEX_WAIT_S: Final = 300.0
"""How long after its start a node may be called not ready for its code index alone."""
PEERS_WAIT_S: Final = 60.0
"""The same because it does not take peers."""
CODE_PATIENCE_S: Final = 2.0
"""How long a code search waits for the index to take in a push that was just made."""
PROGRESS_EVERY_S: Final = 1.0
"""How often a start that takes long says how far it is."""
SWITCH_S: Final = 0.000_5
"""How long one thread of the main process may keep the interpreter when another wants it."""
FOLLOW_POLL_S: Final = 2.0
"""How often a worker that feeds event streams looks at the views although the writer has told it of nothing."""
