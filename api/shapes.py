"""What clients get, for the OpenAPI document and for those who read it: the views render most of these themselves.

Fields with a default are there only when there is something to say.
"""

from __future__ import annotations

from typing import Any, Literal

from litestar.openapi.datastructures import ResponseSpec
from msgspec import Struct

State = Literal["open", "closed"]


class AgentDevice(Struct):
    """A device that may write in a principal's name; `node` is the node that keeps its key, if one does."""

    did: str
    powers: list[str]
    node: str = ""
    repo: str = ""
    """The one repository it acts in, where its certificate is for one."""


class AgentSays(Struct):
    """What an agent says of itself; `heads` is what its next word replaces."""

    purpose: str
    owner: str
    capabilities: list[str]
    retired: bool
    heads: list[str]


class Agent(Struct):
    """A principal. `profile_events` hold what it ever said of itself, `profile_heads` what a new profile replaces."""

    did: str
    name: str
    created_at: str
    updated_at: str
    event: str
    display_name: str = ""
    about: str = ""
    website: str = ""
    avatar: str = ""
    devices: list[AgentDevice] = []
    revoked: list[str] = []
    profile_events: list[str] = []
    profile_heads: list[str] = []
    agent: AgentSays | None = None
    conflicts: dict[str, Any] = {}


class Agents(Struct):
    """Some of the agents."""

    agents: list[Agent]


class Word(Struct):
    """The id of a repository that a root names."""

    value: str
    author: str
    event: str


class Succession(Struct):
    """Who says what a repository goes on as, and how many of its roots have to say the same."""

    threshold: int
    named: list[Word]


class Successor(Struct):
    """What a repository goes on as, where this node has it and the asker may read it."""

    id: str
    full_name: str
    clone_url: str


class Repository(Struct):
    """A repository."""

    id: str
    owner: str
    name: str
    full_name: str
    clone_url: str
    description: str
    website: str
    topics: list[str]
    private: bool
    archived: bool
    default_branch: str
    created_at: str
    updated_at: str
    roots: list[str]
    open_issues: int
    closed_issues: int
    stars: int
    event: str
    forks_count: int
    disk_bytes: int
    conflicts: dict[str, Any] = {}
    offered_to: str = ""
    deleted: bool = False
    fork_of: str = ""
    imported_from: str = ""
    succeeded_by: str = ""
    succession: Succession | None = None
    successor: Successor | None = None


class Repositories(Struct):
    """A page of repositories."""

    repos: list[Repository]


class Star(Struct):
    """Somebody's star; `name` is null where this node knows them by no name."""

    did: str
    name: str | None
    starred_at: str


class Stars(Struct):
    """A page of stars, newest first."""

    stars: list[Star]


class Starring(Struct):
    """Whether a repository has the asker's star, and how many it has."""

    starred: bool
    stars: int


class Watching(Struct):
    """What of a repository the asker wants to hear, and whether they chose that."""

    level: Literal["participating", "all", "ignore"]
    chosen: bool


class Issue(Struct):
    """An issue; `id` names it everywhere, `number` in its repository."""

    id: str
    repo: str
    number: int
    title: str
    body: str
    state: State
    state_reason: str
    author: str
    labels: list[str]
    assignees: list[str]
    comments: int
    created_at: str
    updated_at: str
    lamport: int
    event: str
    edited: bool
    reactions: dict[str, int] = {}
    own_reactions: list[str] = []
    locked: bool = False
    lock_reason: str = ""
    pinned: bool = False
    conflicts: dict[str, Any] = {}


class Issues(Struct):
    """A page of issues, newest first."""

    issues: list[Issue]


class IssueTemplate(Struct):
    """How to begin an issue; `title` is what the title begins with, `file` where the template is."""

    file: str
    name: str
    about: str
    title: str
    labels: list[str]
    assignees: list[str]
    body: str


class IssueTemplates(Struct):
    """The issue templates of a repository."""

    templates: list[IssueTemplate]


class ChangedIssue(Struct):
    """What an issue has come to, and whether anything of it changed."""

    id: str
    number: int
    title: str
    state: State
    labels: list[str]
    assignees: list[str]
    changed: bool


class ChangedIssues(Struct):
    """The issues that one change was for, in the order given."""

    issues: list[ChangedIssue]


