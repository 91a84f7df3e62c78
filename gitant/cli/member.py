"""`gitant member …`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gitant.cli.api import Api, segment
from gitant.cli.checkout import repository
from gitant.cli.options import DataDir, Json, Limit, Repo, Url
from gitant.cli.output import clean, print_json, print_table, tell

app = typer.Typer()

User = Annotated[str, typer.Argument(metavar="USER", help="A user name or did:key.", show_default=False)]
Cut = Annotated[
    list[str] | None,
    typer.Option(
        "--cut",
        metavar="EVENT",
        help="What they did up to this event counts, nothing else; repeat for more [else all that is here now].",
        show_default=False,
    ),
]


@app.command("list")
def list_members(
    blocked: Annotated[bool, typer.Option("--blocked", help="Those who are blocked, instead.")] = False,
    repo: Repo = None,
    limit: Limit = 100,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """List who has a role in a repository, the highest first."""
    with Api.open(data_dir, url) as api:
        found = api.listed(_path(api, repo), "collaborators", limit, {"blocked": "true"} if blocked else None)
    if json:
        print_json(found)
        return
    rows = [(each["role"], each["name"] or "", each["did"]) for each in found]
    print_table(("Role", "Name", "Did"), rows, empty="there is nobody")


@app.command()
def add(
    user: User,
    role: Annotated[
        str,
        typer.Option("--role", "-r", metavar="ROLE", help="viewer, developer, maintainer, admin or owner."),
    ] = "developer",
    cut: Cut = None,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Give somebody a role, or another one than they have; a lower one cuts, too."""
    body = {"user": user, "role": role, "cut": cut or []}
    with Api.open(data_dir, url) as api:
        _say(api.send("POST", _path(api, repo), body), json=json)


@app.command()
def remove(user: User, cut: Cut = None, repo: Repo = None, data_dir: DataDir = None, url: Url = None) -> None:
    """Take every role from somebody. What they did that is here now still counts, what comes later does not."""
    query = f"?cut={','.join(segment(each) for each in cut)}" if cut else ""
    with Api.open(data_dir, url) as api:
        api.send("DELETE", f"{_path(api, repo)}/{segment(user)}{query}")
    tell(f"{user} has no role any more")


@app.command()
def leave(repo: Repo = None, data_dir: DataDir = None, url: Url = None) -> None:
    """Give back every role of your own."""
    with Api.open(data_dir, url) as api:
        api.send("DELETE", f"{_path(api, repo)}/@me")
    tell("you have no role there any more")


@app.command()
def block(
    user: User, cut: Cut = None, repo: Repo = None, data_dir: DataDir = None, url: Url = None, json: Json = False
) -> None:
    """Keep somebody from doing anything in a repository, even what everybody may."""
    with Api.open(data_dir, url) as api:
        _say(api.send("POST", f"{_path(api, repo)}/{segment(user)}/block", {"cut": cut or []}), json=json)


