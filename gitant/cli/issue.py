"""`gitant issue …`: showing, saying, closing. The other commands have files of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gitant.cli import issue_attach, issue_conversation, issue_list, issue_members, issue_write
from gitant.cli.api import Api
from gitant.cli.editor import at_a_terminal, written
from gitant.cli.issue_show import people_in, print_issue
from gitant.cli.issue_words import issue_path, say, text_of
from gitant.cli.names import names_of
from gitant.cli.options import Body, BodyFile, DataDir, Issue, Json, OwnKey, PassphraseFd, Repo, Url
from gitant.cli.output import clean, print_json, tell

if TYPE_CHECKING:
    from gitant.cli.own_hand import Written

app = typer.Typer()
for _part in (issue_write, issue_list, issue_attach, issue_members, issue_conversation):
    app.add_typer(_part.app)


@app.command()
def view(issue: Issue, repo: Repo = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Show an issue and what was said about it."""
    with Api.open(data_dir, url) as api:
        path = issue_path(api, repo, issue)
        found = api.get(path)
        comments = api.listed(f"{path}/comments", "comments", found["comments"] or 1)
        names = {} if json else names_of(api, people_in(found, comments))
    if json:
        print_json({**found, "comment_list": comments})
    else:
        print_issue(found, comments, names)


@app.command()
def comment(
    issue: Issue,
    body: Body = None,
    body_file: BodyFile = None,
    key: OwnKey = None,
    passphrase_fd: PassphraseFd = None,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Say something on an issue.

    Without a text, and on a terminal, your editor asks for it (VISUAL, else EDITOR).
    """
    text = text_of(body, body_file)
    if text is None and at_a_terminal():
        text = written("", "This is what you say. An empty text calls it off.")
    if text is None:
        raise typer.BadParameter("say it with --body or --body-file")
    with Api.open(data_dir, url) as api:
        if key is not None:
            from gitant.cli.own_hand import OwnHand

            _print_written(OwnHand(api, key, passphrase_fd, repo).comment(issue, text), json=json)
            return
        said = api.send("POST", f"{issue_path(api, repo, issue)}/comment", {"body": text})
    if json:
        print_json(said)
    else:
        print(clean(said["id"]))


@app.command()
def close(
    issue: Issue,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why, in a few words.", show_default=False)] = "",
    key: OwnKey = None,
    passphrase_fd: PassphraseFd = None,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Close an issue."""
    with Api.open(data_dir, url) as api:
        if key is not None:
            from gitant.cli.own_hand import OwnHand

            _tell_state(OwnHand(api, key, passphrase_fd, repo).close(issue, reason), issue, json=json, did="closed")
            return
        closed = api.send("POST", f"{issue_path(api, repo, issue)}/close", {"reason": reason} if reason else None)
    say(closed, json=json, did="closed")


@app.command()
def reopen(
    issue: Issue,
    key: OwnKey = None,
    passphrase_fd: PassphraseFd = None,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Open a closed issue again."""
    with Api.open(data_dir, url) as api:
        if key is not None:
            from gitant.cli.own_hand import OwnHand

            _tell_state(OwnHand(api, key, passphrase_fd, repo).reopen(issue), issue, json=json, did="reopened")
            return
        opened = api.send("POST", f"{issue_path(api, repo, issue)}/reopen")
    say(opened, json=json, did="reopened")


def _print_written(written: Written, *, json: bool) -> None:
    if json:
        print_json(written.answer)
        return
    print(written.id)
    if written.waits:
        tell(written.waits)


def _tell_state(written: Written | None, issue: str, *, json: bool, did: str) -> None:
    if json:
        print_json(None if written is None else written.answer)
    elif written is None:
        tell(f"#{issue.removeprefix('#')} is {did.removeprefix('re').replace('opened', 'open')} already")
    else:
        tell(written.waits or f"{did} #{issue.removeprefix('#')}")
