"""All checks, in the order in which they are told."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

from domain.errors import GitantError
from gitant.doctor import backups, folder, identity, log, machine, network, node, peers, repos, views
from gitant.doctor.finding import failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitant.doctor.finding import Finding, Patient


@final
@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table below. `mend` is for what can be put right without asking; it says what it did."""

    name: str
    look: Callable[[Patient], Finding]
    mend: Callable[[Patient], str] | None = None


CHECKS: Final = (
    Check("python", machine.python),
    Check("sqlite", machine.sqlite),
    Check("git", machine.git_version),
    Check("git identity", machine.git_identity),
    Check("open files", machine.open_files),
    Check("data folder", folder.data_folder, folder.close_folder),
    Check("file system", folder.file_system),
    Check("free space", folder.free_space),
    Check("free inodes", folder.free_inodes),
    Check("identity key", folder.identity_key, folder.close_identity_key),
    Check("operator token", folder.operator_token, folder.close_operator_token),
    Check("file modes", folder.file_modes, folder.close_files),
    Check("leftovers", folder.leftovers, folder.remove_leftovers),
    Check("log", log.log_integrity),
    Check("durability", log.durability),
    Check("write-ahead logs", log.wal_size, log.shorten_wal),
    Check("owner", log.owner),
    Check("own feeds", log.own_feeds),
    Check("recovery key", identity.recovery_key),
    Check("views", views.views, views.bring_up_views),
    Check("views and log", views.views_content, views.make_views_again),
    Check("analytics", views.analytics),
    Check("repository folders", repos.folders),
    Check("refs", repos.refs),
    Check("objects of refs", repos.ref_objects),
    Check("packs", repos.packs),
    Check("disk use", repos.disk_use),
    Check("quarantines", repos.quarantines, repos.drop_quarantines),
    Check("attachments", repos.attachments),
    Check("backups", backups.backups),
    Check("restored", backups.restored),
    Check("port", network.port),
    Check("exposure", network.exposure),
    Check("public_url", network.public_url),
    Check("certificate", network.certificate),
    Check("proxy", network.proxy),
    Check("peers", peers.peers),
    Check("node", node.reachable),
    Check("strangers", node.strangers),
    Check("log level", node.log_level),
    Check("clock", node.clock),
)
"""`docs/doctor.md` describes each; a test holds the two together."""


def examine(patient: Patient) -> Iterator[tuple[Check, Finding]]:
    """Each check's finding; one that cannot be carried out has failed."""
    for check in CHECKS:
        yield check, look(check, patient)


def look(check: Check, patient: Patient) -> Finding:
    """One check's finding."""
    try:
        finding = check.look(patient)
    except (OSError, sqlite3.Error, GitantError) as fault:
        return failed(check.name, f"cannot be checked: {fault}", "mend what it says, and what failed before it")
    assert finding.check == check.name
    return finding


def mend(check: Check, patient: Patient) -> str:
    """Put right what a check found; what was done, or why not."""
    assert check.mend is not None
    try:
        return check.mend(patient)
    except (OSError, sqlite3.Error, GitantError) as fault:
        return f"not mended: {fault}"
