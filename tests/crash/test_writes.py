"""The recorder of writes sees all of them, and the disk it replays them on loses only what a disk may lose."""

from __future__ import annotations

import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.crash.calls import Untraceable
from tests.crash.disk import Disk, File, Folder, Write, load
from tests.crash.writes import cuts, record, start, why_not

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")]


def contents(folder: Path) -> dict[str, object]:
    """Everything in a folder that can be compared."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        mode = path.lstat().st_mode
        found[name] = path.readlink() if path.is_symlink() else (mode, path.read_bytes() if path.is_file() else None)
    return found


def python(*words: str) -> list[str]:
    return [sys.executable, *words]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def test_the_disk_ends_up_like_the_folder(folder: Path, tmp_path: Path) -> None:
    (folder / "before").write_bytes(b"there already")
    recording = record(python("-m", "tests.crash.scribbler", str(folder)), folder, tmp_path)
    machine = recording.machine()
    for call in recording.calls:
        machine.apply(call)
    machine.disk.write_live(tmp_path / "replayed")
    assert contents(tmp_path / "replayed") == contents(folder)
    machine.disk.flush_all(2**63)
    machine.disk.cut_power(random.Random(1), tmp_path / "flushed")
    assert contents(tmp_path / "flushed") == contents(folder)


def test_the_process_is_the_program_itself(folder: Path, tmp_path: Path) -> None:
    recorder = start(python("-c", "import os; print(os.getpid()); input()"), folder, tmp_path,
                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    assert recorder.process.stdout is not None
    assert int(recorder.process.stdout.readline()) == recorder.process.pid
    recorder.process.kill()
    recorder.process.communicate()
    assert recorder.finish().points()[-1] > 0


def test_bytes_that_cannot_be_seen_are_said(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"x" * 100)
    program = (
        "import os, sys; source = os.open(sys.argv[1], os.O_RDONLY); "
        "target = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT); os.sendfile(target, source, 0, 100)"
    )
    recording = record(python("-c", program, str(tmp_path / "source"), str(folder / "target")), folder, tmp_path)
    with pytest.raises(Untraceable, match="sendfile"):
        recording.points()


def test_cuts_are_drawn_by_their_seed(folder: Path, tmp_path: Path) -> None:
    recording = record(python("-m", "tests.crash.scribbler", str(folder)), folder, tmp_path)

    def drawn(seed: int) -> list[tuple[int, dict[str, object]]]:
        return [(cut.point, contents(cut.folder)) for cut in cuts(recording, seed=seed, count=10, into=tmp_path)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


# --- what a disk may lose --------------------------------------------------------------------------------


def images(disk: Disk, tmp_path: Path, count: int = 200) -> list[Path]:
    folders = [tmp_path / f"image-{seed}" for seed in range(count)]
    for seed, folder in enumerate(folders):
        disk.cut_power(random.Random(seed), folder)
    return folders


def new_file(disk: Disk, name: str, when: int) -> File:
    file = File(0o600)
    disk.change(when, (disk.root, name, file))
    return file


@pytest.fixture
def disk() -> Disk:
    return Disk(Folder(0o700))


def test_nothing_flushed_may_be_lost_or_kept(disk: Disk, tmp_path: Path) -> None:
    new_file(disk, "new", 1).write(Write(2, 0, b"words"))
    seen = {(f / "new").read_bytes() if (f / "new").exists() else None for f in images(disk, tmp_path)}
    assert seen == {None, b"", b"words"}


def test_flushed_bytes_without_a_flushed_name_may_be_lost(disk: Disk, tmp_path: Path) -> None:
    file = new_file(disk, "new", 1)
    file.write(Write(2, 0, b"words"))
    file.flush(3)
    seen = {(f / "new").read_bytes() if (f / "new").exists() else None for f in images(disk, tmp_path)}
    assert seen == {None, b"words"}


def test_what_is_flushed_with_its_name_stays(disk: Disk, tmp_path: Path) -> None:
    file = new_file(disk, "new", 1)
    file.write(Write(2, 0, b"words"))
    file.flush(3)
    disk.flush_folder(disk.root, 4)
    assert {(f / "new").read_bytes() for f in images(disk, tmp_path)} == {b"words"}


def test_a_flush_covers_only_what_ended_before_it_began(disk: Disk, tmp_path: Path) -> None:
    file = new_file(disk, "new", 1)
    disk.flush_folder(disk.root, 2)
    file.write(Write(3, 0, b"a"))
    file.write(Write(5, 1, b"b"))
    file.flush(4)
    assert {(f / "new").read_bytes() for f in images(disk, tmp_path)} == {b"a", b"ab"}


def test_a_rename_happens_whole_or_not_at_all(disk: Disk, tmp_path: Path) -> None:
    old, new = new_file(disk, "name", 1), new_file(disk, "draft", 2)
    old.write(Write(3, 0, b"old"))
    new.write(Write(4, 0, b"new"))
    disk.flush_all(5)
    disk.change(6, (disk.root, "draft", None), (disk.root, "name", new))
    seen = {tuple(sorted((p.name, p.read_bytes()) for p in f.iterdir())) for f in images(disk, tmp_path)}
    assert seen == {(("draft", b"new"), ("name", b"old")), (("name", b"new"),)}


def test_names_are_lost_from_the_end(disk: Disk, tmp_path: Path) -> None:
    for number in range(4):
        new_file(disk, str(number), number)
    seen = {"".join(sorted(p.name for p in f.iterdir())) for f in images(disk, tmp_path)}
    assert seen == {"", "0", "01", "012", "0123"}


def test_flushing_one_folder_of_a_move_flushes_both_sides(disk: Disk, tmp_path: Path) -> None:
    folder = Folder(0o700)
    disk.change(1, (disk.root, "sub", folder))
    file = new_file(disk, "file", 2)
    disk.change(3, (disk.root, "file", None), (folder, "file", file))
    disk.flush_folder(folder, 4)
    seen = {tuple(sorted(str(p.relative_to(f)) for p in f.rglob("*"))) for f in images(disk, tmp_path)}
    assert seen == {("sub", "sub/file")}


def test_a_write_may_be_torn_between_sectors_only(disk: Disk, tmp_path: Path) -> None:
    file = new_file(disk, "new", 1)
    file.write(Write(2, 0, b"0" * 2_048))
    disk.flush_all(3)
    file.write(Write(4, 100, b"1" * 1_500))
    whole = b"0" * 100 + b"1" * 1_500 + b"0" * 448
    seen = {(f / "new").read_bytes() for f in images(disk, tmp_path)}
    assert len(seen) > 8
    for data in seen:
        for start_of in range(0, 2_048, 512):
            assert data[start_of : start_of + 512] in (b"0" * 512, whole[start_of : start_of + 512])


def test_a_folder_loads_as_it_is(folder: Path, tmp_path: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "file").write_bytes(b"words")
    (folder / "link").symlink_to("sub")
    load(folder).cut_power(random.Random(1), tmp_path / "image")
    assert contents(tmp_path / "image") == contents(folder)
