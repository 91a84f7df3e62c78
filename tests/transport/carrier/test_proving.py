"""Looking whether a key is where it is said to be, beside whatever connections there are."""

from __future__ import annotations

import pytest

from tests.making import key
from tests.transport.carrier.kit import in_real_time, node
from transport.carrier.address import PeerAddress, Tcp
from transport.carrier.seam import Why, WireClosed
from transport.carrier.sockets import Sockets


def test_a_proof_leaves_every_wire_as_it_is() -> None:
    async def main() -> None:
        async with node("a", Sockets()) as a, node("b", Sockets()) as b:
            wire = await a.dial(b)
            for one, other in ((a, b), (b, a)):
                await one.carrier.prove(other.address)
            assert (a.wire("b"), wire.closed, len(b.carrier.wires())) == (wire, None, 1)
            assert a.refused() == b.refused() == []
            with pytest.raises(WireClosed) as caught:
                await a.carrier.prove(PeerAddress(key("c").did, Tcp("127.0.0.1", b.port)))
            assert caught.value.why is Why.WRONG_KEY
            with pytest.raises(WireClosed, match="does not dial"):
                await a.carrier.prove(b.address, admits=lambda _, __: False)
            await a.carrier.stop("done")
            await b.carrier.stop("done")

    in_real_time(main)
