"""A node's settings: the table of them, and a checked set of values. `gitant.given` reads them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, final, get_args

from domain.accounts import Registration
from domain.moderation.budgets import Allowances
from domain.moderation.desk import DeskRules, HoldCaps, Strangers
from domain.pack_caps import PackCaps
from gitant.setting_kinds import (
    Choice,
    Count,
    File,
    Folder,
    Host,
    HostNames,
    Networks,
    Peers,
    Places,
    Rate,
    Size,
    Switch,
    Url,
)
from transport.carrier.limits import BANDWIDTH_BYTES_PER_S_MIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitant.setting_kinds import Kind

MASKED: Final = "(secret)"
"""In place of a secret."""
Change = Literal["restart", "workers", "at once"]
"""When a changed setting takes effect in a node that is told to reload: not before the next start, in HTTP workers
that take the place of those there are, or at once."""


@final
@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table below."""

    name: str
    kind: Kind
    default: str
    help: str
    change: Change = "workers"
    secret: bool = False
    """Never shown."""
    short: str = ""
    """What its flag is called, where that is not its name; it may be given again and again then."""

    @property
    def env(self) -> str:
        """The environment variable that sets it."""
        return f"GITANT_{self.name.upper()}"

    @property
    def flag(self) -> str:
        """The flag of `gitant serve` that sets it."""
        return f"--{self.short or self.name.replace('_', '-')}"


_CAPS: Final = PackCaps()
_HOLD: Final = HoldCaps()
_ALLOWED: Final = Allowances()
_RATE: Final = Rate(BANDWIDTH_BYTES_PER_S_MIN)


def _size(count: int) -> str:
    return Size().show(count)


