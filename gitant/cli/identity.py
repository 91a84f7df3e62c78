"""`gitant identity …`: keys of people, agents and their devices, outside of any node."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.authority.enrolment_text import chain_of, chain_text, last_of
from domain.errors import InvalidInput, LocalFault, Unauthenticated
from domain.identity.created import IdentityCreated
from domain.identity.device_enrolled import DeviceEnrolled
from domain.ids import Did, StreamId, is_hex_id
from domain.keys import did_of, is_did, key_of
from gitant import keyfile
from gitant.cli import identity_ends, identity_node, identity_profile
from gitant.cli.api import Api, ApiProblem
from gitant.cli.keys import (
    DEFAULT,
    Key,
    NoPassphrase,
    key_path,
    keys_folder,
    new_key,
    new_passphrase,
    signer,
)
from gitant.cli.options import DataDir, Json, PassphraseFd
from gitant.cli.output import clean, print_fields, print_json, print_table, tell
from gitant.recovery import enrol, recovery_text, seed_of
from gitant.signing import Signer, posted

app = typer.Typer()
app.add_typer(identity_ends.app)
app.add_typer(identity_node.app)
app.add_typer(
    identity_profile.app, name="profile", help="What somebody says of themselves, in public.", no_args_is_help=True
)


@app.command()
def new(
    key: Key = DEFAULT,
    device: Annotated[
        bool, typer.Option("--device", help="Make a device's key only; a principal's key enrols it then.")
    ] = False,
    name: Annotated[
        str, typer.Option("--name", "-n", metavar="NAME", help="The user name to ask for.", show_default=False)
    ] = "",
    node: Annotated[
        str | None,
        typer.Option(
            "--node", metavar="URL", help="Make the identity known to this node; takes its token.", show_default=False
        ),
    ] = None,
    recovery: Annotated[
        Path | None,
        typer.Option(
            "--recovery", metavar="FILE", help="Put the recovery key there instead of printing it.", show_default=False
        ),
    ] = None,
    no_passphrase: NoPassphrase = False,
    passphrase_fd: PassphraseFd = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Make a principal: its root key, and a recovery key, which is handed out once and not kept."""
    if device and (node or name or recovery):
        raise typer.BadParameter("--device makes a key alone; --name, --node and --recovery are for principals")
    if bool(node) != bool(name):
        raise typer.BadParameter("--node and --name go together: a node knows a principal by a user name")
    path = key_path(key)
    if path.exists() or (recovery and recovery.exists()):
        raise InvalidInput(f"{path if path.exists() else recovery} is there already", hint="name another with --key")
    phrase = new_passphrase(passphrase_fd, plain=no_passphrase)
    made, _ = new_key("device" if device else "root", phrase)
    keyfile.write(path, made, new=True)
    if no_passphrase:
        tell(f"{path} is not sealed: whoever can read that file has the key")
    told = {"did": made.did, "key": str(path)}
    if not device:
        by = signer(made, passphrase_fd) if phrase is None else _signer_of(made, phrase)
        told |= _recovery(by, recovery)
        if node:
            try:
                told["identity"] = _begin(by, name, data_dir, node)
            except (ApiProblem, Unauthenticated):
                # The node has said no, so nobody knows of these keys: the same command may be given again.
                for made_here in (path, *([recovery] if recovery else [])):
                    made_here.unlink()
                raise
            except LocalFault:
                _print_new(told, json=json)  # nobody can tell whether the node knows them by now
                raise
    _print_new(told, json=json)


@app.command("list")
def list_keys(json: Json = False) -> None:
    """List the key files in ~/.config/gitant/keys."""
    rows: list[dict[str, Any]] = []
    for path in sorted(keys_folder().glob("*.json")):
        try:
            found = keyfile.read(path)
        except LocalFault as fault:
            rows.append({"key": path.stem, "fault": fault.message})
        else:
            rows.append({"key": path.stem, **_said(found)})
    if json:
        print_json(rows)
        return
    cells = [
        (row["key"], row.get("purpose", "unreadable"), row.get("did", row.get("fault")), row.get("principal"))
        for row in rows
    ]
    print_table(("Key", "For", "did", "Acts for"), cells, empty="there are none; make one with: gitant identity new")


@app.command()
def show(
    what: Annotated[
        str, typer.Argument(metavar="[KEY]", help="A key file, the name of one, or a certificate.", show_default=False)
    ] = DEFAULT,
    json: Json = False,
) -> None:
    """Say what a key file or a certificate is. Takes no passphrase, and shows no secret."""
    said = _certificate_said(what) if what.startswith("gitant-enrolment:") else _said(keyfile.read(key_path(what)))
    if json:
        print_json(said)
        return
    rows = [(name.replace("_", " "), value) for name, value in said.items() if name != "certificates"]
    for certificate in said.get("certificates", []):
        rows += [(f"certificate {name}".replace("_", " "), value) for name, value in certificate.items()]
    print_fields(rows)


@app.command()
def export(key: Key = DEFAULT, json: Json = False) -> None:
    """Print what others may know of a key: its did, and the certificates that enrol it, a line each."""
    found = keyfile.read(key_path(key))
    lines = [chain_text(chain) for chain in found.chains]
    if json:
        print_json({"did": found.did, "certificates": lines})
        return
    print("\n".join([found.did, *lines]))


