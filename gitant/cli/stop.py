"""`gitant stop`."""

from __future__ import annotations

import signal
import time
from typing import Annotated, Final

import typer

from domain.errors import Unavailable
from gitant.cli.node import settings_of
from gitant.cli.options import DataDir as DataDirOption
from gitant.cli.output import tell
from gitant.cli.signals import running_on, send
from gitant.given import BadSetting, data_folder
from storage.datadir import DataDir

app = typer.Typer()

_PAUSE_S: Final = 0.05
_DRAIN_S: Final = 3_600.0
"""What the setting may be at most."""
_MARGIN_S: Final = 10.0
"""What a stop may take beside what is under way: the writer's last commits."""


@app.command()
def stop(
    data_dir: DataDirOption = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait for its end.")] = False,
) -> None:
    """Stop the node that serves the data folder, and wait for its end. What is under way ends first.

    Ends with 1 if the node is still there ten seconds after the setting `drain_s_max`.
    """
    folder = DataDir(data_folder({"data_dir": data_dir}))
    running = running_on(folder)
    send(running, signal.SIGTERM)
    deadline = time.monotonic() + _drain_s(data_dir) + _MARGIN_S
    while not no_wait and folder.running() is not None:
        if time.monotonic() > deadline:
            raise Unavailable(
                f"the node (pid {running.pid}) is still at work", hint="tell it again to cut off what is under way"
            )
        time.sleep(_PAUSE_S)
    tell(f"the node (pid {running.pid}) {'was told to stop' if no_wait else 'has ended'}")


def _drain_s(data_dir: str | None) -> float:
    try:
        return settings_of(data_dir).drain_s_max
    except BadSetting:
        return _DRAIN_S  # a file that was spoilt since the node's start must not keep it from being stopped
