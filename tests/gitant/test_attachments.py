"""Attachments from the writer's side: what is checked, what verify says, and which blobs go when."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from domain.actor import Actor
from domain.attachment.added import AttachmentAdded
from domain.envelope import seal
from domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from domain.fold.kind import write_payload
from domain.identity.created import IdentityCreated
from gitant.digests import stream_digests
from gitant.verify import verify
from gitant.writer.orphans import DAY_MS, HOUR_MS, Orphans
from projections.database import open_readonly
from storage.blobs import DiskBlobs, blob_path
from storage.git.store import DiskGitStore
from storage.local import LocalStore
from tests.gitant.writer.world import ME, STRANGER, World, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from domain.ports_blobs import KeptBlob


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = make_world(tmp_path / "node")
    yield world
    world.close()


def stored(world: World, data: bytes) -> KeptBlob:
    draft = DiskBlobs(world.folder.blobs).draft(len(data))
    draft.feed(data)
    return draft.finish()


def attached(world: World, repo: bytes, data: bytes = b"dust", **how: Any) -> bytes:
    """The hash of bytes that are now attached."""
    kept = stored(world, data)
    fields = {"name": "dust.png", "media_type": "image/png", "size": kept.size, "sha256": kept.name, **how}
    world.run("attachment.add", repo=repo, **fields)
    return kept.name


def faults(world: World) -> list[str]:
    found: list[str] = []
    blobs, store = DiskBlobs(world.folder.blobs), DiskGitStore(world.folder.repos)
    verify(world.log, found.append, blobs=blobs, is_here=store.holds)
    return found


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"sha256": b"\x01" * 32}, Conflict),
        ({"size": 5}, Conflict),
        ({"target": b"\x01" * 32}, NotFound),
        ({"name": "../../etc/passwd"}, InvalidInput),
        ({"name": "a\\b"}, InvalidInput),
        ({"name": "a\x1b[31m"}, InvalidInput),
        ({"name": " a"}, InvalidInput),
        ({"name": "x" * 201}, InvalidInput),
        ({"media_type": "text/html\r\nset-cookie: a"}, InvalidInput),
        ({"size": -1}, InvalidInput),
    ],
)
def test_what_cannot_be_attached_writes_nothing(world: World, change: dict[str, Any], fault: type[Exception]) -> None:
    repo = world.repo()
    before = world.log.last_position()
    with pytest.raises(fault):
        attached(world, repo, **change)
    assert world.log.last_position() == before


def test_an_issue_of_another_repository_is_no_target(world: World) -> None:
    issue = world.issue(world.repo("cellar"))
    with pytest.raises(NotFound):
        attached(world, world.repo("attic"), target=issue)


def test_whoever_signs_an_attachment_needs_its_bytes_here(world: World) -> None:
    repo, him = world.repo(), Actor(STRANGER.did, operator=False)
    world.run("event.submit", ME, **_raw(world, "identity.created.v1", b"", IdentityCreated(name="eve")))
    sha256 = attached(world, repo, b"here")
    there = AttachmentAdded(name="dust.png", size=4, sha256=sha256)
    missing = AttachmentAdded(name="dust.png", size=4, sha256=b"\x01" * 32)
    with pytest.raises(Conflict, match="not here"):
        world.run("event.submit", him, **_raw(world, "attachment.added.v1", repo, missing))
    world.run("event.submit", him, **_raw(world, "attachment.added.v1", repo, there))
    with pytest.raises(Forbidden):
        world.run("attachment.redact", him, repo=repo, sha256=sha256)


def _raw(world: World, kind: str, repo: bytes, payload: Any) -> dict[str, bytes]:
    if repo:
        event = world.signed(STRANGER, kind, repo, repo, payload)
    else:
        fields = {"kind": kind, "seq": 1, "parents": [], "lamport": 1, "time": 1, "roots": [STRANGER.did]}
        event = seal({**fields, "threshold": 1, "nonce": b"n" * 16}, write_payload(payload, b"s" * 16), STRANGER)
    assert event.payload is not None
    return {"header": event.header, "signature": event.signature, "payload": event.payload}


def test_verify_finds_what_is_missing_or_damaged(world: World) -> None:
    repo = world.repo()
    missing, damaged, redacted = (attached(world, repo, data) for data in (b"one", b"two", b"three"))
    assert faults(world) == []
    blob_path(world.folder.blobs, missing).unlink()
    path = blob_path(world.folder.blobs, damaged)
    path.chmod(0o600)
    path.write_bytes(b"tow")
    world.run("attachment.redact", repo=repo, sha256=redacted)
    blob_path(world.folder.blobs, redacted).unlink()
    found = faults(world)
    assert len(found) == 2
    assert f"{missing.hex()} that it names is missing" in found[0]
    assert f"{damaged.hex()} that it names is damaged" in found[1]


def test_blobs_that_nothing_names_go_after_the_delay(world: World) -> None:
    repo = world.repo()
    kept, redacted = attached(world, repo, b"kept"), attached(world, repo, b"redacted")
    never = stored(world, b"never attached").name
    blobs, local = DiskBlobs(world.folder.blobs), LocalStore(world.folder.local)
    store = DiskGitStore(world.folder.repos)
    orphans = Orphans(world.projector.shelf.connection, blobs, store, local, delay_days=30)

    def here() -> set[bytes]:
        return {blob.name for blob in blobs.kept()}

    assert orphans.tend(0) == 0
    world.run("attachment.redact", repo=repo, sha256=redacted)
    assert orphans.tend(DAY_MS) == 0
    assert orphans.tend(30 * DAY_MS) == 1
    assert here() == {kept, redacted}
    assert orphans.tend(31 * DAY_MS - 1) == 0
    assert orphans.tend(31 * DAY_MS) == 1
    assert here() == {kept}
    assert never not in here()
    assert local.names("blob/") == []
    # Stored anew, or attached again, it stays.
    stored(world, b"never attached")
    orphans.tend(32 * DAY_MS)
    attached(world, repo, b"never attached")
    assert orphans.tend(99 * DAY_MS) == 0
    assert here() == {kept, never}
    local.close()


def test_even_without_a_delay_an_upload_has_an_hour(world: World) -> None:
    stored(world, b"on its way")
    blobs, local = DiskBlobs(world.folder.blobs), LocalStore(world.folder.local)
    orphans = Orphans(world.projector.shelf.connection, blobs, DiskGitStore(world.folder.repos), local, delay_days=0)
    assert [orphans.tend(now) for now in (0, HOUR_MS - 1, HOUR_MS)] == [0, 0, 1]
    local.close()


def test_an_attachment_is_part_of_the_view_digest(world: World) -> None:
    repo = world.repo()

    def digest() -> object:
        with closing(open_readonly(world.folder.views)) as views:
            return stream_digests(views)

    before = digest()
    attached(world, repo)
    assert digest() != before
