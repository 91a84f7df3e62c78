"""`gitant issue create` and `gitant issue edit`: words, and what is changed of one issue or of many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from domain.errors import InvalidInput
from gitant.cli.api import Api, segment
from gitant.cli.checkout import repository
from gitant.cli.editor import at_a_terminal, written
from gitant.cli.issue_words import issue_path, issues_path, say, text_of
from gitant.cli.options import Body, BodyFile, DataDir, Json, OwnKey, PassphraseFd, Repo, Url
from gitant.cli.output import clean, print_json, print_table, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer()

Title = Annotated[str | None, typer.Option("--title", "-t", help="The title.", show_default=False)]
Names = list[str] | None
_HINT = "The first line is the title, the rest is the text. An empty text calls it off."
_HINT_BODY = "This is the text of the issue. An empty one calls it off."


@app.command()
def create(
    title: Title = None,
    body: Body = None,
    body_file: BodyFile = None,
    template: Annotated[
        str | None,
        typer.Option("--template", "-T", metavar="NAME", help="Begin with this issue template.", show_default=False),
    ] = None,
    label: Annotated[Names, typer.Option("--label", "-l", help="A label; repeat for more.")] = None,
    assignee: Annotated[Names, typer.Option("--assignee", "-a", help="Who is to work on it; repeat for more.")] = None,
    key: OwnKey = None,
    passphrase_fd: PassphraseFd = None,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Open an issue.

    Without a text, and on a terminal, your editor asks for it (VISUAL, else EDITOR).
    """
    text = text_of(body, body_file)
    if title is None and template is None and not at_a_terminal():
        raise typer.BadParameter("give it a --title")
    with Api.open(data_dir, url) as api:
        begun = _template(api, repo, template) if template is not None else {}
        title, text = _words(title, text, begun)
        words = {
            "title": title,
            "body": text,
            "labels": list(dict.fromkeys([*begun.get("labels", []), *(label or [])])),
            "assignees": list(dict.fromkeys([*begun.get("assignees", []), *(assignee or [])])),
        }
        if key is not None:
            _open_by_own_hand(api, key, passphrase_fd, repo, words, json=json)
            return
        opened = api.send("POST", issues_path(api, repo), words)
    if json:
        print_json(opened)
    else:
        print(clean(f"#{opened['number']}"))


def _open_by_own_hand(
    api: Api, key: str, passphrase_fd: int | None, repo: str | None, words: dict[str, Any], *, json: bool
) -> None:
    from gitant.cli.own_hand import OwnHand

    hand = OwnHand(api, key, passphrase_fd, repo)
    written, number = hand.open_issue(words["title"], words["body"], words["labels"], words["assignees"])
    if json:
        print_json(written.answer)
        return
    print(f"#{number}" if not written.waits else written.id)
    if written.waits:
        tell(written.waits)


@app.command()
def templates(repo: Repo = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """List the issue templates of a repository, for issue create --template."""
    with Api.open(data_dir, url) as api:
        found = _templates(api, repo)
    if json:
        print_json(found)
        return
    rows = [(_stem(each), each["name"], each["about"], ", ".join(each["labels"])) for each in found]
    empty = "there are none; put some into .gitant/ISSUE_TEMPLATE of the default branch"
    print_table(("Template", "Name", "For", "Labels"), rows, empty=empty)


@app.command()
def edit(
    issues: Annotated[
        list[str],
        typer.Argument(metavar="ISSUE...", help="Numbers (12 or #12), number.prefix, or ids.", show_default=False),
    ],
    title: Title = None,
    body: Body = None,
    body_file: BodyFile = None,
    add_label: Annotated[Names, typer.Option("--add-label", help="A label to put on; repeat for more.")] = None,
    remove_label: Annotated[Names, typer.Option("--remove-label", help="A label to take off; repeat for more.")] = None,
    add_assignee: Annotated[Names, typer.Option("--add-assignee", help="Somebody to assign; repeat for more.")] = None,
    remove_assignee: Annotated[
        Names, typer.Option("--remove-assignee", help="Somebody to unassign; repeat for more.")
    ] = None,
    state: Annotated[
        Literal["open", "closed"] | None, typer.Option("--state", "-s", help="Close or reopen.", show_default=False)
    ] = None,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Change an issue's title or text, or the labels, people and state of many at once.

    Of many issues all change, or none.
    """
    text = text_of(body, body_file)
    words = {name: value for name, value in (("title", title), ("body", text)) if value is not None}
    members = {
        "add_labels": add_label,
        "remove_labels": remove_label,
        "add_assignees": add_assignee,
        "remove_assignees": remove_assignee,
        "state": state,
    }
    change = {name: value for name, value in members.items() if value}
    if not words and not change:
        raise typer.BadParameter("say what to change: --title, --body, --add-label, --state …")
    if words and len(issues) > 1:
        raise typer.BadParameter("a title or a text is for one issue")
    with Api.open(data_dir, url) as api:
        if change:
            rows = change_many(api, repo, issues, change)
            if not words:
                _tell_all(rows, json=json)
                return
        changed = api.send("PATCH", issue_path(api, repo, issues[0]), words)
    say(changed, json=json, did="edited")


def change_many(api: Api, repo: str | None, issues: Sequence[str], change: dict[str, Any]) -> list[dict[str, Any]]:
    """Change several issues in one step; what became of each."""
    named = [issue.removeprefix("#") for issue in issues]
    rows: list[dict[str, Any]] = api.send("PATCH", issues_path(api, repo), {"issues": named, **change})["issues"]
    return rows


def _tell_all(rows: Sequence[dict[str, Any]], *, json: bool) -> None:
    if json:
        print_json(rows)
        return
    for row in rows:
        did = "edited" if row["changed"] else "unchanged:"
        tell(f"{did} #{row['number']} {row['title']}")


def _words(title: str | None, text: str | None, begun: dict[str, Any]) -> tuple[str, str]:
    """Title and text, from the command line, the template, and the editor for what is still missing."""
    begin: str = begun.get("title", "")
    body: str = begun.get("body", "")
    if title is not None and text is not None:
        return title, text
    if not at_a_terminal():
        # What ends in white space is the beginning of a title.
        if title is None and (not begin or begin != begin.rstrip()):
            raise typer.BadParameter("the template has no whole title, so give it a --title")
        return begin if title is None else title, body if text is None else text
    if title is not None:
        return title, written(body, _HINT_BODY)
    if text is not None:
        return written(begin, "This is the title. An empty one calls it off.").splitlines()[0], text
    first, _, rest = written(f"{begin}\n\n{body}".rstrip(), _HINT).partition("\n")
    return first.strip(), rest.strip()


def _templates(api: Api, repo: str | None) -> list[dict[str, Any]]:
    path = f"/api/v1/repos/{segment(repository(repo, api.addresses))}/issue-templates"
    found: list[dict[str, Any]] = api.get(path)["templates"]
    return found


def _stem(template: dict[str, Any]) -> str:
    return str(template["file"]).rpartition("/")[2].removesuffix(".md")


def _template(api: Api, repo: str | None, wanted: str) -> dict[str, Any]:
    found = _templates(api, repo)
    for template in found:
        if wanted.casefold() in {template["name"].casefold(), _stem(template).casefold()}:
            return template
    names = ", ".join(template["name"] for template in found)
    hint = f"there are {names}" if names else "the repository's default branch has no .gitant/ISSUE_TEMPLATE"
    raise InvalidInput(f"there is no issue template {wanted!r}", hint=hint)
