"""What clients send, with everything that can be said about a field before the thing it is for is known.

Litestar makes these from the body's JSON and puts them into the OpenAPI document. The writer checks again what it
signs.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from domain import limits
from domain.commands.issue_bulk import ISSUES_MAX
from domain.errors import InvalidInput
from domain.ids import is_segment
from domain.refs.names import branch_problem
from domain.words import Topic, characters_problem, line_problem, website_problem

DEFAULT_COLOUR: Final = "ededed"
_COLOUR: Final = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})", re.IGNORECASE)
_SHORT_COLOUR: Final = 3

Title: TypeAlias = Annotated[str, Meta(min_length=1, max_length=limits.TITLE_CHARS_MAX)]
Text: TypeAlias = Annotated[str, Meta(max_length=limits.DOCUMENT_CHARS_MAX)]
Description: TypeAlias = Annotated[str, Meta(max_length=limits.DESCRIPTION_CHARS_MAX)]
RepoName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
Website: TypeAlias = Annotated[
    str, Meta(max_length=limits.WEBSITE_CHARS_MAX, description="An http:// or https:// address, or nothing.")
]
Branch: TypeAlias = Annotated[str, Meta(min_length=1, max_length=limits.REF_NAME_BYTES_MAX)]
LabelName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=limits.LABEL_NAME_CHARS_MAX)]
LabelNames: TypeAlias = Annotated[list[LabelName], Meta(max_length=limits.LABELS_PER_CHANGE_MAX)]
Person: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100, description="A user name or a did:key.")]
People: TypeAlias = Annotated[list[Person], Meta(max_length=limits.ASSIGNEES_PER_CHANGE_MAX)]
Reason: TypeAlias = Annotated[str, Meta(max_length=limits.TITLE_CHARS_MAX)]
Base64: TypeAlias = Annotated[str, Meta(description="Base64, of the standard or the URL-safe alphabet, padded or not.")]
ObjectId: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{40}$", description="40 hexadecimal digits.")]

PerhapsObjectId: TypeAlias = Annotated[
    str, Meta(pattern=r"^([0-9a-fA-F]{40})?$", description="40 hexadecimal digits, or nothing.")
]


class NewRepo(Struct, kw_only=True):
    """A repository to be made."""

    name: RepoName
    description: Description = ""
    private: bool = False
    default_branch: Branch = "main"

    def __post_init__(self) -> None:
        if not is_segment(self.name):
            _refuse("a name is not . or .. and does not end in .git", "name")
        _check_branch(self.default_branch)
        _check_text(self.description, "description")


class ForkForm(Struct, kw_only=True):
    """What a fork is to be called and to show; what is left out is as in its origin."""

    owner: Annotated[str, Meta(max_length=100, description="Whose it is to be: oneself, for now.")] = ""
    name: Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9._-]*$")] = ""
    description: Description | UnsetType = UNSET
    private: bool | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.name and not is_segment(self.name):
            _refuse("a name is not . or .. and does not end in .git", "name")
        if self.description is not UNSET:
            _check_text(self.description, "description")


class ImportForm(Struct, kw_only=True):
    """Where a repository comes from, and what it is to be here."""

    url: Annotated[str, Meta(max_length=2_000, description="http://, https:// or git://, as `git clone` takes it.")] = (
        ""
    )
    ticket: Annotated[
        str, Meta(pattern=r"^([0-9a-f]{32})?$", description="Instead of a URL: what `gitant repo import PATH` leaves.")
    ] = ""
    name: Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9._-]*$")] = ""
    owner: Annotated[str, Meta(max_length=100, description="Whose it is to be: oneself, for now.")] = ""
    description: Description = ""
    private: bool = False
    username: Annotated[str, Meta(max_length=400, description="For the other side; never kept.")] = ""
    password: Annotated[str, Meta(max_length=4_000, description="Or a token; never kept.")] = ""

    def __post_init__(self) -> None:
        _check_text(self.description, "description")


class RepoChange(Struct, kw_only=True):
    """What to change of a repository; what is left out stays. Its old name leads to it until another takes it."""

    name: RepoName | UnsetType = UNSET
    website: Website | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    default_branch: Branch | UnsetType = UNSET
    private: bool | UnsetType = UNSET
    archived: bool | UnsetType = UNSET

    def __post_init__(self) -> None:
        _check_text(self.description, "description")
        if self.name is not UNSET and not is_segment(self.name):
            _refuse("a name is not . or .. and does not end in .git", "name")
        if self.website is not UNSET and (problem := website_problem(self.website, "website")):
            _refuse(problem, "website")
        if self.default_branch is not UNSET:
            _check_branch(self.default_branch)


class Topics(Struct, kw_only=True):
    """All the topics that a repository shall be found by."""

    topics: Annotated[list[Topic], Meta(max_length=limits.TOPICS_PER_CHANGE_MAX)]


class Transfer(Struct, kw_only=True):
    """To whom a repository is offered."""

    owner: Person


class Succession(Struct, kw_only=True):
    """What a repository goes on as: an id, or what the successor is called here."""

    to: Annotated[str, Meta(min_length=1, max_length=200)]


class Undeletion(Struct, kw_only=True):
    """What a repository shall be called that comes back; what it was called, if nothing is said."""

    name: Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9._-]*$")] = ""

    def __post_init__(self) -> None:
        if self.name and not is_segment(self.name):
            _refuse("a name is not . or .. and does not end in .git", "name")


class Subscription(Struct, kw_only=True):
    """What of a repository somebody wants to hear."""

    level: Literal["participating", "all", "ignore"]


class Resolution(Struct, kw_only=True):
    """A diverged ref, and which of its places it is to be at: the one that shows, if none is named."""

    ref: Annotated[str, Meta(min_length=1, max_length=limits.REF_NAME_BYTES_MAX)]
    commit: Annotated[str, Meta(pattern=r"^[0-9a-f]{7,40}$")] | None = None


class NewBranch(Struct, kw_only=True):
    """A branch to be made; it begins at `commit` (any rev), or where the default branch is."""

    name: Branch
    commit: Annotated[str, Meta(max_length=400)] = "HEAD"

    def __post_init__(self) -> None:
        if problem := branch_problem(self.name):
            _refuse(problem, "name")


class NewIssue(Struct, kw_only=True):
    """An issue to be opened."""

    title: Title
    body: Text = ""
    labels: LabelNames = []
    assignees: People = []

    def __post_init__(self) -> None:
        _check_line(self.title, "title")
        _check_text(self.body, "body")
        _check_lines(self.labels, "labels")
        _check_lines(self.assignees, "assignees")


class IssueChange(Struct, kw_only=True):
    """What to change of an issue; what is left out stays. `labels` and `assignees` become exactly what is given."""

    title: Title | UnsetType = UNSET
    body: Text | UnsetType = UNSET
    state: Literal["open", "closed"] | UnsetType = UNSET
    reason: Reason | UnsetType = UNSET
    labels: LabelNames | UnsetType = UNSET
    assignees: People | UnsetType = UNSET

    def __post_init__(self) -> None:
        _check_line(self.title, "title")
        _check_text(self.body, "body")
        _check_text(self.reason, "reason")
        _check_lines(self.labels, "labels")
        _check_lines(self.assignees, "assignees")


class IssuesChange(Struct, kw_only=True):
    """One change to many issues, by number or id; members are all that shall be there, or some to add and to remove."""

    issues: Annotated[list[int | str], Meta(min_length=1, max_length=ISSUES_MAX)]
    state: Literal["open", "closed"] | None = None
    reason: Reason = ""
    labels: LabelNames | None = None
    add_labels: LabelNames = []
    remove_labels: LabelNames = []
    assignees: People | None = None
    add_assignees: People = []
    remove_assignees: People = []

    def __post_init__(self) -> None:
        _check_text(self.reason, "reason")
        for field in ("labels", "add_labels", "remove_labels", "assignees", "add_assignees", "remove_assignees"):
            _check_lines(getattr(self, field) or [], field)


class Closing(Struct, kw_only=True):
    """Why an issue is closed, if there is something to say."""

    reason: Reason = ""

    def __post_init__(self) -> None:
        _check_text(self.reason, "reason")


class Locking(Struct, kw_only=True):
    """Why an issue is locked, if there is something to say: `too heated`, `resolved`, `spam`, or words of one's own."""

    reason: Reason = ""

    def __post_init__(self) -> None:
        _check_text(self.reason, "reason")


