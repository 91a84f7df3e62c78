"""`gitant status`."""

from __future__ import annotations

from typing import Any, cast

import typer

from gitant.cli.api import Api
from gitant.cli.options import DataDir, Json, Url
from gitant.cli.output import print_fields, print_json

app = typer.Typer()


@app.command()
def status(data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Say how the running node is."""
    with Api.open(data_dir, url) as api:
        answer = api.get("/api/v1/status")
        if json:
            print_json({"url": api.url, **answer})
            return
        print_fields(_flattened({"url": api.url, **answer}))


def _flattened(answer: dict[str, Any], prefix: str = "") -> list[tuple[str, object]]:
    fields: list[tuple[str, object]] = []
    for name, value in answer.items():
        label = f"{prefix}{name}".replace("_", " ")
        if isinstance(value, dict):
            fields.extend(_flattened(cast("dict[str, Any]", value), f"{label} "))
        else:
            fields.append((label, value))
    return fields
