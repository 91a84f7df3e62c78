"""Every bound of the protocol between nodes, with its unit last.

Those of messages are constants that two nodes must agree on. Those of queues and times are this node's own; a test or a
simulation that wants others makes a `Limits`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FRAME_BYTES_MAX: Final = 4 << 20
HELLO_BYTES_MAX: Final = 16 << 10
"""Before a peer has said hello, it may not make us hold more than this."""

STREAM_TAG_BYTES: Final = 16
NONCE_BYTES: Final = 16
PRINT_BYTES: Final = 8
FEED_TAG_BYTES: Final = 6
MARK_BYTES: Final = 8
LEAF_BYTES: Final = 6
SEQ_BYTES: Final = 7

OFFERS_MAX: Final = 32_768
FOUND_MAX: Final = 16_384
SEEKS_MAX: Final = 256
FEATURES_MAX: Final = 64
WORD_CHARS_MAX: Final = 64
REASON_CHARS_MAX: Final = 400
RECORDS_MAX: Final = 65_536
BUCKET_BITS_MAX: Final = 16
ROWS_MAX: Final = 4_096
IDS_MAX: Final = 1_024
OBJECTS_MAX: Final = 1_024
DID_CHARS_MAX: Final = 64
ADDRESSES_MAX: Final = 16
ADDRESS_CHARS_MAX: Final = 512

FEEDS_LISTED_MAX: Final = 256
"""A stream with more feeds than this is compared by ranges of feeds first."""

BUCKET_FEEDS: Final = 10
"""Ranges are halved until about so many feeds are in each; then the feeds themselves are listed."""

FIRST_BITS: Final = 6
STEP_BITS: Final = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """What one node takes upon itself; two nodes need not have the same."""

    batch_events: int = 2_048
    batch_bytes: int = 1 << 20
    """Events in one message, and about how many bytes: the sender's choice below `ROWS_MAX` and `FRAME_BYTES_MAX`."""
    window_bytes: int = 4 << 20
    """Sent for one want and not yet acknowledged."""
    wants_served: int = 64
    """Wants of one peer that are served at a time."""
    streams_syncing: int = 16
    """Streams that are compared or caught up with one peer at a time; the others take turns."""
    storing_bytes: int = 16 << 20
    """Handed over to be stored and not yet reported back; beyond it, batches wait for their credit."""
    pending_events: int = 10_000
    pending_bytes: int = 32 << 20
    pending_per_peer: int = 4_000
    pending_per_device: int = 1_000
    pending_ms: int = 10 * 60_000
    asks: int = 3
    """How often, from peers in turn, a missing event is asked for by its id."""
    ask_ms: int = 2_000
    seen_ids: int = 16_384
    links_recent: int = 65_536
    """Events whose place in their stream is remembered, so that a descendant's check needs no look-up."""
    feed_branches: int = 4
    """Branches of one feed that are taken for their own sake; others only if an unforked feed has them in its past."""
    compare_ms: int = 60_000
    """How often two nodes compare all that they share, whatever floods."""
    peers_ms: int = 30_000
    """A peer that tells of others more often than this is not listened to."""
    answer_ms: int = 15_000
    """After so long without an answer a comparison is begun again."""
    hello_ms: int = 10_000
    hint_ms: int = 1_000
    """A change that was not flooded is hinted at once in so long."""
    retry_ms: int = 1_000
    retry_ms_max: int = 30_000
    """Pauses after fruitless tries grow to this; news from the peer begins with the first again."""
    uncovered: int = 4_096
    """Events of one stream without a payload that no redaction covers yet; beyond it, they wait outside the log."""
    mend_ms: int = 2_000
    mend_ms_max: int = 30_000
    """What is wrong in the log is asked for again after pauses that grow from one to the other."""
    vouched_checked: int = 100
    vouched_ms: int = 200
    """So many signatures that were only vouched for are checked at once, and when it goes on."""
    spoiled_ids: int = 4_096
    score_max: int = 100
    score_half_life_ms: int = 10 * 60_000
    banned_ms: int = 30 * 60_000
    flood_bytes_per_s: int = 2 << 20
    flood_bytes_burst: int = 16 << 20
    flood_events_per_principal: int = 200
    """A principal's flooded events within the burst; `flood_events_per_s` come back each second."""
    flood_events_per_s: int = 20
    compared_feeds_burst: int = 1_000_000
    compared_feeds_per_s: int = 100_000
    """A peer makes us salt and look through so many feeds."""
    principals_tracked: int = 4_096
    peers_remembered: int = 4_096
    streams_sought: int = 16_384
    objects_waiting: int = 4_096
    objects_fetching: int = 4
    peer_stream_bytes: int = 16 << 30
    peer_stream_bytes_per_s: int = 4 << 20
    """Of one stream, so much is taken from one peer at once, and so much more each second."""
    stream_events: int = 10_000_000
    stream_bytes: int = 64 << 30
