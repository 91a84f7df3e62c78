"""Issue templates, from the default branch."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from litestar import get

from api import shapes
from api.asking import Asking
from api.gate import readable
from api.params import Repo
from api.reply import Reply, read_value
from api.threads import in_thread
from domain.errors import InvalidInput, NotFound
from domain.issue import templates

if TYPE_CHECKING:
    from domain.ids import StreamId
    from domain.issue.templates import Template
    from domain.ports_git import GitReader


@get("/api/v1/repos/{id:str}/issue-templates", responses=shapes.shows(shapes.IssueTemplates))
async def list_templates(request: Asking, repo: Repo) -> Reply:
    """How issues of a repository may begin; none for one without templates or without commits."""
    row = readable(request, repo)
    found = await in_thread(templates_of, request.ports.git, row.id)
    return read_value(request, {"templates": [asdict(template) for template in found]})


def templates_of(git: GitReader, repo: StreamId) -> list[Template]:
    """How issues of a repository may begin, read from its default branch. Blocks."""
    try:
        commit = git.resolve(repo, "HEAD")
    except NotFound:
        return []
    for folder in templates.FOLDERS:
        try:
            entries = git.tree(repo, commit, folder)
        except (NotFound, InvalidInput):
            continue
        files = [
            entry
            for entry in entries
            if entry.type == "blob"
            and entry.name.endswith(templates.SUFFIX)
            and (entry.size or 0) <= templates.TEMPLATE_BYTES_MAX
        ]
        if files:
            chosen = files[: templates.TEMPLATES_MAX]
            return [templates.read(entry.path, git.blob(repo, commit, entry.path)[1]) for entry in chosen]
    return []
