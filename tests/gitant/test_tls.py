"""HTTPS with the operator's own certificate: stock clients, the command line, renewal while the node runs."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.gitant.certificates import make_certificate
from tests.gitant.running import PATIENCE_S, Node, refused, running
from tests.house.tree import BIN

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, files: tuple[Path, Path]) -> Generator[Node]:
    cert, key = files
    with running(tmp_path_factory.mktemp("https") / "node", "--tls-cert", str(cert), "--tls-key", str(key)) as node:
        yield node


def _gitant(node: Node, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "gitant", *words, "--data-dir", node.folder], capture_output=True, text=True, check=False
    )


def _served(node: Node) -> str:
    """The certificate that a client is shown."""
    return ssl.get_server_certificate(node.address, timeout=PATIENCE_S)


def test_stock_clients_and_the_command_line_speak_https(node: Node, files: tuple[Path, Path], tmp_path: Path) -> None:
    assert node.url.startswith("https://127.0.0.1:")
    token = (node.folder / "operator.token").read_text().strip()
    context = ssl.create_default_context(cafile=str(files[0]))
    with httpx.Client(base_url=node.url, verify=context, headers={"authorization": f"Bearer {token}"}) as client:
        made = client.post("/api/v1/repos", json={"name": "attic"})
        assert made.status_code == 201
        assert made.json()["clone_url"].startswith(node.url)
    environment = {**os.environ, "GIT_SSL_CAINFO": str(files[0])}
    subprocess.run(
        ["git", "clone", "-q", f"{node.url}/operator/attic.git", tmp_path / "a"], env=environment, check=True
    )
    listed = _gitant(node, "repo", "list")
    assert listed.returncode == 0, listed.stderr
    assert "attic" in listed.stdout


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_old_tls_and_plain_http_are_refused(node: Node) -> None:
    for version, taken in ((ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_1, False)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        try:
            status = httpx.get(f"{node.url}/live", verify=context).status_code
        except httpx.ConnectError:
            status = 0
        assert (status == 200) is taken
    with pytest.raises(httpx.HTTPError):
        httpx.get(node.url.replace("https", "http") + "/live")


def test_a_renewed_certificate_is_served_after_a_hangup(node: Node, files: tuple[Path, Path]) -> None:
    before = _served(node)
    make_certificate(files[0].parent)
    assert _served(node) == before
    node.process.send_signal(signal.SIGHUP)
    node.wait_for_words("reloaded")
    assert _served(node) == files[0].read_text()
    good = files[1].read_bytes()
    files[1].write_text("no key")
    node.process.send_signal(signal.SIGHUP)
    node.wait_for_words("nothing was reloaded")
    files[1].write_bytes(good)
    assert _served(node) == files[0].read_text()
    assert json.loads((node.folder / "node.json").read_text())["cert"] == str(files[0])


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("chmod", "open to others"),
        ("other", "cannot be used for TLS"),
        ("gone", "cannot be read"),
        ("alone", "tls_cert is set and tls_key is not"),
    ],
)
def test_files_that_will_not_do_are_named(tmp_path: Path, harm: str, told: str) -> None:
    cert, key = make_certificate(tmp_path / "tls")
    flags = ["--tls-cert", str(cert), "--tls-key", str(key)]
    if harm == "chmod":
        key.chmod(0o644)
    elif harm == "other":
        flags[3] = str(make_certificate(tmp_path / "others")[1])
    elif harm == "gone":
        key.unlink()
    else:
        flags = flags[:2]
    said = refused(tmp_path / "node", *flags)
    assert told in said
    assert "hint: " in said
    assert not (tmp_path / "node").exists()
