"""`gitant protect …`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gitant.cli.api import Api, segment
from gitant.cli.checkout import repository
from gitant.cli.options import DataDir, Json, Limit, Repo, Url
from gitant.cli.output import clean, print_json, print_table, tell

app = typer.Typer()

Pattern = Annotated[
    str,
    typer.Argument(metavar="BRANCH", help="A branch, or a pattern: * is any characters, ? is one.", show_default=False),
]


@app.command("list")
def list_protections(
    limit: Limit = 100, repo: Repo = None, data_dir: DataDir = None, url: Url = None, json: Json = False
) -> None:
    """List which branches are protected, and how."""
    with Api.open(data_dir, url) as api:
        found = api.listed(_path(api, repo), "protections", limit)
    if json:
        print_json(found)
        return
    print_table(("Branch", "Rules"), [(each["branch"], _rules(each)) for each in found], empty="there are none")


@app.command("set")
def set_protection(
    branch: Pattern,
    role: Annotated[
        str, typer.Option("--role", "-r", metavar="ROLE", help="Who may push: developer, maintainer or admin.")
    ] = "developer",
    pusher: Annotated[
        list[str] | None, typer.Option("--pusher", "-p", metavar="USER", help="Only they may push; repeat for more.")
    ] = None,
    force: Annotated[bool, typer.Option("--allow-force", help="Allow moves back or aside.")] = False,
    deletion: Annotated[bool, typer.Option("--allow-delete", help="Allow deletion.")] = False,
    approvals: Annotated[
        int,
        typer.Option(
            "--approvals",
            min=0,
            help="How many approvals a change needs. No push has any, so with this nothing is pushed.",
        ),
    ] = 0,
    dismiss: Annotated[
        bool, typer.Option("--dismiss-stale", help="An approval of what was changed since counts no longer.")
    ] = False,
    check: Annotated[
        list[str] | None,
        typer.Option(
            "--check",
            metavar="NAME",
            help="What a change has to pass; repeat for more. No push has, so with this nothing is pushed.",
        ),
    ] = None,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Make these all the rules for a branch or a pattern; they bind everybody below admin."""
    body = {
        "push_role": role,
        "pushers": pusher or [],
        "allow_force": force,
        "allow_delete": deletion,
        "approvals": approvals,
        "dismiss_stale": dismiss,
        "checks": check or [],
    }
    with Api.open(data_dir, url) as api:
        told = api.send("PUT", f"{_path(api, repo)}/{segment(branch)}", body)
    if json:
        print_json(told)
    else:
        print(clean(f"{told['branch']}: {_rules(told)}"))


@app.command()
def remove(branch: Pattern, repo: Repo = None, data_dir: DataDir = None, url: Url = None) -> None:
    """End the rules for a branch or a pattern."""
    with Api.open(data_dir, url) as api:
        api.send("DELETE", f"{_path(api, repo)}/{segment(branch)}")
    tell(f"{branch} is not protected any more")


def _path(api: Api, named: str | None) -> str:
    return f"/api/v1/repos/{segment(repository(named, api.addresses))}/protections"


def _rules(told: dict[str, Any]) -> str:
    words = [f"{told['push_role']} pushes"]
    words += [f"only {', '.join(told['pushers'])}"] if told["pushers"] else []
    words += ["force allowed"] if told["allow_force"] else ["no force push"]
    words += ["deletion allowed"] if told["allow_delete"] else ["no deletion"]
    words += [f"{told['approvals']} approvals"] if told["approvals"] else []
    words += ["stale ones dismissed"] if told["dismiss_stale"] else []
    words += [f"checks: {', '.join(told['checks'])}"] if told["checks"] else []
    return "; ".join(words)
