"""`gitant agent …`: who says that they are agents, what is said of them, and saying so."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from domain.errors import InvalidInput
from domain.identity.agent_described import AgentDescribed
from gitant.cli.api import Api, segment
from gitant.cli.identity_ends import principal_signer, write_identity
from gitant.cli.identity_profile import OwnKey
from gitant.cli.options import DataDir, Json, Limit, PassphraseFd, Url
from gitant.cli.output import clean, print_fields, print_json, print_table

app = typer.Typer()

Agent = Annotated[str, typer.Argument(metavar="AGENT", help="A user name or did:key.", show_default=False)]


@app.command("list")
def list_agents(limit: Limit = 100, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """List the principals on a node that say of themselves that they are agents."""
    with Api.open(data_dir, url) as api:
        found = api.listed("/api/v1/agents", "agents", limit)
    if json:
        print_json(found)
        return
    rows = [(each["name"], ", ".join(each["agent"]["capabilities"]), each["did"]) for each in found]
    print_table(("Name", "Capabilities", "Did"), rows, empty="there are no agents")


@app.command()
def show(agent: Agent, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Show what an agent says of itself, what others say of it, and the score that this comes to."""
    with Api.open(data_dir, url) as api:
        found = api.get(f"/api/v1/agents/{segment(agent)}")
        said = api.get(f"/api/v1/agents/{segment(agent)}/attestations")
    if json:
        print_json({**found, **said})
        return
    card: dict[str, Any] = found.get("agent") or {}
    score: dict[str, Any] = said["score"]
    print_fields(
        [
            ("Name", found["name"]),
            ("Did", found["did"]),
            ("Purpose", card.get("purpose", "")),
            ("Owner", card.get("owner", "")),
            ("Capabilities", ", ".join(card.get("capabilities", []))),
            ("Retired", "yes" if card.get("retired") else "no"),
            ("Score", f"{score['score']} = {score['weighted']} / ({score['prior']} + {score['weight']})"),
        ]
    )
    for each in said["attestations"]:
        print(f"{each['value']:+d} × {each['weight']}  {clean(each['source'])}  {clean(each['statement'])}".rstrip())


@app.command()
def attest(
    agent: Agent,
    against: Annotated[bool, typer.Option("--against", help="You would rather not have it about.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Say nothing of it any more.")] = False,
    statement: Annotated[str, typer.Option("--statement", "-s", help="Why.", show_default=False)] = "",
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Say what you think of an agent, in place of what you said before: without options, that you are for it."""
    if against and withdraw:
        raise InvalidInput("--against and --withdraw exclude one another")
    value = 0 if withdraw else -1 if against else 1
    with Api.open(data_dir, url) as api:
        said = api.send("POST", f"/api/v1/agents/{segment(agent)}/attest", {"value": value, "statement": statement})
    if json:
        print_json(said)
    else:
        print(f"{clean(said['about'])}: {said['value']:+d}")


@app.command()
def register(
    purpose: Annotated[str, typer.Option("--purpose", "-p", help="What it is for.", show_default=False)] = "",
    owner: Annotated[
        str,
        typer.Option("--owner", metavar="USER", help="Who answers for it: a user name or did:key.", show_default=False),
    ] = "",
    capability: Annotated[
        list[str] | None,
        typer.Option("--capability", "-c", metavar="WORD", help="What it can do; repeat for more.", show_default=False),
    ] = None,
    retired: Annotated[bool, typer.Option("--retired", help="It does nothing any more.")] = False,
    key: OwnKey = None,
    passphrase_fd: PassphraseFd = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Say that you are an agent, and all of what you are: what is left out is said no more."""
    with Api.open(data_dir, url) as api:
        if key is None:
            card = {"purpose": purpose, "owner": owner, "capabilities": capability or [], "retired": retired}
            found = api.send("PUT", "/api/v1/agents/@me/card", card)
        else:
            by = principal_signer(key, passphrase_fd)
            now: dict[str, Any] = api.get(f"/api/v1/agents/{segment(by.author)}").get("agent") or {}
            payload = AgentDescribed(
                replaces=[bytes.fromhex(name) for name in now.get("heads", [])],
                purpose=purpose,
                owner=api.get(f"/api/v1/agents/{segment(owner)}")["did"] if owner else "",
                capabilities=sorted(set(capability or [])),
                retired=retired,
            )
            write_identity(api, by, "agent.described.v1", payload)
            found = api.get(f"/api/v1/agents/{segment(by.author)}")
    if json:
        print_json(found)
    else:
        print(found["did"])
