"""The pen: with which key a node signs for somebody, and what says that it may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, final

from domain.authority.enrolment import RANK_ROOT, Enrolment, read_chain

if TYPE_CHECKING:
    from domain.authority.enrolment import Chain
    from domain.ids import Did, StreamId
    from domain.keys import SigningKey


@final
@dataclass(frozen=True, slots=True)
class Pen:
    """A key of `author`'s: the root key itself, or a device's with the certificates (`chain`) that enrol it."""

    key: SigningKey
    author: Did
    chain: Chain = ()

    def enrolment(self, stream: StreamId) -> Enrolment:
        """What the key may do for its author in a stream, as a verdict sees it."""
        if self.key.did == self.author:
            return Enrolment(self.author, RANK_ROOT)
        return read_chain(self.chain, self.key.device, stream)


class Pens(Protocol):
    """The keys that this node keeps for others."""

    def pen(self, did: Did) -> Pen | None:
        """With what the node signs for somebody now, or None if it may not (any more). Called for every command."""
        ...


@final
class NoPens:
    """Of a node that signs for its operator alone."""

    def pen(self, did: Did) -> Pen | None:  # noqa: ARG002
        return None
