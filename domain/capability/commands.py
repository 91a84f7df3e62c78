"""What capabilities of a node are about: each command, and the scope that it narrows a request to. Data."""

from __future__ import annotations

from typing import Final

from domain.scopes import ISSUE_WRITE, REPO_ADMIN, REPO_READ, REPO_WRITE, USER_READ, USER_WRITE

COMMANDS: Final = {
    "/gitant/repo/read": REPO_READ,
    "/gitant/repo/write": REPO_WRITE,
    "/gitant/repo/admin": REPO_ADMIN,
    "/gitant/issue/write": ISSUE_WRITE,
    "/gitant/user/read": USER_READ,
    "/gitant/user/write": USER_WRITE,
}
LIFETIME_S_MAX: Final = 300
"""How long an invocation may hold."""
ENROLMENT: Final = "gitant/enrolment"
"""In `meta` of a delegation that begins a chain and is by a device: the device's certificate, as people copy it."""
ARGUMENTS: Final = frozenset({"method", "target", "digest", "repo"})
"""What an invocation says of its request: all that a policy can rely on, for each of it is compared."""
