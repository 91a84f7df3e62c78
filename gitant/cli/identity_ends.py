"""`gitant identity …`: ending devices in repositories, and going on after the root key is lost."""

from __future__ import annotations

import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer

from domain.authority.enrolment_text import chain_text
from domain.device.revoked import DeviceRevoked
from domain.errors import InvalidInput, LocalFault, NotFound
from domain.identity.certificates import SignedCertificate
from domain.identity.device_revoked import DeviceEnded
from domain.ids import DeviceKey, is_hex_id
from domain.keys import SigningKey, did_of, key_of
from gitant import keyfile
from gitant.cli.api import Api, segment
from gitant.cli.checkout import selector
from gitant.cli.keys import DEFAULT, Key, NoPassphrase, key_path, new_key, new_passphrase, signer
from gitant.cli.options import DataDir, Json, PassphraseFd, Url
from gitant.cli.output import clean, print_json, tell
from gitant.recovery import enrol, recovery_of
from gitant.signing import Heads, Signer, posted

if TYPE_CHECKING:
    from domain.authority.enrolment import Chain
    from domain.fold.kind import Payload

app = typer.Typer()

REPOS_MAX: Final = 10_000
RECOVERY_BYTES_MAX: Final = 16_384

Repos = Annotated[
    list[str] | None,
    typer.Option("--repo", "-R", metavar="REPO", help="A name, owner/name or id; may be repeated.", show_default=False),
]


Announce = Annotated[
    str | None,
    typer.Option(
        "--announce", metavar="URL", help="Write it into the identity that this node has, too.", show_default=False
    ),
]