@app.command()
def unblock(user: User, repo: Repo = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Let somebody do again what everybody may."""
    with Api.open(data_dir, url) as api:
        _say(api.send("POST", f"{_path(api, repo)}/{segment(user)}/unblock"), json=json)


@app.command()
def held(limit: Limit = 30, repo: Repo = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """List what strangers sent and waits for a decision, the oldest first."""
    with Api.open(data_dir, url) as api:
        found = api.listed(f"{_repo(api, repo)}/held", "held", limit)
    if json:
        print_json(found)
        return
    rows = [
        (each["author"], each["kind"], each["bytes"], each["held_at"], each["origin"], each["excerpt"])
        for each in found
    ]
    columns = ("Author", "Kind", "Bytes", "Since", "From", "What it says")
    print_table(columns, rows, empty="nothing waits")


@app.command()
def strangers(
    rule: Annotated[
        str,
        typer.Argument(
            metavar="[RULE]", help="hold, open, refuse, or node: what it does by default.", show_default=False
        ),
    ] = "",
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Show what becomes of strangers' events in a repository on this node, or choose it."""
    with Api.open(data_dir, url) as api:
        path = f"{_repo(api, repo)}/strangers"
        told = api.send("PUT", path, {"rule": rule}) if rule else api.get(path)
    if json:
        print_json(told)
    else:
        print(f"{told['rule']}, {'chosen for this repository' if told['chosen'] else 'as for all of the node'}")


@app.command()
def drop(
    author: Annotated[
        str, typer.Argument(metavar="[DID]", help="The did:key of who sent them.", show_default=False)
    ] = "",
    origin: Annotated[
        str,
        typer.Option("--origin", metavar="NETWORK", help="All that came from this network.", show_default=False),
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="All that is held in the repository.")] = False,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Forget what is held of a stranger; none of it is held again."""
    if [bool(author), bool(origin), everything].count(True) != 1:
        raise typer.BadParameter("say whose, or --origin, or --all")
    whose = f"/{segment(author)}" if author else f"?origin={segment(origin)}" if origin else ""
    with Api.open(data_dir, url) as api:
        told = api.send("DELETE", f"{_repo(api, repo)}/held{whose}")
    if json:
        print_json(told)
    else:
        tell(f"events dropped: {told['dropped']}")


@app.command()
def admit(
    events: Annotated[
        list[str] | None,
        typer.Argument(metavar="[EVENT]...", help="The ids of events, or a stranger's did:key.", show_default=False),
    ] = None,
    act: Annotated[
        str,
        typer.Option(
            "--act", metavar="EVENT", help="All that this act of authority has voided on the node.", show_default=False
        ),
    ] = "",
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Have events count that a cut has voided; or let a stranger in, with all that is held of them."""
    if bool(events) == bool(act):
        raise typer.BadParameter("say which events, or --act, or whom")
    if events and events[0].startswith("did:"):
        _let_in(events, repo, data_dir, url, json=json)
        return
    body: dict[str, Any] = {"act": act} if act else {"events": events}
    with Api.open(data_dir, url) as api:
        told = api.send("POST", _repo(api, repo) + "/admitted", body)["admitted"]
    if json:
        print_json(told)
    else:
        print_table(("Event", "Counts"), [(name, "yes" if counts else "no") for name, counts in told.items()], empty="")
    if not all(told.values()):
        tell(
            "what does not count still: your role is not above theirs, or it is void for another reason (gitant event)"
        )
        raise typer.Exit(1)


@app.command()
def audit(limit: Limit = 30, repo: Repo = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """List who changed who may do what, newest first."""
    with Api.open(data_dir, url) as api:
        found = api.listed(f"{_repo(api, repo)}/audit", "audit", limit)
    if json:
        print_json(found)
        return
    rows = [(each["id"][:16], each["time"], each["author"], each["words"], each["explanation"]) for each in found]
    print_table(("Event", "Claimed time", "Author", "What", "Verdict"), rows, empty="nothing was ever changed")


@app.command()
def alarms(limit: Limit = 30, repo: Repo = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """List the acts that voided what had counted on this node, and how to undo that."""
    with Api.open(data_dir, url) as api:
        found = api.listed(f"{_repo(api, repo)}/alarms", "alarms", limit)
    if json:
        print_json(found)
        return
    rows = [
        (each["act"]["id"][:16], each["act"]["author"], each["act"]["words"], each["void"], each.get("undo", ""))
        for each in found
    ]
    print_table(("Act", "Author", "What", "Void", "Undo"), rows, empty="there are none")


def _let_in(authors: list[str], repo: str | None, data_dir: str | None, url: str | None, *, json: bool) -> None:
    if len(authors) > 1:
        raise typer.BadParameter("one stranger at a time")
    with Api.open(data_dir, url) as api:
        told = api.send("POST", f"{_repo(api, repo)}/held/{segment(authors[0])}/admit")
    if json:
        print_json(told)
    else:
        rows = [(event, "admitted") for event in told["admitted"]]
        rows += [(each["event"], each["why"]) for each in told["refused"]]
        print_table(("Event", "What became of it"), rows, empty="")
    if told["refused"]:
        tell("what the log does not take is held on; forget it with: gitant member drop")
        raise typer.Exit(1)


def _repo(api: Api, named: str | None) -> str:
    return f"/api/v1/repos/{segment(repository(named, api.addresses))}"


def _path(api: Api, named: str | None) -> str:
    return f"{_repo(api, named)}/collaborators"


def _say(told: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(told)
    else:
        print(clean(f"{told['name'] or told['did']}: {told['role']}"))
