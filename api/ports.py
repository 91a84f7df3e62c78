"""What the API is built on: everything it reads, writes and knows about its node comes in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    from api.accounts import AccountPorts
    from api.agency import AgentPorts
    from domain.actor import Actor
    from domain.audit import Journal
    from domain.ids import Did
    from domain.ports_blobs import Blobs
    from domain.ports_files import Archives
    from domain.ports_git import GitReader, GitStore
    from domain.ports_imports import Imports
    from domain.ports_insight import Insight
    from domain.ports_peers import Peering
    from domain.ports_tokens import Tokens
    from domain.ports_views import Views, Writer

EventBytes: TypeAlias = Callable[[int], tuple[bytes, bytes, bytes | None]]
"""Header, signature and payload (None where it is redacted) of the event at a log position."""
Payloads: TypeAlias = Callable[[Sequence[int]], Mapping[int, bytes | None]]
"""The payloads (None where it is redacted) of the events at these log positions."""


CREDENTIALS: Final = frozenset({b"authorization", b"cookie", b"signature"})
"""The headers that say who asks; whoever sends none of them is nobody in particular."""
ASKED_HEADERS: Final = CREDENTIALS | {
    b"accept-signature",
    b"content-digest",
    b"content-length",
    b"content-type",
    b"date",
    b"host",
    b"origin",
    b"sec-fetch-site",
    b"signature-input",
    b"user-agent",
}
"""The headers that doors look at."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says of who asks, and what it wants, as doors look at it.

    Headers have lower-case names; what came more than once is joined by commas.
    """

    headers: Mapping[bytes, bytes]
    method: str = "GET"
    """As it was sent: `HEAD` is `HEAD`."""
    path: str = "/"
    """As it was sent, with its percent signs, and without the query."""
    query: str = ""
    """Without its question mark."""
    address: str = ""
    """Of the client, as proxies that are trusted say; of IPv6 its network. Empty where nobody looks."""
    scheme: str = "http"
    again: bool = False
    """Whether this request was let in before and goes on: nothing of it counts, or is used up, a second time."""

    def header(self, name: bytes) -> str:
        """The value of a header, empty if it is not there."""
        return self.headers.get(name, b"").decode("latin-1")


class Doors(Protocol):
    """Finds out who is asking."""

    async def actor(self, asked: Asked) -> Actor:
        """Who is asking. Raises `Unauthenticated` for credentials that are wrong, `RateLimited` for too many."""
        ...


class Refusals(Protocol):
    """Notes who was turned away."""

    def note(self, act: str, name: str, address: str) -> None:
        """Count a refusal; `name` is whom somebody said they are, `address` where from."""
        ...


class PackBuilder(Protocol):
    """Makes packs of loose objects."""

    def build(self, objects: Sequence[tuple[str, bytes]]) -> bytes:
        """A pack of whole objects, given as (type, content); the types are commit, tree, blob and tag."""
        ...


class WayIn(Protocol):
    """Names requests and lets them in."""

    def name(self, scope: dict[str, Any], headers: Mapping[bytes, bytes]) -> bytes:
        """The request's id, which log lines have from here on."""
        ...

    async def admit(
        self, scope: dict[str, Any], headers: Mapping[bytes, bytes], answer: list[tuple[bytes, bytes]]
    ) -> Actor:
        """Who asks; raises the fault to answer with. `answer` takes headers that every answer is to have."""
        ...


class Changes(Protocol):
    """Knows when the log has grown."""

    async def wait(self, after: int) -> None:
        """Return when the views may be past this position, and after a while in any case."""
        ...


@dataclass(frozen=True, slots=True)
class Number:
    """One number for /metrics: `value` for these labels. What counts up has a name that ends in `_total`."""

    name: str
    help: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Spread:
    """How often what was measured fell between one bound and the next; one count more than there are bounds."""

    name: str
    help: str
    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    sum: float


@dataclass(frozen=True, slots=True)
class SettingShown:
    """A setting as the operator reads it: secrets are masked. `change` says when another value takes effect."""

    name: str
    value: str
    default: str
    help: str
    change: str


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What the node says about itself."""

    did: Did
    version: str
    started_ms: int
    """When the node (not this worker) started, in milliseconds since 1970."""
    free_bytes: Callable[[], int]
    """Free space where the data folder is, now."""
    not_ready: Callable[[], Sequence[str]]
    """Why the node cannot take work yet, in words for a person; nothing when its views are caught up."""
    peers_not_ready: Callable[[], Sequence[str]] = tuple
    """Why the node cannot take peers yet, where it is to; nothing once it has."""
    free_bytes_min: int = 256 << 20
    public_url: str | None = None
    """How the world reaches this node, where that is not the request's own `Host`."""
    numbers: Callable[[], Sequence[Number | Spread]] = tuple
    """What else of the node is worth watching, now. Numbers of one name come one after the other."""
    settings: Callable[[], Sequence[SettingShown]] = tuple
    """What the process that answers was started with."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Bounds of one request. Settings, with these defaults."""

    body_bytes_max: int = 1 << 20
    push_body_bytes_max: int = 64 << 20
    """Of `push` and `push-packfile`, whose packs are base64; larger pushes come by git."""
    file_in_json_bytes_max: int = 8 << 20
    raw_bytes_max: int = 256 << 20
    attachment_bytes_max: int = 25 << 20
    attachments_bytes_max: int = 10 << 30
    """Of all attachments of the node."""
    body_wait_s: float = 60.0
    push_body_wait_s: float = 600.0
    """How long a body may take to arrive."""
    position_wait_s: float = 5.0
    """How long a request waits for the views to reach its `Gitant-Position`."""
    heartbeat_s: float = 15.0
    """How often a stream says that it is alive while nothing happens."""
    credentials_s: float = 1.0
    """How long a stream, or a body on its way, may go on after the credentials it began with have ended."""
    stream_stall_s: float = 60.0
    """Whoever takes nothing of a stream for so long is cut off."""
    streams_max: int = 2_048
    """Event streams of one worker; whoever sends no credentials may have half of them."""


@dataclass(frozen=True, slots=True)
class ApiPorts:
    """Everything behind the API."""

    views: Views
    writer: Writer
    git: GitReader
    quarantine: GitStore
    """Where packs pushed through the API are checked before they are published."""
    blobs: Blobs
    """Attachments; nobody gets one that the views do not show."""
    packs: PackBuilder
    archives: Archives
    doors: Doors
    event_bytes: EventBytes
    payloads: Payloads
    node: NodeFacts
    settings: ApiSettings = field(default_factory=ApiSettings)
    accounts: AccountPorts | None = None
    """None where there are none."""
    agents: AgentPorts | None = None
    """Keys that are kept, and what was lent; None where there is nothing of it."""
    imports: Imports | None = None
    """None where none are taken."""
    entrance: WayIn | None = None
    """None: everybody is let in as often as they like, by whatever name they call the node."""
    changes: Changes | None = None
    """None where nobody tells: then the views are asked again and again."""
    tokens: Tokens | None = None
    """None where none are kept."""
    refusals: Refusals | None = None
    """Counts for the audit who was turned away; None where nobody does."""
    journal: Journal | None = None
    """The local audit log; None where nothing is noted."""
    peering: Peering | None = None
    """None where there are no other nodes."""
    insight: Insight | None = None
    """None where nobody answers questions over everything."""
    metrics_dir: Path | None = None
    """Where the workers of one node share their counts; None when there is one worker."""


POSITION_POLL_S: Final = 0.01
