"""What principals are called on a node whose operator has a name that nobody else can take."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from domain.commands.events import OPERATOR_NAME

if TYPE_CHECKING:
    from domain.ids import Did
    from domain.ports_accounts import Names


@final
class NodeNames:
    """`Names` of accounts, and of the operator, who is whoever holds the node's own key.

    Every node's operator is called so in an identity of theirs, and another node's may be here before this one's is
    begun, or have come first: what an identity says is a claim, and who the operator is here is no matter of claims.
    """

    def __init__(self, accounts: Names, operator: Did) -> None:
        self._accounts = accounts
        self._operator = operator

    def did_of(self, name: str) -> Did | None:
        return self._operator if name.lower() == OPERATOR_NAME else self._accounts.did_of(name)

    def name_of(self, did: Did) -> str | None:
        return self._accounts.name_of(did)