DATA_DIR: Final = "~/.local/share/gitant"
"""Where a node keeps everything, unless it is told otherwise."""
SETTINGS: Final = (
    Setting("host", Host(), "127.0.0.1", "The address to listen on; 0.0.0.0 or :: for every interface.", "restart"),
    Setting("port", Count(0, 65_535), "7777", "The TCP port to listen on; 0 takes any free one.", "restart"),
    Setting(
        "data_dir",
        Folder(),
        DATA_DIR,
        "The folder that holds everything the node keeps, its keys too.",
        "restart",
    ),
    Setting("tls_cert", File(), "", "A PEM file with the certificate and its chain: speak HTTPS, TLS 1.2 or newer."),
    Setting("tls_key", File(), "", "The PEM file with that certificate's key, which nobody else may read."),
    Setting("public_url", Url(), "", "Where clients reach the node, if a proxy is in front: clone URLs and links."),
    Setting(
        "allowed_hosts",
        HostNames(),
        "",
        "Names the node answers to beside loopback's and public_url's; without any, one not on loopback checks none.",
    ),
    Setting(
        "trusted_proxies",
        Networks(),
        "127.0.0.0/8,::1/128",
        "Proxies whose X-Forwarded-For or Forwarded says who is asking.",
    ),
    Setting(
        "rate_anonymous",
        Count(0, 1_000_000),
        "20",
        "Requests a second that one address may make without credentials; 0 counts nobody.",
    ),
    Setting("rate_anonymous_burst", Count(1, 1_000_000), "200", "How many of those may come at once."),
    Setting(
        "rate_principal",
        Count(0, 1_000_000),
        "100",
        "Requests a second that somebody with credentials may make, the operator aside; 0 counts nobody.",
    ),
    Setting("rate_principal_burst", Count(1, 1_000_000), "1000", "How many of those may come at once."),
    Setting(
        "registration",
        Choice(get_args(Registration)),
        "closed",
        "Who may make an account: anybody, nobody but the operator, or anybody whom the operator then approves.",
    ),
    Setting(
        "peer_port",
        Count(0, 65_535),
        "0",
        "The TCP port on `host` where other nodes connect; 0 takes none, and this node can still connect to them.",
        "restart",
    ),
    Setting(
        "seed_peers",
        Peers(),
        "",
        "Nodes to connect with, beside those that `gitant peer add` named.",
        "restart",
        short="peer",
    ),
    Setting(
        "peer_exchange",
        Choice(("on", "off")),
        "on",
        "Whether nodes tell this one of others and are told of them, so that they find each other.",
        "restart",
    ),
    Setting(
        "mdns",
        Switch(),
        "off",
        "Announce this node on the local network (mDNS), and connect with those that are found there.",
        "restart",
    ),
    Setting("peer_up_max", _RATE, "0", "How many bytes a second one peer is sent at most; 0 is no bound.", "restart"),
    Setting("peer_down_max", _RATE, "0", "How many bytes a second are taken from one peer.", "restart"),
    Setting("peers_up_max", _RATE, "0", "How many bytes a second all peers together are sent.", "restart"),
    Setting("peers_down_max", _RATE, "0", "How many bytes a second are taken from all together.", "restart"),
    Setting("min_free", Size(), "256M", "With less than this free on the disk of the data folder, /ready answers 503."),
    Setting("workers", Count(1, 64), "2", "How many processes answer HTTP. The one writer comes on top."),
    Setting("body_max", Size(1 << 10, 1 << 30), "1M", "The largest body of an API request. Pushes have limits below."),
    Setting("attachment_max", Size(1 << 10, 1 << 40), "25M", "The largest file that can be attached to an issue."),
    Setting("attachments_max", Size(), "10G", "How much all attachments of the node may take."),
    Setting("push_pack_max", Size(1 << 10), _size(_CAPS.pack_bytes_max), "The largest pack one push may send."),
    Setting("push_object_max", Size(1 << 10), _size(_CAPS.object_bytes_max), "The largest single object in a push."),
    Setting(
        "push_resolved_max",
        Size(1 << 10),
        _size(_CAPS.resolved_bytes_max),
        "The sum of the sizes of a push's objects, once unpacked and all deltas applied.",
    ),
    Setting("push_objects_max", Count(1, 1 << 32), str(_CAPS.objects_max), "How many objects one push may hold."),
    Setting("push_delta_depth_max", Count(0, 4_095), str(_CAPS.delta_depth_max), "How long a chain of deltas may be."),
    Setting(
        "push_check_memory_max",
        Size(64 << 20),
        _size(_CAPS.index_memory_bytes_max),
        "How much address space the child that checks a pack may have.",
    ),
    Setting(
        "push_check_cpu_s_max",
        Count(1, 1_000_000),
        str(_CAPS.index_cpu_s_max),
        "How many seconds of processor time that child may take.",
    ),
    Setting(
        "strangers",
        Choice(get_args(Strangers)),
        "hold",
        "What becomes of events that strangers sign: they are held for a decision, taken in, or refused.",
        "restart",
    ),
    Setting("held_max", Size(), _size(_HOLD.bytes_max), "How many bytes of strangers' events are held.", "restart"),
    Setting("held_days", Count(1, 36_500), str(_HOLD.days_max), "How many days each is held at most.", "restart"),
    Setting(
        "guest_events_hour",
        Count(0, 1_000_000_000),
        str(_ALLOWED.events_per_hour),
        "How many signed events an hour somebody without a role may add to a repository; 0 counts none.",
        "restart",
    ),
    Setting(
        "guest_events_day",
        Count(0, 1_000_000_000),
        str(_ALLOWED.events_per_day),
        "How many of those a day.",
        "restart",
    ),
    Setting("guest_bytes_day", Size(), _size(_ALLOWED.bytes_per_day), "Of how many bytes, in a day.", "restart"),
    Setting(
        "guest_refolds_day",
        Count(0, 1_000_000_000),
        str(_ALLOWED.refolds_per_day),
        "How many events may have to be folded again in a day because theirs come late.",
        "restart",
    ),
    Setting(
        "redaction_delay_days",
        Count(0, 36_500),
        "30",
        "How many days redacted bytes, which nobody is shown, stay on the disk.",
        "restart",
    ),
    Setting(
        "delete_grace_days",
        Count(0, 36_500),
        "30",
        "How many days the git objects of a deleted repository stay, so that it can be undeleted.",
        "restart",
    ),
    Setting(
        "audit_days",
        Count(0, 36_500),
        "365",
        "How many days the local audit log keeps what was done on this node; 0 keeps all.",
        "restart",
    ),
    Setting(
        "backup_dir",
        File("the path of a folder"),
        "",
        "The folder to put backups into, which must be there; none are made without.",
        "at once",
    ),
    Setting("backup_every_hours", Count(1, 8_760), "24", "How many hours lie between two of those.", "at once"),
    Setting("backup_keep", Count(1, 10_000), "7", "How many of them are kept; older ones are removed.", "at once"),
    Setting(
        "gc_packs_max",
        Count(0, 100_000),
        "50",
        "With more packs than this in a repository, the node merges the small ones; 0 merges none.",
        "at once",
    ),
    Setting("gc_memory_max", Size(64 << 20), "1G", "How much address space git may have to merge packs.", "at once"),
    Setting(
        "import_allow",
        Places(),
        "",
        "Hosts and networks that imports may reach although they are not public, with commas between them.",
    ),
    Setting("import_s_max", Count(1, 1_000_000), "3600", "How many seconds one import may take."),
    Setting(
        "drain_s_max",
        Count(0, 3_600),
        "30",
        "How many seconds requests and clones under way may take to end when the node stops or reloads.",
        "at once",
    ),
    Setting(
        "log_level", Choice(("debug", "info", "warning", "error")), "info", "The least level that is logged.", "at once"
    ),
    Setting(
        "log_format",
        Choice(("text", "json")),
        "text",
        "Whether log lines are for people or one JSON object each.",
        "at once",
    ),
    Setting(
        "access_log",
        Choice(("off", "errors", "all")),
        "off",
        "Which requests get a log line each: none, those answered 500 or more, or all.",
        "at once",
    ),
)
"""All of them. `docs/settings.md` describes each; a test holds the two together."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A checked set of values; the fields are the rows of `SETTINGS`."""

    host: str
    port: int
    data_dir: Path
    tls_cert: str
    tls_key: str
    public_url: str
    allowed_hosts: str
    trusted_proxies: str
    rate_anonymous: int
    rate_anonymous_burst: int
    rate_principal: int
    rate_principal_burst: int
    registration: Registration
    peer_port: int
    seed_peers: str
    peer_exchange: str
    mdns: bool
    peer_up_max: int
    peer_down_max: int
    peers_up_max: int
    peers_down_max: int
    min_free: int
    workers: int
    body_max: int
    attachment_max: int
    attachments_max: int
    push_pack_max: int
    push_object_max: int
    push_resolved_max: int
    push_objects_max: int
    push_delta_depth_max: int
    push_check_memory_max: int
    push_check_cpu_s_max: int
    strangers: Strangers
    held_max: int
    held_days: int
    guest_events_hour: int
    guest_events_day: int
    guest_bytes_day: int
    guest_refolds_day: int
    redaction_delay_days: int
    delete_grace_days: int
    audit_days: int
    backup_dir: str
    """Empty for none."""
    backup_every_hours: int
    backup_keep: int
    gc_packs_max: int
    gc_memory_max: int
    import_allow: str
    import_s_max: int
    drain_s_max: int
    log_level: str
    log_format: str
    access_log: str

    @property
    def caps(self) -> PackCaps:
        """What one push may cost."""
        return PackCaps(
            pack_bytes_max=self.push_pack_max,
            object_bytes_max=self.push_object_max,
            resolved_bytes_max=self.push_resolved_max,
            objects_max=self.push_objects_max,
            delta_depth_max=self.push_delta_depth_max,
            index_memory_bytes_max=self.push_check_memory_max,
            index_cpu_s_max=self.push_check_cpu_s_max,
        )

    @property
    def desk_rules(self) -> DeskRules:
        """What is taken in from whom."""
        return DeskRules(
            strangers=self.strangers,
            caps=HoldCaps(bytes_max=self.held_max, days_max=self.held_days),
            allowances=Allowances(
                events_per_hour=self.guest_events_hour,
                events_per_day=self.guest_events_day,
                bytes_per_day=self.guest_bytes_day,
                refolds_per_day=self.guest_refolds_day,
            ),
        )

    def plain(self) -> dict[str, str | int]:
        """As JSON takes it; `from_plain` is the inverse, in another process."""
        return {
            field.name: str(value) if isinstance(value := getattr(self, field.name), Path) else value
            for field in fields(self)
        }


def from_plain(plain: Mapping[str, Any]) -> Settings:
    """Settings that `plain` took apart."""
    values: dict[str, Any] = {row.name: row.kind.read(plain[row.name]) for row in SETTINGS}
    return Settings(**values)
