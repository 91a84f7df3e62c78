"""What the network process counts and how it fares, for whoever asks for metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.ports import Number
from gitant.cells import read_cells
from gitant.network.lives import read_lives
from gitant.network.tally import EVENTS, NAMES, OBJECTS, PEERS, PHASES, network_counts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.datadir import DataDir


def network_numbers(folder: DataDir) -> Iterator[Number]:
    """Little on a node that has nothing to do with others."""
    lives = read_lives(folder)
    if lives.wanted:
        yield Number("gitant_network_up", "Whether the network process takes peers: 1 if so.", float(lives.taking))
    restarts = "How often the network process died and was restarted."
    yield Number("gitant_network_restarts_total", restarts, lives.deaths)
    told = read_cells(NAMES, network_counts(folder))
    if not told:
        return
    for name, label, values, words in (
        ("gitant_peers", "state", PEERS, "Nodes that this one knows, by how they stand."),
        ("gitant_peer_streams", "state", PHASES, "Streams shared with connected peers, once for each peer."),
        ("gitant_peer_events_total", "outcome", EVENTS, "Events that peers sent and the writer was given."),
        ("gitant_peer_objects_total", "outcome", OBJECTS, "Git objects and attachments asked of peers."),
    ):
        prefix = name.removeprefix("gitant_").removeprefix("peer_").removesuffix("_total")
        for value in values:
            yield Number(name, words, told[f"{prefix}_{value}"], ((label, value),))
    lacking = "Git objects and attachments that events here need and no peer has brought yet."
    yield Number("gitant_peer_lacking_objects", lacking, told["lacking"])
    oldest = "For how long the one of these has been awaited that was needed first; 0 where none is."
    yield Number("gitant_peer_lacking_seconds", oldest, told["lacking_s"])
    yield Number("gitant_peer_sent_bytes_total", "Bytes sent to peers, before encryption.", told["sent_bytes"])
    yield Number("gitant_peer_received_bytes_total", "Bytes that peers sent.", told["received_bytes"])
    yield Number("gitant_peer_refusals_total", "Connections of others that came to nothing.", told["refusals"])
