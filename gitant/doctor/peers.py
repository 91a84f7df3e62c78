"""The check on how this node fares with others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.moderation.budgets import DAY_MS
from domain.ports_peers import ALL_PEERS
from gitant.cells import read_cells
from gitant.doctor.finding import ok, warning
from gitant.network.lives import read_lives
from gitant.network.tally import NAMES, network_counts
from storage.peers import added_and_paused

if TYPE_CHECKING:
    from gitant.doctor.finding import Finding, Patient


def peers(patient: Patient) -> Finding:
    """The process that talks with other nodes lives, and it talks with some."""
    lives = read_lives(patient.folder)
    if lives.deaths and patient.url:
        days = (patient.now_ms - lives.died_ms) / DAY_MS
        seen = (
            f"the network process died {lives.deaths} times since the start, {_ago(days)} the last time: {lives.fault}"
        )
        fix = "the node's log has the lines before; it starts again by itself"
        return warning("peers", seen, fix) if days < 1 else ok("peers", seen)
    added, paused = added_and_paused(patient.folder.local)
    if paused:
        who = "all peers" if ALL_PEERS in paused else f"{len(paused)} peers"
        return warning("peers", f"{who} are paused", "go on with: gitant sync resume, gitant peer resume DID")
    if not patient.url or not added:
        return ok("peers", f"{len(added)} were added")
    told = read_cells(NAMES, network_counts(patient.folder))
    if not told.get("peers_connected"):
        fix = "`gitant peer list` says why of each"
        return warning("peers", f"{len(added)} were added, and none is connected", fix)
    return ok("peers", f"{told['peers_connected']} are connected")


def _ago(days: float) -> str:
    return "within the last day" if days < 1 else f"{days:.0f} days ago"
