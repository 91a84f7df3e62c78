"""Options and arguments that several commands share, as the annotations of their parameters."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

DataDir: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--data-dir",
        metavar="FOLDER",
        help="The node's data folder [GITANT_DATA_DIR, else ~/.local/share/gitant].",
        show_default=False,
    ),
]
Url: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help="The node to ask [GITANT_URL, else the one that serves the data folder].",
        show_default=False,
    ),
]
OwnKey: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--key",
        "-k",
        metavar="KEY",
        help="Sign it with this key file, or the one of that name in ~/.config/gitant/keys [else the node signs].",
        show_default=False,
    ),
]
PassphraseFd: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--passphrase-fd",
        metavar="N",
        help="Read the passphrase from this open file descriptor [GITANT_KEY_PASSPHRASE, else asked for].",
        show_default=False,
    ),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]
Repo: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--repo",
        "-R",
        metavar="REPO",
        help="A name, owner/name or id [else what a remote of the current folder points to].",
        show_default=False,
    ),
]
Limit: TypeAlias = Annotated[int, typer.Option("--limit", "-L", min=1, help="How many to list at most.")]
RepoName: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="[REPO]",
        help="A name, owner/name or id [else what a remote of the current folder points to].",
        show_default=False,
    ),
]
Issue: TypeAlias = Annotated[
    str, typer.Argument(metavar="ISSUE", help="A number (12 or #12), number.prefix, or id.", show_default=False)
]
Ref: TypeAlias = Annotated[
    str,
    typer.Option(
        "--ref", "-r", metavar="REF", help="A branch, tag or commit [else the default branch].", show_default=False
    ),
]
Body: TypeAlias = Annotated[str | None, typer.Option("--body", "-b", help="The text.", show_default=False)]
BodyFile: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--body-file",
        "-F",
        metavar="FILE",
        help="Take the text from this file; - is standard input.",
        show_default=False,
    ),
]
