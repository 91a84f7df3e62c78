"""How often somebody may be wrong about a password or a token before they have to wait."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

from api.entrance.buckets import Rate
from api.faults import RateLimited

if TYPE_CHECKING:
    from api.entrance.buckets import Buckets

WRONG_MAX: Final = 5
"""Within a minute, about one name from one address."""
OF_NAME: Final = Rate(1 / 60, WRONG_MAX)
"""In the long run one a minute: whoever has spent all five has to wait for each further one."""
OF_ADDRESS: Final = Rate(1, 60)
"""About all names together, so that nobody tries one password with each."""

ARRIVALS: Final = Rate(1 / 60, 100)
"""Accounts made from one address: each leaves events in the log for ever."""


@final
class BucketGuesses:
    """`Guesses`, in the table that all workers share. A name that nobody has counts like any other.

    A guess is counted before it is looked at: of many at once, too, no more than five are.
    """

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets

    def trying(self, name: str, address: str) -> None:
        taken = self._buckets.take(_about(name, address), OF_NAME)
        if not taken.ok:
            _refuse(taken.again_after_s)
        taken = self._buckets.take(_from(address), OF_ADDRESS)
        if not taken.ok:
            _refuse(taken.again_after_s)

    def arriving(self, address: str) -> None:
        taken = self._buckets.take(f"arrivals {address}", ARRIVALS)
        if not taken.ok:
            raise RateLimited(
                "there were too many registrations from your address",
                hint="wait as long as Retry-After says, or ask the operator for an account",
                retry_after_s=math.ceil(taken.again_after_s),
            )

    def right(self, name: str, address: str) -> None:
        self._buckets.fill(_about(name, address))
        self._buckets.give_back(_from(address), OF_ADDRESS)


def _about(name: str, address: str) -> str:
    return f"guess {address} {name.casefold()}"


def _from(address: str) -> str:
    return f"guesses {address}"


def _refuse(again_after_s: float) -> None:
    raise RateLimited(
        "there were too many wrong tries",
        hint="wait as long as Retry-After says; who has forgotten a password can ask the operator for a new one",
        retry_after_s=math.ceil(again_after_s),
    )
