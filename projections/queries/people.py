"""Names of principals on this node: what an account is called here, else what its identity says.

Where two identities ask for one name, in whatever case, the one whose stream came first here has it; nobody has a name
that spells somebody's did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.ids import Did
from domain.keys import is_did
from projections.database import NamedConnection

if TYPE_CHECKING:
    import sqlite3

    from domain.ports_accounts import Names


def did_of_name(connection: sqlite3.Connection, name: str, names: Names | None = None) -> Did | None:
    """The did behind a user name (a former one of an account, too), the did itself, or a did with dashes for colons.

    `names` are those of accounts, where the connection does not know them.
    """
    spelled = name.replace("-", ":")
    if is_did(spelled):
        return Did(spelled)  # whatever anybody calls himself
    names = names or _names_of(connection)
    if names is not None and (did := names.did_of(name)) is not None:
        return did
    row = connection.execute(
        "SELECT did FROM identities JOIN streams USING (stream) WHERE name=? ORDER BY streams.pos LIMIT 1", (name,)
    ).fetchone()
    return None if row is None else Did(row[0])


def name_of(connection: sqlite3.Connection, did: str) -> str | None:
    """The user name of a principal, unless somebody else here had the name before."""
    names = _names_of(connection)
    if names is not None and (name := names.name_of(Did(did))) is not None:
        return name
    row = connection.execute(
        "SELECT name FROM identities WHERE did=? ORDER BY lamport, stream LIMIT 1", (did,)
    ).fetchone()
    if row is None or did_of_name(connection, row[0]) != did:
        return None
    return str(row[0])


def enrolled(connection: sqlite3.Connection, did: str) -> bool:
    """Whether the principal's identity stream is here."""
    return connection.execute("SELECT 1 FROM identities WHERE did=?", (did,)).fetchone() is not None


def _names_of(connection: sqlite3.Connection) -> Names | None:
    return connection.names if isinstance(connection, NamedConnection) else None
