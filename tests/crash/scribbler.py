"""`python -m tests.crash.scribbler FOLDER`: change a folder in every way the recorder must follow."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path


def main(folder: Path) -> None:
    os.chdir(folder)
    by_descriptor()
    by_names()
    by_others()


def by_descriptor() -> None:
    file = os.open("kept", os.O_RDWR | os.O_CREAT, 0o600)
    os.write(file, b"0123456789" * 300)
    os.lseek(file, 5, os.SEEK_SET)
    os.write(file, b"five")
    os.read(file, 7)
    os.write(file, b"after seven")
    os.pwrite(file, b"at a thousand", 1_000)
    os.pwritev(file, [b"and ", b"more"], 2_000)
    twin = os.dup(file)
    os.lseek(twin, -3, os.SEEK_END)
    os.writev(file, [b"shared ", b"position"])
    os.ftruncate(file, 4_000)
    os.posix_fallocate(file, 0, 5_000)
    os.fsync(file)
    os.truncate("kept", 4_500)
    appending = os.open("kept", os.O_WRONLY | os.O_APPEND)
    os.write(appending, b"at the end")
    os.fdatasync(appending)
    os.fchmod(appending, 0o640)
    with Path("emptied").open("w") as text:
        text.write("old")
    with Path("emptied").open("w") as text:
        text.write("new")
    gone = Path("gone").open("wb")  # noqa: SIM115
    Path("gone").unlink()
    gone.write(b"nobody sees this")
    gone.close()


def by_names() -> None:
    Path("deep/er").mkdir(parents=True)
    Path("deep/er/text").write_text("x" * 10_000)
    Path("deep").rename("deeper")
    Path("deeper/er/text").replace("moved")
    Path("deeper/er").rmdir()
    Path("second name").hardlink_to("moved")
    Path("second name").chmod(0o604)
    Path("link").symlink_to("kept")
    with Path("link").open("r+b") as file:
        file.write(b"through a link")
    folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    os.mkdir("by descriptor", dir_fd=folder)
    os.rename("by descriptor", "renamed", src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)
    os.close(folder)
    Path('name with <brackets>, commas, "quotes" and ünïcode\n').touch()


def by_others() -> None:
    subprocess.run(["sh", "-c", "cd deeper && echo shell > a && echo more >> a && mv a b && cp b ../c"], check=True)
    inherited = os.open("inherited", os.O_WRONLY | os.O_CREAT)
    if os.fork() == 0:
        os.write(inherited, b"child ")
        os._exit(0)
    os.wait()
    os.write(inherited, b"parent")
    threads = [threading.Thread(target=_by_thread, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _by_thread(number: int) -> None:
    with Path(f"thread-{number}").open("wb") as file:
        for step in range(50):
            file.write(bytes([step]) * 1_000)
            file.flush()
            os.fsync(file.fileno())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
