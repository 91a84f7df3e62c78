"""`gitant token`."""

from __future__ import annotations

import typer

from gitant.cli.node import settings_of
from gitant.cli.options import DataDir as DataDirOption
from storage.datadir import DataDir
from storage.keys import load_or_create_token

app = typer.Typer()


@app.command()
def token(data_dir: DataDirOption = None) -> None:
    """Print the operator's token, which is made if there is none yet.

    It goes into `Authorization: Bearer …`, and git takes it as the password of any user name.
    """
    folder = DataDir(settings_of(data_dir).data_dir)
    if not folder.operator_token.exists():
        folder.create()
    print(load_or_create_token(folder.operator_token))
