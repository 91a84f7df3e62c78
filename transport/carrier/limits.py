"""Every bound of a carrier, with its unit last.

The constants are part of the protocol: both ends must have the same. `CarrierLimits` is a node's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PROTOCOL: Final = b"gitant/1"
"""What TLS calls the application protocol (ALPN): the version of everything inside."""

PROVING: Final = b"gitant/proof"
"""The same for a dialler that only wants to see the key: TLS is done, and that is all."""

RECORD_BYTES_MAX: Final = 64 << 10
"""The body of one record: what a byte on the control stream waits for at most, beyond what is in the kernel."""
CONTROL_WINDOW_BYTES: Final = 4 << 20
"""Of the control stream, sent and not yet taken by the node above."""
CHANNEL_FIRST_BYTES: Final = 64 << 10
"""Of a channel, sent before the other side has said that it wants it."""
CHANNEL_WINDOW_BYTES: Final = 2 << 20
"""Of a channel that both sides want."""
CREDIT_BYTES_MAX: Final = 64 << 20
"""Nobody may be owed more than this on one channel."""
CHANNELS_MAX: Final = 16
"""Channels that one side may have opened and not closed."""
PURPOSE_CHARS_MAX: Final = 256
WORDS_CHARS_MAX: Final = 400
HANDSHAKE_BYTES_MAX: Final = 64 << 10
CERTIFICATE_BYTES_MAX: Final = 4 << 10

assert CHANNEL_FIRST_BYTES <= CHANNEL_WINDOW_BYTES <= CREDIT_BYTES_MAX
assert CONTROL_WINDOW_BYTES <= CREDIT_BYTES_MAX


@dataclass(frozen=True, slots=True)
class CarrierLimits:
    """What one node takes upon itself; two nodes need not have the same."""

    connections_max: int = 256
    strangers_max: int = 192
    """Wires that peers dialled whom this node does not know; the rest is for its own dials, and for those it knows."""
    per_address_max: int = 32
    """The same from one address: of IPv6 that is a /64."""
    half_open_max: int = 128
    half_open_per_address_max: int = 32
    """Connections whose handshake is not done. The oldest gives way: an honest one takes milliseconds."""
    handshakes_per_address_per_s: float = 10.0
    handshakes_per_address_burst: int = 60
    handshakes_per_s: float = 60.0
    handshakes_burst: int = 240
    """Handshakes that others begin; each costs about 5 ms of one processor. 0 a second is no bound."""
    handshake_s: float = 10.0
    """From the first packet to a proven key, names and all."""
    ping_s: float = 15.0
    dead_s: float = 45.0
    """A peer that has said nothing for so long is gone."""
    stall_s: float = 30.0
    """A peer that takes nothing for so long of what waits for it is dropped."""
    channel_stall_s: float = 120.0
    """The same for one channel, which alone is then given up."""
    pause_s: float = 3_600.0
    """The same for a peer that has said it pauses."""
    close_s: float = 5.0
    """How long a wire that is closed may take to send what is queued, and its reason."""
    linger_s: float = 1.0
    """How long it may then take the peer to hang up."""
    send_queue_bytes: int = 1 << 20
    """Queued on the control stream before `send` waits."""
    queue_bytes_max: int = 96 << 20
    """Queued on one control stream at all. The replication core has up to 4 MiB in flight for each of 16 streams."""
    queues_bytes_max: int = 512 << 20
    """Queued on all: beyond it the wire with the longest queue is dropped."""
    channel_queue_bytes: int = 512 << 10
    """Queued on one channel before `send_all` waits."""
    urgent_records_max: int = 1_024
    """Openings and refusals of channels that wait to be sent."""
    batch_bytes_min: int = 16 << 10
    batch_bytes_max: int = 128 << 10
    """Encrypted and sent at once; less of it where sending takes long, so that the control stream does not wait."""
    read_bytes: int = 128 << 10
    """Received at once."""
    records_per_s: int = 20_000
    """Of one peer; each costs a few microseconds, however small it is. More wait in the kernel."""
    peer_up_bytes_per_s: int = 0
    peer_down_bytes_per_s: int = 0
    up_bytes_per_s: int = 0
    down_bytes_per_s: int = 0
    """Bandwidth with one peer, and in all; 0 is as much as there is."""
    burst_s: float = 0.25
    """Bandwidth that was not used may be caught up with for so long."""

    def __post_init__(self) -> None:
        assert self.strangers_max <= self.connections_max
        assert self.half_open_per_address_max <= self.half_open_max
        assert self.ping_s < self.dead_s
        assert self.batch_bytes_min <= self.batch_bytes_max


BANDWIDTH_BYTES_PER_S_MIN: Final = 64 << 10
"""A lower cap would make a peer look stalled."""
