"""An example or two for the help of every command. A test holds each to the options that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import typer

EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "serve": ("gitant serve", "gitant serve --data-dir /srv/gitant --port 8080 --public-url https://git.example.org"),
    "stop": ("gitant stop --data-dir /srv/gitant",),
    "reload": ("gitant reload --data-dir /srv/gitant",),
    "config show": ("gitant config show", "gitant config show --json"),
    "config check": ("gitant config check /srv/gitant/config.toml",),
    "init": ("gitant init", "gitant init --name attic --private"),
    "status": ("gitant status", "gitant status --json"),
    "token create": (
        "gitant token create builder --scope repo:read --repo attic --days 30",
        "gitant token create publisher --deploy attic --write --never",
    ),
    "token list": ("gitant token list", "gitant token list --deploy attic"),
    "token revoke": ("gitant token revoke 4f0c1a7be2d98035",),
    "audit verify": ("gitant audit verify", "gitant audit verify --head 4711:9f6c…"),
    "register": (
        "gitant register kay --email kay@example.org --url https://git.example.org",
        "gitant register kay --recovery kay.recovery",
    ),
    "login": ("gitant login kay --url https://git.example.org", "gitant login kay --reset"),
    "logout": ("gitant logout --url https://git.example.org",),
    "whoami": ("gitant whoami --url https://git.example.org",),
    "account create": ("gitant account create kay --email kay@example.org",),
    "account list": ("gitant account list --standing waiting",),
    "account show": ("gitant account show kay",),
    "account approve": ("gitant account approve kay",),
    "account suspend": ("gitant account suspend kay",),
    "account resume": ("gitant account resume kay",),
    "account rename": ("gitant account rename kay kai",),
    "account reset-password": ("gitant account reset-password kay",),
    "account export": ("gitant account export kay --output kay.json",),
    "account delete": ("gitant account delete kay --output kay.json",),
    "token": ('curl -H "Authorization: Bearer $(gitant token)" http://127.0.0.1:7777/api/v1/status',),
    "repo create": ('gitant repo create attic --description "What is up there"',),
    "repo list": ("gitant repo list --mine", "gitant repo list --topic cleaning --sort stars"),
    "repo view": ("gitant repo view", "gitant repo view operator/attic"),
    "repo edit": ("gitant repo edit attic --topic dust --topic shelves", "gitant repo edit attic --archive"),
    "repo rename": ("gitant repo rename loft --repo attic",),
    "repo transfer": ("gitant repo transfer kay --repo attic",),
    "repo accept": ("gitant repo accept operator/attic",),
    "repo succeed": ("gitant repo succeed attic --to loft",),
    "repo delete": ("gitant repo delete attic --yes",),
    "repo undelete": ("gitant repo undelete attic",),
    "repo star": ("gitant repo star operator/attic",),
    "repo unstar": ("gitant repo unstar operator/attic",),
    "repo stars": ("gitant repo stars operator/attic",),
    "repo watch": ("gitant repo watch operator/attic --level all",),
    "repo unwatch": ("gitant repo unwatch operator/attic",),
    "repo fork": ("gitant repo fork operator/attic --name loft",),
    "repo forks": ("gitant repo forks operator/attic",),
    "repo check": ("gitant repo check attic", "gitant repo check --all --repair"),
    "repo import": (
        "gitant repo import https://git.example.org/attic.git --name attic",
        "gitant repo import ./attic.git",
    ),
    "repo archive": ("gitant repo archive attic --ref v1 --output attic.tar.gz",),
    "repo languages": ("gitant repo languages attic",),
    "branch list": ("gitant branch list --repo attic",),
    "branch create": ("gitant branch create next --from main",),
    "branch delete": ("gitant branch delete next",),
    "file list": ("gitant file list docs --ref v1",),
    "file blame": ("gitant file blame README.md",),
    "issue create": (
        'gitant issue create --title "Dust on the top shelf" --label chore --body-file notes.md',
        "gitant issue create --template bug",
    ),
    "issue templates": ("gitant issue templates --repo attic",),
    "issue list": (
        "gitant issue list is:open label:bug crash",
        "gitant issue list 'label:\"help wanted\"' sort:updated-desc",
        "gitant issue list --everywhere --mine",
    ),
    "issue view": ("gitant issue view 12", "gitant issue view 12 --json"),
    "issue edit": (
        "gitant issue edit 12 --title 'Much dust'",
        "gitant issue edit 3 5 7 --add-label bug --state closed",
    ),
    "issue comment": ('gitant issue comment 12 --body "Still there."', "gitant issue comment 12"),
    "issue close": ('gitant issue close 12 --reason "swept"',),
    "issue reopen": ("gitant issue reopen 12",),
    "issue attach": ("gitant issue attach 12 dust.png",),
    "issue label": ("gitant issue label 12 bug urgent --remove later",),
    "issue assign": ("gitant issue assign 12 kay", "gitant issue assign 12 --only"),
    "issue react": ("gitant issue react 12 heart", "gitant issue react 12 +1 --remove"),
    "issue lock": ('gitant issue lock 12 --reason "too heated"',),
    "issue unlock": ("gitant issue unlock 12",),
    "issue pin": ("gitant issue pin 12",),
    "issue unpin": ("gitant issue unpin 12",),
    "issue timeline": ("gitant issue timeline 12",),
    "label list": ("gitant label list",),
    "label create": ("gitant label create bug --color d73a4a",),
    "label edit": ("gitant label edit bug --name defect",),
    "label delete": ("gitant label delete defect",),
    "agent list": ("gitant agent list",),
    "agent show": ("gitant agent show sweeper",),
    "agent attest": ('gitant agent attest sweeper --statement "Sweeps well"', "gitant agent attest sweeper --withdraw"),
    "agent register": ('gitant agent register --purpose "Reviews code" --owner kay --capability review',),
    "ucan delegate": (
        "gitant ucan delegate did:key:z6Mk… --repo attic --hours 8",
        "gitant ucan delegate did:key:z6Mk… --command /gitant/issue/write --sign kay",
    ),
    "ucan verify": ("gitant ucan verify glhA…",),
    "ucan revoke": ("gitant ucan revoke glhA…",),
    "api": (
        "gitant api GET /api/v1/repos --sign sweeper",
        "gitant api GET /api/v1/repos/kay~attic --sign sweeper --lent glhA…",
    ),
    "identity new": (
        "gitant identity new --name kay --node http://127.0.0.1:7777",
        "gitant identity new --device --key laptop",
    ),
    "identity list": ("gitant identity list",),
    "identity show": ("gitant identity show laptop",),
    "identity export": ("gitant identity export --key laptop",),
    "identity import": ("gitant identity import gitant-enrolment:gYJY… --key laptop",),
    "identity enroll": ("gitant identity enroll did:key:z6Mk… --manage",),
    "identity revoke": ("gitant identity revoke did:key:z6Mk… --repo kay/attic --repo kay/cellar",),
    "identity recover": ("gitant identity recover --recovery paper.txt --lost did:key:z6Mk… --key laptop-2",),
    "identity recovery": ("gitant identity recovery --output /media/stick/recovery.txt",),
    "identity profile show": ("gitant identity profile show kay",),
    "identity profile set": ("gitant identity profile set --name 'Kay' --about 'Sweeps the attic.'",),
    "identity profile forget": ("gitant identity profile forget --key me",),
    "peer add": ("gitant peer add did:key:z6Mk…@forge.example.org:4040",),
    "peer list": ("gitant peer list",),
    "peer pause": ("gitant peer pause did:key:z6Mk…",),
    "peer resume": ("gitant peer resume did:key:z6Mk…",),
    "sync pause": ("gitant sync pause",),
    "sync resume": ("gitant sync resume",),
    "peer remove": ("gitant peer remove did:key:z6Mk…",),
    "peer block": ("gitant peer block did:key:z6Mk…",),
    "peer unblock": ("gitant peer unblock did:key:z6Mk…",),
    "peer follow": ("gitant peer follow 6f0c…", "gitant peer follow all"),
    "peer unfollow": ("gitant peer unfollow 6f0c…",),
    "peer follows": ("gitant peer follows",),
    "sync": ("gitant sync", "gitant sync --repo attic --verify"),
    "sync status": ("gitant sync status", "gitant sync status --repo attic"),
    "ref list": ("gitant ref list --diverged",),
    "ref resolve": ("gitant ref resolve main --to 91ab03de",),
    "member list": ("gitant member list", "gitant member list --blocked"),
    "member add": ("gitant member add kay --role maintainer",),
    "member remove": ("gitant member remove kay", "gitant member remove kay --cut 6f0c…"),
    "member leave": ("gitant member leave -R operator/attic",),
    "member block": ("gitant member block mallory",),
    "member unblock": ("gitant member unblock mallory",),
    "member admit": ("gitant member admit --act 6f0c…", "gitant member admit 91ab… 03de…"),
    "member held": ("gitant member held --repo attic",),
    "member strangers": ("gitant member strangers", "gitant member strangers open --repo attic"),
    "member drop": ("gitant member drop did:key:z6Mk… --repo attic",),
    "audit": ("gitant audit --since 2026-11-01 --action 'member.*'", "gitant audit --jsonl > audit.jsonl"),
    "member audit": ("gitant member audit",),
    "member alarms": ("gitant member alarms",),
    "protect list": ("gitant protect list",),
    "protect set": ("gitant protect set main --role maintainer", "gitant protect set 'release/*' --pusher kay"),
    "protect remove": ("gitant protect remove 'release/*'",),
    "log": ("gitant log --kind issue.opened.v1", "gitant log --follow --json", "gitant log --void"),
    "event": ("gitant event 6f0c… --verify",),
    "query": ("gitant query 'SELECT author, count(*) FROM issues GROUP BY author'",),
    "verify": ("gitant verify --data-dir /srv/gitant",),
    "digest": ("gitant digest",),
    "rebuild": ("gitant rebuild --check",),
    "gc": ("gitant gc attic", "gitant gc --all --dry-run"),
    "backup": ("gitant backup /backup/monday", "gitant backup /backup/tuesday --onto /backup/monday"),
    "restore": ("gitant restore /backup/tuesday --data-dir /srv/gitant-2",),
    "bundle create": (
        "gitant bundle create attic.bundle attic",
        "gitant bundle create monday.bundle --all --since sunday.bundle",
        "gitant bundle create - --all --private | ssh cellar gitant bundle apply -",
    ),
    "bundle frontier": ("gitant bundle frontier have.bundle --all",),
    "bundle apply": ("gitant bundle apply attic.bundle",),
    "bundle verify": ("gitant bundle verify attic.bundle",),
    "bundle show": ("gitant bundle show attic.bundle",),
    "doctor": ("gitant doctor", "gitant doctor --fix"),
    "completion": ('eval "$(gitant completion bash)"', 'eval "$(gitant completion zsh)"'),
    "version": ("gitant version",),
}


def put_examples(app: typer.Typer, words: str = "") -> None:
    """Give every command of `app`, which stands behind `words`, its examples."""
    for command in app.registered_commands:
        assert command.callback is not None
        name: str = command.name or command.callback.__name__.replace("_", "-")
        command.epilog = _epilog(f"{words} {name}".strip())
    for group in app.registered_groups:
        inner: Any = group.typer_instance
        below = f"{words} {group.name}".strip() if isinstance(group.name, str) else words
        group.epilog = _epilog(below)
        put_examples(inner, below)


def _epilog(words: str) -> str | None:
    lines = EXAMPLES.get(words)
    # The mark keeps the lines as they are.
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)]) if lines else None
