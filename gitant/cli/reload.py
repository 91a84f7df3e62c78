"""`gitant reload`."""

from __future__ import annotations

import json as json_text
import signal
import time
from typing import TYPE_CHECKING, Any, Final, cast

import typer

from domain.errors import Unavailable
from gitant.cli.options import DataDir as DataDirOption
from gitant.cli.options import Json
from gitant.cli.output import print_json
from gitant.cli.signals import running_on, send
from gitant.given import data_folder
from gitant.reload import outcome_file
from storage.datadir import DataDir

if TYPE_CHECKING:
    from storage.datadir import NodeInfo

app = typer.Typer()

_PAUSE_S: Final = 0.05
_OUTCOME_S_MAX: Final = 60.0
"""New workers have to come up meanwhile."""


@app.command()
def reload(data_dir: DataDirOption = None, json: Json = False) -> None:
    """Have the node that serves the data folder read its settings and certificate again.

    Says what changed and what waits for the next start. Nothing that is under way is cut off.
    """
    folder = DataDir(data_folder({"data_dir": data_dir}))
    outcome = _reloaded(folder, running_on(folder))
    if outcome["fault"]:
        raise Unavailable(f"nothing was reloaded: {outcome['fault']}", hint="mend that; the node goes on as it was")
    if json:
        print_json({"changed": outcome["changed"], "needs_restart": outcome["needs_restart"]})
        return
    print(f"changed: {', '.join(outcome['changed']) or 'nothing'}")
    if outcome["needs_restart"]:
        print(f"needs a restart: {', '.join(outcome['needs_restart'])}")


def _reloaded(folder: DataDir, running: NodeInfo) -> dict[str, Any]:
    before = _last(folder).get("number", 0)
    send(running, signal.SIGHUP)
    deadline = time.monotonic() + _OUTCOME_S_MAX
    while (outcome := _last(folder)).get("number", 0) <= before:
        if time.monotonic() > deadline or folder.running() is None:
            raise Unavailable("the node does not say how its reload ended", hint="look at its log")
        time.sleep(_PAUSE_S)
    return outcome


def _last(folder: DataDir) -> dict[str, Any]:
    try:
        return cast("dict[str, Any]", json_text.loads(outcome_file(folder).read_bytes()))
    except (OSError, ValueError):
        return {}
