"""The roles of a stream, in their order. Each may do what those below it may."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Role(IntEnum):
    """A principal's standing at one event. `GUEST` is everybody who was not blocked, `ROOT` is fixed by the genesis."""

    BLOCKED = -1
    GUEST = 0
    VIEWER = 1
    DEVELOPER = 2
    MAINTAINER = 3
    ADMIN = 4
    OWNER = 5
    ROOT = 6

    @property
    def word(self) -> str:
        """The name that payloads, the API and people use."""
        return self.name.lower()


GRANTABLE: Final = (Role.VIEWER, Role.DEVELOPER, Role.MAINTAINER, Role.ADMIN, Role.OWNER)
"""What a grant may give; `GUEST` is given to end a block."""

BY_WORD: Final = {role.word: role for role in Role}
