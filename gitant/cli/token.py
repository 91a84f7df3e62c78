"""`gitant token`, `gitant token …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitant.cli.node import settings_of
from gitant.cli.options import DataDir as DataDirOption
from gitant.cli.options import Json, Url
from gitant.cli.output import print_json, print_table, tell
from storage.datadir import DataDir
from storage.keys import load_or_create_token

if TYPE_CHECKING:
    from gitant.cli.api import Api

app = typer.Typer()

Deploy = Annotated[
    str | None,
    typer.Option("--deploy", metavar="REPO", help="About this repository's deploy keys instead.", show_default=False),
]
User = Annotated[str, typer.Option("--user", metavar="USER", help="Whose tokens, for the operator [else your own].")]


@app.callback(invoke_without_command=True)
def token(context: typer.Context, data_dir: DataDirOption = None) -> None:
    """Print the operator's token, which is made if there is none yet; or make, list and revoke narrower ones.

    It goes into `Authorization: Bearer …`, and git takes it as the password of any user name.
    """
    if context.invoked_subcommand is not None:
        return
    folder = DataDir(settings_of(data_dir).data_dir)
    if not folder.operator_token.exists():
        folder.create()
    print(load_or_create_token(folder.operator_token))


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.", show_default=False)],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            "-s",
            metavar="SCOPE",
            help="What it is good for: repo:read, repo:write, issue:write, repo:admin, user:read, user:write, "
            "node:admin; repeat for more.",
        ),
    ] = None,
    repo: Annotated[
        list[str] | None,
        typer.Option("--repo", "-R", metavar="REPO", help="Only for this repository; repeat for more."),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option("--days", min=1, help="In how many days it ends [else 90].", show_default=False),
    ] = None,
    never: Annotated[bool, typer.Option("--never", help="It holds until it is revoked.")] = False,
    deploy: Annotated[
        str | None,
        typer.Option(
            "--deploy",
            metavar="REPO",
            help="Make a deploy key: for git in this repository, and nothing else.",
            show_default=False,
        ),
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Of a deploy key: it may push, too.")] = False,
    data_dir: DataDirOption = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Make a token that stands for you, narrowed to what it is for, and print it: it is shown this once."""
    body: dict[str, Any] = {"name": name, "never": never, **({} if days is None else {"days": days})}
    if deploy is not None:
        if scope or repo:
            raise typer.BadParameter("a deploy key has no scopes, and one repository: --deploy REPO, perhaps --write")
        path, body = _path("", deploy), {**body, "write": write}
    else:
        if write:
            raise typer.BadParameter("--write is for deploy keys; a token that may push has --scope repo:write")
        if not scope:
            raise typer.BadParameter("say what it is for: --scope, once or more")
        path = _path("@me", None)
        body = {**body, "scopes": scope, "repos": [_selector(each) for each in repo] if repo else None}
    with _node(data_dir, url) as api:
        made = api.send("POST", path, body)
    if json:
        print_json(made)
        return
    ends = f"until {made['expires_at']}" if made["expires_at"] else "until it is revoked"
    tell(f"token {made['id']} holds {ends}; it is shown this once:")
    print(made["token"])


@app.command("list")
def list_tokens(
    user: User = "@me", deploy: Deploy = None, data_dir: DataDirOption = None, url: Url = None, json: Json = False
) -> None:
    """List tokens, the newest first, without their secrets."""
    with _node(data_dir, url) as api:
        answer = api.get(_path(user, deploy))
    found = answer["tokens"] if deploy is None else answer["deploy_keys"]
    if json:
        print_json(found)
        return
    headings = ("Token", "Name", "Good for", "Ends", "Last used")
    print_table(headings, [_row(each) for each in found], empty="there are none")


@app.command()
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="TOKEN", help="Its id, as the list has it.", show_default=False)],
    user: User = "@me",
    deploy: Deploy = None,
    data_dir: DataDirOption = None,
    url: Url = None,
) -> None:
    """End a token at once."""
    with _node(data_dir, url) as api:
        api.send("DELETE", f"{_path(user, deploy)}/{_segment(token_id)}")
    tell(f"token {token_id} has ended")


def _path(user: str, deploy: str | None) -> str:
    if deploy is not None:
        return f"/api/v1/repos/{_segment(_selector(deploy))}/deploy-keys"
    return f"/api/v1/users/{_segment(user)}/tokens"


# What speaks HTTP takes a while to import, and most who type `gitant token` want the operator's.


def _node(data_dir: str | None, url: str | None) -> Api:
    from gitant.cli.api import Api

    return Api.open(data_dir, url)


def _segment(text: str) -> str:
    from gitant.cli.api import segment

    return segment(text)


def _selector(repo: str) -> str:
    from gitant.cli.checkout import selector

    return selector(repo)


def _row(each: dict[str, Any]) -> tuple[object, ...]:
    if "scopes" in each:
        repos = f" in {len(each['repos'])} repositories" if each["repos"] else ""
        good_for = f"{' '.join(each['scopes'])}{repos}"
    else:
        good_for = "reading and pushing" if each["write"] else "reading"
    ends = f"{each['expires_at'] or 'never'}{' (expired)' if each['expired'] else ''}"
    return each["id"], each["name"], good_for, ends, each["last_used_at"] or "never"
