"""Who lies: one file for each way, and its line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.simulation.liars.corruptor import Corruptor
from tests.simulation.liars.equivocator import Equivocator
from tests.simulation.liars.event_withholder import EventWithholder
from tests.simulation.liars.flooder import Flooder
from tests.simulation.liars.payload_withholder import PayloadWithholder
from tests.simulation.liars.reorderer import Reorderer
from tests.simulation.liars.signature_spoiler import SignatureSpoiler
from tests.simulation.liars.stale_replayer import StaleReplayer
from tests.simulation.liars.wrong_version import WrongVersion

if TYPE_CHECKING:
    from tests.simulation.liar import Liar

LIARS: Final[dict[str, type[Liar]]] = {
    liar.name: liar
    for liar in (
        Equivocator,
        EventWithholder,
        PayloadWithholder,
        Flooder,
        Reorderer,
        StaleReplayer,
        Corruptor,
        WrongVersion,
        SignatureSpoiler,
    )
}