@app.command()
def revoke(
    device: Annotated[
        str, typer.Argument(metavar="DEVICE", help="The did:key of the device to end.", show_default=False)
    ],
    repo: Repos = None,
    cut: Annotated[
        list[str] | None,
        typer.Option(
            "--cut",
            metavar="EVENT",
            help="The last event of the device that counts [else all that the node has]; may be repeated.",
            show_default=False,
        ),
    ] = None,
    announce: Announce = None,
    key: Key = DEFAULT,
    passphrase_fd: PassphraseFd = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """End a device of yours in repositories: what it writes there after the cut has no effect."""
    if not repo and not announce:
        raise typer.BadParameter("say where: --repo, once for each repository, or --announce")
    ended, cuts = key_of(device), _cut(cut)
    if cuts and len(repo or []) > 1:
        raise typer.BadParameter("a cut names events of one repository; give one --repo")
    by = principal_signer(key, passphrase_fd)
    if announce:
        certificates = certificates_of(by.chains[-1]) if by.chains else []
        tell_identity(announce, by, "identity.device_revoked.v1", DeviceEnded(device=ended, certificates=certificates))
    rows: list[dict[str, str]] = []
    if repo:
        with Api.open(data_dir, url) as api:
            rows = [_revoke(api, by, each, DeviceRevoked(device=ended, cut=cuts)) for each in repo]
    _tell_revoked(rows, device, json=json)


@app.command()
def recover(
    recovery: Annotated[
        Path,
        typer.Option(
            "--recovery", metavar="FILE", help="Where the recovery key is; - is standard input.", show_default=False
        ),
    ],
    lost: Annotated[
        list[str] | None,
        typer.Option(
            "--lost", metavar="DEVICE", help="The did:key of a lost device; may be repeated.", show_default=False
        ),
    ] = None,
    repo: Repos = None,
    key: Key = DEFAULT,
    no_passphrase: NoPassphrase = False,
    passphrase_fd: PassphraseFd = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Go on with a recovery key: make and enrol a new device, and end lost ones wherever the node knows you.

    That is every repository you may read in which the principal has written; --repo adds others.
    """
    path = key_path(key)
    if path.exists():
        raise InvalidInput(f"{path} is there already", hint="name the new device's key with --key")
    seal, chain = recovery_of(recovery_line(recovery))
    by = signing_with(seal, chain)
    ended = [key_of(device) for device in lost or []]
    made, _ = new_key("device", new_passphrase(passphrase_fd, plain=no_passphrase))
    made = made.with_chain(enrol(by.key, by.chains, made.device, ("manage",)))
    keyfile.write(path, made, new=True)
    rows: list[dict[str, str]] = []
    if ended:
        with Api.open(data_dir, url) as api:
            named: list[str] = [*_written_in(api, by.author), *(repo or [])]
            where = list(dict.fromkeys(named))
            rows = [_tried(api, by, each, DeviceRevoked(device=device)) for each in where for device in ended]
    if json:
        told = {"did": made.did, "key": str(path), "certificate": chain_text(made.chains[-1]), "revoked": rows}
        print_json(told)
        return
    print(f"{made.did} acts for {made.principal}; its key is {clean(path)}")
    for row in rows:
        words = f"not ended there: {clean(row['fault'])}" if "fault" in row else "ended"
        print(f"{row['device']} in {clean(row['repository'])}: {words}")
    if any("fault" in row for row in rows):
        raise typer.Exit(1)


def principal_signer(key: str, passphrase_fd: int | None) -> Signer:
    """Who signs with a key file that speaks for a principal; raises `InvalidInput` for a device nobody enrolled."""
    found = keyfile.read(key_path(key))
    if found.purpose != "root" and not found.chains:
        raise InvalidInput(f"{key} is the key of a device that nobody enrolled", hint="gitant identity import")
    return signer(found, passphrase_fd)


def signing_with(key: SigningKey, *chains: Any) -> Signer:
    """Who signs with a key that is at hand."""
    return Signer(key, chains, lambda: time.time_ns() // 1_000_000, secrets.token_bytes)


def certificates_of(chain: Chain) -> list[SignedCertificate]:
    """A chain as payloads hold it."""
    return [SignedCertificate(certificate=data, signature=signature) for data, signature in chain]


def tell_identity(node: str, by: Signer, kind: str, payload: Payload) -> None:
    """Write one event into the principal's identity stream on a node."""
    with Api.open(None, node) as api:
        write_identity(api, by, kind, payload)


def write_identity(api: Api, by: Signer, kind: str, payload: Payload) -> None:
    """The same, on the node that is asked."""
    heads = msgspec.convert(api.get(f"/api/v1/agents/{by.author}/heads", {"device": by.key.did}), Heads)
    event = by.next(heads, kind, bytes.fromhex(heads.stream), payload)
    api.send("POST", "/api/v1/events", posted(event))


def _revoke(api: Api, by: Signer, repo: str, payload: DeviceRevoked) -> dict[str, str]:
    found = api.get(f"/api/v1/repos/{segment(selector(repo))}")
    heads = msgspec.convert(api.get(f"/api/v1/repos/{found['id']}/heads", {"device": by.key.did}), Heads)
    event = by.next(heads, "device.revoked.v1", bytes.fromhex(heads.stream), payload)
    made = api.send("POST", "/api/v1/events", posted(event))
    name = f"{found.get('owner', '')}/{found['name']}".lstrip("/")
    return {"repository": name, "id": found["id"], "device": did_of(DeviceKey(payload.device)), "event": made["id"]}


def _tried(api: Api, by: Signer, repo: str, payload: DeviceRevoked) -> dict[str, str]:
    """One place that refuses keeps nobody from ending the device in the others."""
    try:
        return _revoke(api, by, repo, payload)
    except LocalFault as fault:
        device = did_of(DeviceKey(payload.device))
        return {"repository": repo, "id": repo, "device": device, "fault": fault.message}


def _written_in(api: Api, author: str) -> list[str]:
    """The repositories of a node in which a principal has written, by id."""
    found: list[str] = []
    for repo in api.listed("/api/v1/repos", "repos", REPOS_MAX):
        params = {"author": author, "per_page": 1}
        if api.get(f"/api/v1/repos/{repo['id']}/events", params)["events"]:
            found.append(repo["id"])
    return found


def _cut(names: list[str] | None) -> list[bytes]:
    for name in names or []:
        if not is_hex_id(name):
            raise InvalidInput(f"{name!r} is no event's id", hint="an event id is 64 lowercase hexadecimal digits")
    return sorted({bytes.fromhex(name) for name in names or []})


def recovery_line(path: Path) -> str:
    """What is in a file that should hold a recovery key, or in standard input."""
    if str(path) == "-":
        return sys.stdin.read(RECOVERY_BYTES_MAX)
    try:
        with path.open() as file:
            return file.read(RECOVERY_BYTES_MAX)
    except FileNotFoundError as fault:
        raise NotFound(f"there is no file {path}") from fault


def _tell_revoked(rows: list[dict[str, str]], device: str, *, json: bool) -> None:
    if json:
        print_json(rows)
        return
    for row in rows:
        print(f"ended {clean(device)} in {clean(row['repository'])}")
    tell("a device is ended for good; enrol a new key for the same machine")