@app.command("import")
def import_key(
    certificate: Annotated[
        str, typer.Argument(metavar="[CERTIFICATE]", help="The line that enrols the key.", show_default=False)
    ] = "",
    recovery: Annotated[
        Path | None,
        typer.Option(
            "--recovery",
            metavar="FILE",
            help="Make a key file of the recovery key in this file; - is standard input.",
            show_default=False,
        ),
    ] = None,
    key: Key = DEFAULT,
    no_passphrase: NoPassphrase = False,
    passphrase_fd: PassphraseFd = None,
    json: Json = False,
) -> None:
    """Put a certificate into the key file of the device it is for, or a recovery key into a key file of its own.

    Of an account, that is the root key: whoever has it is that person.
    """
    if bool(certificate) == (recovery is not None):
        raise typer.BadParameter("name either a certificate, or a file with --recovery")
    path = key_path(key)
    if recovery is None:
        found = keyfile.read(path).with_chain(chain_of(certificate))
        keyfile.write(path, found, new=False)
    else:
        if path.exists():
            raise InvalidInput(f"{path} is there already", hint="name another with --key")
        seed, chain = seed_of(identity_ends.recovery_line(recovery))
        phrase = new_passphrase(passphrase_fd, plain=no_passphrase)
        found = keyfile.make(seed, "recovery" if chain else "root", phrase, secrets.token_bytes)
        found = found.with_chain(chain) if chain else found
        keyfile.write(path, found, new=True)
    if json:
        print_json(_said(found))
    else:
        print(f"{clean(path.name)} acts for {found.principal}")


@app.command()
def enroll(
    device: Annotated[
        str, typer.Argument(metavar="DEVICE", help="The did:key of the device, as it exports it.", show_default=False)
    ],
    manage: Annotated[bool, typer.Option("--manage", help="It may end plain devices.")] = False,
    recovery: Annotated[bool, typer.Option("--recovery", help="It may enrol and end devices.")] = False,
    node: Annotated[
        str | None,
        typer.Option("--node", metavar="DID", help="The node that keeps the device's key.", show_default=False),
    ] = None,
    repo: Annotated[
        str | None,
        typer.Option("--repo", "-R", metavar="ID", help="The one repository it is for, by its id.", show_default=False),
    ] = None,
    announce: identity_ends.Announce = None,
    key: Key = DEFAULT,
    passphrase_fd: PassphraseFd = None,
    json: Json = False,
) -> None:
    """Print a certificate: the device may write in the name of the key's principal."""
    if repo is not None and not is_hex_id(repo):
        raise InvalidInput("--repo takes a repository's id", hint="gitant repo view REPO --json shows it")
    if node is not None and not is_did(node):
        raise InvalidInput("--node takes the did:key of a node", hint="gitant status shows it")
    by = identity_ends.principal_signer(key, passphrase_fd)
    powers = [power for power, wanted in (("enrol", recovery), ("manage", manage)) if wanted]
    chain = enrol(
        by.key,
        by.chains,
        key_of(device),
        tuple(powers),
        node=None if node is None else Did(node),
        stream=None if repo is None else StreamId(bytes.fromhex(repo)),
    )
    if announce:
        said = DeviceEnrolled(certificates=identity_ends.certificates_of(chain))
        identity_ends.tell_identity(announce, by, "identity.device_enrolled.v1", said)
    line = chain_text(chain)
    if json:
        print_json({"certificate": line, **_certificate_said(line)})
    else:
        print(line)


def _signer_of(made: keyfile.KeyFile, phrase: bytes) -> Signer:
    """Without asking for the passphrase a second time."""
    by = made.unlock(lambda: phrase)
    return identity_ends.signing_with(by)


def _recovery(by: Signer, path: Path | None) -> dict[str, str]:
    made, seed = new_key("recovery", None)
    line = recovery_text(seed, enrol(by.key, (), made.device, ("enrol",)))
    told = {"recovery_did": made.did}
    if path is None:
        return {**told, "recovery": line}
    keyfile.write_secret(path, f"{line}\n".encode())
    return {**told, "recovery_file": str(path)}


def _begin(by: Signer, name: str, data_dir: str | None, node: str) -> str:
    event = by.begin("identity.created.v1", IdentityCreated(name=name), [by.key.did])
    with Api.open(data_dir, node) as api:
        return str(api.send("POST", "/api/v1/events", posted(event))["id"])


def _print_new(told: dict[str, str], *, json: bool) -> None:
    if json:
        print_json(told)
        return
    print_fields([(name.replace("_", " "), value) for name, value in told.items() if name != "recovery"])
    if line := told.get("recovery"):
        tell("the recovery key, which is shown this once: write it down and keep it apart")
        print(line)


def _said(found: keyfile.KeyFile) -> dict[str, Any]:
    return {
        "did": found.did,
        "purpose": found.purpose,
        "principal": found.principal,
        "sealed": found.sealed,
        "certificates": [_certificate_said(chain_text(chain)) for chain in found.chains],
    }


def _certificate_said(line: str) -> dict[str, Any]:
    chain = chain_of(line)
    last = last_of(chain)
    signed = last_of(chain[:1]).device if len(chain) > 1 else key_of(last.principal)
    return {
        "device": did_of(last.device),
        "principal": last.principal,
        "may": ", ".join(
            ["write", *({"enrol": "enrol devices", "manage": "end devices"}[each] for each in last.powers)]
        ),
        "signed_by": did_of(signed) if len(chain) > 1 else "the root key",
        "node": last.node,
        "repository": None if last.stream is None else last.stream.hex(),
    }