class IssueLabels(Struct, kw_only=True):
    """All the labels that an issue shall carry."""

    labels: LabelNames

    def __post_init__(self) -> None:
        _check_lines(self.labels, "labels")


class Assignees(Struct, kw_only=True):
    """All whom an issue shall be assigned to."""

    assignees: People

    def __post_init__(self) -> None:
        _check_lines(self.assignees, "assignees")


class CommentText(Struct, kw_only=True):
    """The words of a comment."""

    body: Annotated[str, Meta(min_length=1, max_length=limits.DOCUMENT_CHARS_MAX)]

    def __post_init__(self) -> None:
        if not self.body.strip():
            _refuse("body is empty", "body")
        _check_text(self.body, "body")


class NewLabel(Struct, kw_only=True):
    """A label to be made."""

    name: LabelName
    color: str = DEFAULT_COLOUR
    description: Description = ""

    def __post_init__(self) -> None:
        _check_line(self.name, "name")
        _check_text(self.description, "description")
        self.color = colour_of(self.color)


class LabelChange(Struct, kw_only=True):
    """What to change of a label; what is left out stays."""

    name: LabelName | UnsetType = UNSET
    color: str | UnsetType = UNSET
    description: Description | UnsetType = UNSET

    def __post_init__(self) -> None:
        _check_line(self.name, "name")
        _check_text(self.description, "description")
        if self.color is not UNSET:
            self.color = colour_of(self.color)


