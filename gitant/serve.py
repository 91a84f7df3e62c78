"""`gitant serve`: claims the data folder and the port, makes the keys, says where it is, and runs the node."""

from __future__ import annotations

import shlex
import shutil
import signal
import sys
import time
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import Unavailable
from gitant.child import Worker
from gitant.disk import disk_faults
from gitant.limits import SWITCH_S
from gitant.listening import listen, url_of
from gitant.notify import is_kept
from gitant.settings import DATA_DIR
from gitant.tls import tls_files
from storage.datadir import DataDir

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from domain.errors import LocalFault
    from domain.ids import Did
    from gitant.plan import Plan
    from gitant.settings import Settings


def run(settings: Settings, reread: Callable[[], Settings] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit code. What keeps it from serving is raised as a `LocalFault`.

    `reread` gives the settings as they are by then, when the node is told to reload.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to reload; it ends no node
    tls_files(settings)
    folder = DataDir(settings.data_dir)
    with ExitStack() as held:
        # Where the port is taken, a folder that is not there yet is not made.
        listener = None if folder.path.exists() else held.enter_context(_listening(settings, patient=False))
        with disk_faults(folder.path):
            folder.create()
            was_killed = folder.node_info.exists()
            held.enter_context(folder.lock())
        listener = listener or held.enter_context(_listening(settings, patient=was_killed))
        # A worker takes longest to start, so it begins before anything else is even imported.
        first = Worker(listener)
        try:
            fault = _run(settings, folder, listener, first, reread or (lambda: settings))
        finally:
            first.end()
            folder.node_info.unlink(missing_ok=True)
    if fault is not None:
        raise fault
    return 0


def _listening(settings: Settings, *, patient: bool) -> closing[socket.socket]:
    return closing(listen(settings.host, settings.port, patient=patient))


def _run(
    settings: Settings, folder: DataDir, listener: socket.socket, first: Worker, reread: Callable[[], Settings]
) -> LocalFault | None:
    from gitant import log
    from gitant.plan import Plan, version
    from storage import keys

    log.set_up(settings.log_level, settings.log_format)
    # The writer lets go of the interpreter with each statement to SQLite; it must not wait 5 ms to get it back each
    # time, when the code index is at work in the same process.
    sys.setswitchinterval(SWITCH_S)
    url = url_of(listener, "https" if settings.tls_cert else "http")
    with disk_faults(folder.path):
        is_first_start = not folder.operator_token.exists()
        token = keys.load_or_create_token(folder.operator_token)
        plan = Plan(settings, _identity(folder), version(), time.time_ns() // 1_000_000)
        _forget_last_run(folder)
        folder.write_node_info(url, settings.tls_cert)
    _announce(plan, url, token if is_first_start else None)
    import trio

    from gitant.supervisor import Supervisor

    return trio.run(Supervisor(plan, listener, first, reread).run)


def _identity(folder: DataDir) -> Did:
    """The operator's name. Only a new folder gets a key: with another one nothing in the log would be theirs."""
    from domain.keys import SigningKey
    from storage import keys, owner

    if folder.log.exists() and not folder.identity_key.exists():
        raise Unavailable(
            f"{folder.path} has lost its {folder.identity_key.name}",
            hint="put it back from a backup; a new key would be another identity",
        )
    key = SigningKey(keys.load_or_create(folder.identity_key))
    owner.claim(folder, key.did, key.device)
    return key.did


def _forget_last_run(folder: DataDir) -> None:
    """The workers' counts begin anew with each run, and so do reloads."""
    from gitant.plan import metrics_dir
    from gitant.reload import outcome_file

    outcome_file(folder).unlink(missing_ok=True)

    counts = metrics_dir(folder)
    shutil.rmtree(counts, ignore_errors=True)
    counts.mkdir(mode=0o700, exist_ok=True)


def _where(settings: Settings) -> str:
    """What a command on this machine has to say to find the node."""
    usual = settings.data_dir == Path(DATA_DIR).expanduser()
    return "" if usual else f" --data-dir {shlex.quote(str(settings.data_dir))}"


def _announce(plan: Plan, url: str, token: str | None) -> None:
    if plan.settings.log_format == "json":
        from gitant.log import get_logger

        get_logger("gitant.serve").info(
            "serving", url=url, public_url=plan.settings.public_url, data_dir=str(plan.settings.data_dir)
        )
        return  # and nothing else, for whoever reads this keeps it: the token stands in its file
    lines = [
        f"Gitant {plan.version} serves {plan.settings.data_dir}",
        f"  address   {plan.settings.public_url or url}",
    ]
    if plan.settings.public_url:
        lines.append(f"  locally   {url}")
    if token is not None and not is_kept():
        lines.append(f"  token     {token}")
        lines.append(f"            It is shown this once; `gitant token{_where(plan.settings)}` prints it again.")
    with suppress(OSError):  # nobody may be reading
        print("\n".join(lines), flush=True)