class FoundIssue(Issue):
    """An issue of any repository, with that one's name."""

    repo_full_name: str = ""


class FoundIssues(Struct):
    """A page of issues of several repositories, newest here first."""

    issues: list[FoundIssue]


class Comment(Struct):
    """A comment; a redacted one stays as a hole."""

    id: str
    issue: str
    body: str
    author: str
    created_at: str
    updated_at: str
    edited: bool
    redacted: bool
    lamport: int
    event: str
    reactions: dict[str, int] = {}
    own_reactions: list[str] = []
    conflicts: dict[str, Any] = {}


class Comments(Struct):
    """A page of comments, oldest first."""

    comments: list[Comment]


class Attachment(Struct):
    """A file that was attached; `target` is the repository, issue or comment, `media_type` what somebody claimed."""

    id: str
    repo: str
    target: str
    name: str
    media_type: str
    size: int
    sha256: str
    author: str
    created_at: str
    redacted: bool
    lamport: int
    event: str


class NewAttachment(Attachment):
    """A file that was just attached; `markdown` is what to put into a text, and works on every node that has it."""

    url: str
    markdown: str


class Attachments(Struct):
    """A page of attachments, newest first."""

    attachments: list[Attachment]


class Label(Struct):
    """A label; `color` is six hexadecimal digits."""

    id: str
    name: str
    color: str
    description: str
    created_at: str
    event: str
    conflicts: dict[str, Any] = {}


class Labels(Struct):
    """A page of labels, by name."""

    labels: list[Label]


class Event(Struct):
    """An event as lists show it."""

    id: str
    stream: str
    kind: str
    entity: str | None
    author: str
    device: str
    seq: int
    lamport: int
    time: Any
    verdict: str
    reason: str
    redacted: bool


class Events(Struct):
    """A page of events, newest first."""

    events: list[Event]


class LiveEvent(Event):
    """An event as the stream shows it, one `data` line each; `repo_name` is null of identities."""

    position: int
    repo_name: str | None
    summary: str


class RawEvent(Struct):
    """An event's three byte strings in base64; a redacted one has no payload."""

    header: str
    signature: str
    payload: str | None


class EventCheck(Struct):
    """One thing that was looked at again, and how it is, in words."""

    check: str
    ok: bool
    words: str


class WholeEvent(Event):
    """An event with everything its bytes say; byte strings in `header` and `payload` are hexadecimal."""

    explanation: str
    header: dict[str, Any]
    payload: Any
    raw: RawEvent
    verification: list[EventCheck] = []
    rests_on: dict[str, Any] = {}
    """Of a void event, the act of authority that took the right away: as the audit shows it."""
    redacted_by: list[str] = []
    """Of an event whose payload was taken away, the events that did it."""


class Activity(Struct):
    """Something that happened."""

    id: str
    kind: str
    repo: str
    repo_name: str
    author: str
    time: Any
    subject: str | None
    number: int | None
    summary: str


class Activities(Struct):
    """A page of what happened lately, newest first."""

    activity: list[Activity]


class Heads(Struct):
    """What a device's next event in a stream says of its past."""

    stream: str
    parents: list[str]
    seq: int
    prev: str | None
    lamport: int


class Names(Struct):
    """User names by did."""

    names: dict[str, str]


class Version(Struct):
    """Which Gitant this is."""

    version: str
    api: str


class NodeStatus(Struct):
    """What the node says about itself."""

    name: str
    version: str
    did: str
    url: str
    peer_address: str | None
    """Where other nodes connect; null where this one takes no connections."""
    started_at: str
    uptime_s: int
    position: int
    counts: dict[str, int]


class Health(Struct):
    """Whether the node is well, and what was looked at."""

    status: str
    checks: dict[str, Any]


class Live(Struct):
    """That the process answers."""

    status: str


def shows(
    shape: type[Any] | None, *, status: int = 200, media_type: str = "application/json"
) -> dict[int, ResponseSpec]:
    """The OpenAPI entry of what a route answers when all goes well."""
    return {status: ResponseSpec(shape, generate_examples=False, media_type=media_type, description=_words(shape))}


def _words(shape: type[Any] | None) -> str:
    if shape is None:
        return "Done."
    return (shape.__doc__ or "").splitlines()[0] if issubclass(shape, Struct) else "What was asked for."