class ProfileChange(Struct, kw_only=True):
    """What of a profile shall change; empty texts take it away."""

    display_name: Annotated[str, Meta(max_length=limits.TITLE_CHARS_MAX)] | UnsetType = UNSET
    about: Description | UnsetType = UNSET
    website: Website | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.display_name:
            _check_line(self.display_name, "display_name")
        _check_text(self.about, "about")
        if self.website is not UNSET and (problem := website_problem(self.website, "website")):
            _refuse(problem, "website")


class EnrolledDevice(Struct, kw_only=True):
    """A certificate as one line, as `gitant identity enroll` prints it. It is no secret."""

    certificate: Annotated[str, Meta(min_length=1, max_length=4096)]


class SignedEvent(Struct, kw_only=True):
    """An event signed elsewhere: its three byte strings."""

    header: Base64
    signature: Base64
    payload: Base64


class RefUpdate(Struct, kw_only=True):
    """Where a ref shall point. No `new_hash` deletes it; `old_hash` says where it must be now (zeros: nowhere)."""

    name: Annotated[str, Meta(min_length=1, max_length=limits.REF_NAME_BYTES_MAX)]
    new_hash: PerhapsObjectId | None = None
    old_hash: PerhapsObjectId | None = None


RefUpdates: TypeAlias = Annotated[list[RefUpdate], Meta(min_length=1, max_length=limits.MOVES_PER_EVENT_MAX)]


class LooseObject(Struct, kw_only=True):
    """A git object: `hash` must be that of its content."""

    hash: ObjectId
    type: Literal["commit", "tree", "blob", "tag"]
    content: Base64


class LoosePush(Struct, kw_only=True):
    """Objects, and refs that shall point to them. All refs move, or none."""

    ref_updates: RefUpdates
    objects: Annotated[list[LooseObject], Meta(max_length=100_000)] = []


class PackPush(Struct, kw_only=True):
    """A pack, and refs that shall point into it. All refs move, or none."""

    ref_updates: RefUpdates
    packfile: Base64 = ""


def colour_of(text: str) -> str:
    """Six lowercase hex digits from what people write: with or without `#`, three digits or six."""
    found = _COLOUR.fullmatch(text)
    if found is None:
        raise InvalidInput("a color is six hexadecimal digits, like d73a4a or #d73a4a", field="color")
    digits = found[1].lower()
    return "".join(digit * 2 for digit in digits) if len(digits) == _SHORT_COLOUR else digits


def _refuse(problem: str, field: str) -> None:
    raise InvalidInput(problem, field=field)


def _check_line(text: str | UnsetType, field: str) -> None:
    if text is not UNSET and (problem := line_problem(text, field)):
        _refuse(problem, field)


def _check_lines(texts: list[str] | UnsetType, field: str) -> None:
    for index, text in enumerate(texts or ()):
        if problem := line_problem(text, f"{field}[{index}]"):
            _refuse(problem, f"{field}[{index}]")


def _check_text(text: str | UnsetType, field: str) -> None:
    if text is not UNSET and (problem := characters_problem(text, field)):
        _refuse(problem, field)


def _check_branch(branch: str) -> None:
    if problem := branch_problem(branch):
        _refuse(problem, "default_branch")
