"""`gitant identity profile …`: what a principal says of itself, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.content.redacted import EventRedacted
from domain.identity.described import IdentityDescribed
from gitant.cli.api import Api, segment
from gitant.cli.identity_ends import principal_signer, write_identity
from gitant.cli.options import DataDir, Json, PassphraseFd, Url
from gitant.cli.output import print_fields, print_json, tell

if TYPE_CHECKING:
    from gitant.signing import Signer

app = typer.Typer()

OwnKey = Annotated[
    str | None,
    typer.Option(
        "--key",
        "-k",
        metavar="KEY",
        help="A key file, or the name of one in ~/.config/gitant/keys [else the node signs, for its operator].",
        show_default=False,
    ),
]


@app.command()
def show(
    who: Annotated[
        str | None,
        typer.Argument(metavar="[WHO]", help="A user name or did:key [else the node's operator].", show_default=False),
    ] = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Show what somebody says of themselves."""
    with Api.open(data_dir, url) as api:
        _print(api.get(_path(api, who)), json=json)


@app.command("set")
def set_profile(
    name: Annotated[
        str | None, typer.Option("--name", "-n", help="The name to be shown; '' for none.", show_default=False)
    ] = None,
    about: Annotated[
        str | None, typer.Option("--about", "-a", help="A few words; '' for none.", show_default=False)
    ] = None,
    website: Annotated[
        str | None,
        typer.Option("--website", "-w", help="Where more is to be read; '' for nowhere.", show_default=False),
    ] = None,
    key: OwnKey = None,
    passphrase_fd: PassphraseFd = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Say something of yourself; what is not given stays. Everybody can read it, wherever your identity is."""
    given = {"display_name": name, "about": about, "website": website}
    changes = {field: value for field, value in given.items() if value is not None}
    if not changes:
        raise typer.BadParameter("say what: --name, --about or --website")
    with Api.open(data_dir, url) as api:
        if key is None:
            told = api.send("PATCH", _path(api, None), changes)
        else:
            by = principal_signer(key, passphrase_fd)
            now = api.get(_path(api, by.author))
            write_identity(api, by, "identity.described.v1", _described(now, changes))
            told = api.get(_path(api, by.author))
    _print(told, json=json)


@app.command()
def forget(
    key: OwnKey = None,
    passphrase_fd: PassphraseFd = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Take back all that you ever said of yourself. Nodes forget the words; your user name stays."""
    with Api.open(data_dir, url) as api:
        if key is None:
            told = api.send("DELETE", f"{_path(api, None)}/profile")
        else:
            told = _forgotten(api, principal_signer(key, passphrase_fd))
    if json:
        print_json(told)
    else:
        tell(f"{told['did']} says nothing of itself any more")


def _forgotten(api: Api, by: Signer) -> Any:
    path = _path(api, by.author)
    now = api.get(path)
    while events := now.get("profile_events"):
        write_identity(api, by, "event.redacted.v1", EventRedacted(events=[bytes.fromhex(each) for each in events]))
        now = api.get(path)
    return now


def _described(now: dict[str, Any], changes: dict[str, str]) -> IdentityDescribed:
    """The whole profile, as it would be."""
    said: dict[str, str] = {**now, **changes}
    return IdentityDescribed(
        replaces=[bytes.fromhex(each) for each in now.get("profile_heads", [now["event"]])],
        display_name=said.get("display_name", ""),
        about=said.get("about", ""),
        website=said.get("website", ""),
        avatar=bytes.fromhex(said["avatar"]) if "avatar" in said else None,
    )


def _path(api: Api, who: str | None) -> str:
    return f"/api/v1/agents/{segment(who if who is not None else api.get('/api/v1/status')['did'])}"


def _print(told: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(told)
        return
    said = ("did", "name", "display_name", "about", "website", "updated_at")
    rows: list[tuple[str, object]] = [(field.replace("_", " "), told[field]) for field in said if field in told]
    if rivals := told.get("conflicts", {}).get("profile"):
        rows.append(("conflict", f"{len(rivals)} profiles were written at the same time; set settles it"))
    print_fields(rows)
