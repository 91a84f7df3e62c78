"""All checks, in the order in which they are told."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from domain.errors import GitantError
from gitant.doctor import folder, machine, node
from gitant.doctor.finding import failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitant.doctor.finding import Finding, Patient

CHECKS: Final[tuple[Callable[[Patient], Finding], ...]] = (
    machine.python,
    machine.sqlite,
    machine.git_version,
    machine.git_identity,
    machine.open_files,
    folder.data_folder,
    folder.identity_key,
    folder.operator_token,
    folder.free_space,
    folder.log_integrity,
    folder.durability,
    folder.views,
    machine.port,
    node.reachable,
    node.clock,
)


def examine(patient: Patient) -> Iterator[Finding]:
    """Each check's finding; one that cannot be carried out has failed."""
    for check in CHECKS:
        try:
            yield check(patient)
        except (OSError, sqlite3.Error, GitantError) as fault:
            yield failed(check.__name__.replace("_", " "), f"cannot be checked: {fault}", "mend what it says")
