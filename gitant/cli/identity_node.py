"""`gitant identity recovery`: a recovery key for the node's own identity."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from domain.authority.enrolment_text import chain_text
from domain.errors import InvalidInput
from domain.keys import SigningKey
from gitant import keyfile
from gitant.cli.api import Api
from gitant.cli.keys import new_key
from gitant.cli.node import folder_of
from gitant.cli.options import DataDir, Json
from gitant.cli.output import print_json, tell
from gitant.recovery import enrol, recovery_text
from storage.keys import load_or_create

app = typer.Typer()


@app.command()
def recovery(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Put the recovery key there instead of printing it.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Make a recovery key for the node's own identity, which is handed out once and not kept.

    The node says in its identity that this key may enrol devices; so it takes a running node. Whoever loses the
    data folder and its backups goes on with it: gitant identity recover.
    """
    if output is not None and output.exists():
        raise InvalidInput(f"{output} is there already", hint="name another file")
    folder = folder_of(data_dir)
    with Api.open(data_dir, None) as api:
        if not folder.identity_key.exists():
            raise InvalidInput(f"{folder.identity_key} is not there", hint="put it back from a backup")
        root = SigningKey(load_or_create(folder.identity_key))
        made, seed = new_key("recovery", None)
        chain = enrol(root, (), made.device, ("enrol",))
        line = recovery_text(seed, chain)
        if output is not None:
            # First what cannot be made again: a key that nobody has needs no announcing.
            keyfile.write_secret(output, f"{line}\n".encode())
        api.send("POST", f"/api/v1/agents/{root.did}/devices", {"certificate": chain_text(chain)})
    if json:
        told = {"did": root.did, "recovery_did": made.did}
        print_json({**told, "recovery": line} if output is None else {**told, "recovery_file": str(output)})
    elif output is None:
        tell("the recovery key, which is shown this once: write it down and keep it apart")
        print(line)
    else:
        tell(f"the recovery key is in {output}, and nowhere else; keep it apart from this machine")
