"""Recorded system calls played onto a `Disk`: which file a descriptor means, where it stands, what changes."""

from __future__ import annotations

import os.path
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.crash.calls import Call, Untraceable, descriptor, string, strings
from tests.crash.disk import Disk, File, Folder, Naming, Node, Symlink, Write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_BIRTHS = {"clone", "clone3", "fork", "vfork"}
_QUIET = _BIRTHS | {"copy_file_range"}
_UNSEEN = {"sendfile": 0, "splice": 2}
"""Calls whose bytes strace does not show, with the argument that says where they go."""

_CREATION_MASK = 0o022


@dataclass(slots=True, eq=False)
class OpenFile:
    """What descriptors that were duplicated or inherited share."""

    node: File | Folder
    position: int = 0
    appends: bool = False


@dataclass(slots=True, eq=False)
class Process:
    """Descriptors into the folder, and the working directory. Threads share both."""

    open: dict[int, OpenFile] = field(default_factory=dict)
    cwd: list[str] = field(default_factory=lambda: ["/"])


class Machine:
    """Plays calls in order. `applied` tells whether one changed the disk or flushed it."""

    def __init__(self, disk: Disk, folder: Path, cwd: Path, calls: Sequence[Call]) -> None:
        self.disk = disk
        self._folder = str(folder)
        self._processes: dict[int, Process] = {}
        self._first = Process(cwd=[str(cwd)])
        # A child may be seen before the call that made it has ended.
        self._births: dict[int, deque[tuple[int, str]]] = defaultdict(deque)
        for call in calls:
            if call.name in _BIRTHS and call.result is not None and call.result > 0:
                self._births[call.result].append((call.pid, " ".join(call.args)))

    def apply(self, call: Call) -> bool:
        """Play one call; whether it matters to what a power cut leaves."""
        process = self._process(call.pid)
        if call.failed or call.name in _QUIET:
            return False
        if call.name in _UNSEEN:
            _, path = descriptor(call.args[_UNSEEN[call.name]])
            if self._inside(path):
                raise Untraceable(f"{call.name} into {path}: strace does not show the bytes")
            return False
        handler = getattr(self, f"_{call.name}")
        return bool(handler(call, process))

    # --- processes and descriptors ---------------------------------------------------------------------

    def _process(self, pid: int) -> Process:
        process = self._processes.get(pid)
        births = self._births.get(pid)
        if births and (process is None or births[0][0] != pid):
            parent_id, flags = births.popleft()
            parent = self._process(parent_id)
            process = Process(
                parent.open if "CLONE_FILES" in flags else dict(parent.open),
                parent.cwd if "CLONE_FS" in flags else list(parent.cwd),
            )
        elif process is None:
            process = self._first
        self._processes[pid] = process
        return process

    def _opened(self, process: Process, arg: str) -> OpenFile | None:
        """The open file of a descriptor, if it is one in the folder."""
        number, path = descriptor(arg)
        if not self._inside(path.removesuffix(" (deleted)")):
            process.open.pop(number, None)
            return None
        if number not in process.open:
            raise Untraceable(f"descriptor {number} of {path} came from nowhere")
        return process.open[number]

    def _duplicate(self, call: Call, process: Process) -> bool:
        opened = self._opened(process, call.args[0])
        assert call.result is not None
        if opened is None:
            process.open.pop(call.result, None)
        else:
            process.open[call.result] = opened
        return False

    _dup = _dup2 = _dup3 = _duplicate

    def _fcntl(self, call: Call, process: Process) -> bool:
        return self._duplicate(call, process) if call.args[1].startswith("F_DUPFD") else False

    def _chdir(self, call: Call, process: Process) -> bool:
        process.cwd[0] = self._path(process, call.args[0])
        return False

    def _fchdir(self, call: Call, process: Process) -> bool:
        process.cwd[0] = descriptor(call.args[0])[1]
        return False

    # --- opening, reading, writing ---------------------------------------------------------------------

    def _openat(self, call: Call, process: Process) -> bool:
        return self._open_path(call, process, call.args[2], call.args[3:])

    def _open(self, call: Call, process: Process) -> bool:
        return self._open_path(call, process, call.args[1], call.args[2:])

    def _creat(self, call: Call, process: Process) -> bool:
        return self._open_path(call, process, "O_WRONLY|O_CREAT|O_TRUNC", call.args[1:])

    def _open_path(self, call: Call, process: Process, flag_text: str, mode: list[str]) -> bool:
        assert call.result is not None
        process.open.pop(call.result, None)
        if not self._inside(call.result_path):
            return False
        flags, changed = flag_text.split("|"), False
        if "O_TMPFILE" in flags:
            raise Untraceable(f"O_TMPFILE at {call.result_path}")
        node = self._find(call.result_path)
        if node is None:
            if "O_CREAT" not in flags:
                return False  # a socket, a pipe: nothing that rests on the disk
            node, changed = File(int(mode[0], 8) & ~_CREATION_MASK), True
            self.disk.change(call.ended, self._naming(call.result_path, node))
        elif "O_TRUNC" in flags and isinstance(node, File):
            node.write(Write(call.ended, 0, None))
            changed = True
        assert not isinstance(node, Symlink), "the path of a descriptor is resolved"
        process.open[call.result] = OpenFile(node, appends="O_APPEND" in flags)
        return changed

    def _lseek(self, call: Call, process: Process) -> bool:
        opened = self._opened(process, call.args[0])
        if opened is not None and call.result is not None:
            opened.position = call.result
        return False

    def _read(self, call: Call, process: Process) -> bool:
        # Printed raw, so that what was read is not: a bare hexadecimal descriptor.
        opened = process.open.get(int(call.args[0], 16))
        if opened is not None and call.result is not None:
            opened.position += call.result
        return False

    _readv = _read

    def _write(self, call: Call, process: Process) -> bool:
        return self._write_here(call, process, string(call.args[1]))

    def _writev(self, call: Call, process: Process) -> bool:
        return self._write_here(call, process, strings(call.args[1]))

    def _write_here(self, call: Call, process: Process, data: bytes) -> bool:
        opened = self._opened(process, call.args[0])
        if opened is None:
            return False
        assert isinstance(opened.node, File)
        data = data[: call.result]
        offset = len(opened.node.live) if opened.appends else opened.position
        opened.node.write(Write(call.ended, offset, data))
        opened.position = offset + len(data)
        return True

    def _pwrite64(self, call: Call, process: Process) -> bool:
        return self._write_at(call, process, string(call.args[1]))

    def _pwritev(self, call: Call, process: Process) -> bool:
        return self._write_at(call, process, strings(call.args[1]))

    _pwritev2 = _pwritev

    def _write_at(self, call: Call, process: Process, data: bytes) -> bool:
        opened = self._opened(process, call.args[0])
        if opened is None:
            return False
        assert isinstance(opened.node, File)
        opened.node.write(Write(call.ended, int(call.args[3]), data[: call.result]))
        return True

    def _mmap(self, call: Call, process: Process) -> bool:
        if "MAP_SHARED" not in call.args[3] or "PROT_WRITE" not in call.args[2]:
            return False
        _, path = descriptor(call.args[4])
        # SQLite's shared memory is rebuilt by whoever comes first; nothing in it has to survive.
        # Nor has what counts requests: it is in the cache.
        if self._inside(path) and not path.endswith("-shm") and "/cache/" not in path:
            raise Untraceable(f"{path} is written through memory")
        return False

    def _ftruncate(self, call: Call, process: Process) -> bool:
        opened = self._opened(process, call.args[0])
        if opened is None:
            return False
        assert isinstance(opened.node, File)
        opened.node.write(Write(call.ended, int(call.args[1]), None))
        return True

    def _truncate(self, call: Call, process: Process) -> bool:
        node = self._find(self._path(process, call.args[0]))
        if not isinstance(node, File):
            return False
        node.write(Write(call.ended, int(call.args[1]), None))
        return True

    def _fallocate(self, call: Call, process: Process) -> bool:
        opened = self._opened(process, call.args[0])
        if opened is None:
            return False
        if call.args[1] not in ("0", "FALLOC_FL_KEEP_SIZE"):
            raise Untraceable(f"fallocate with {call.args[1]}")
        assert isinstance(opened.node, File)
        end = int(call.args[2]) + int(call.args[3])
        if call.args[1] == "0" and end > len(opened.node.live):
            opened.node.write(Write(call.ended, end, None))
        return True

    # --- flushing --------------------------------------------------------------------------------------

    def _fsync(self, call: Call, process: Process) -> bool:
        opened = self._opened(process, call.args[0])
        if opened is None:
            return False
        if isinstance(opened.node, File):
            opened.node.flush(call.began)
        else:
            self.disk.flush_folder(opened.node, call.began)
        return True

    _fdatasync = _fsync

    def _sync(self, call: Call, process: Process) -> bool:
        self.disk.flush_all(call.began)
        return True

    _syncfs = _sync

    # --- names -----------------------------------------------------------------------------------------

    def _rename(self, call: Call, process: Process) -> bool:
        return self._move(call, self._path(process, call.args[0]), self._path(process, call.args[1]))

    def _renameat(self, call: Call, process: Process) -> bool:
        if len(call.args) > 4 and "EXCHANGE" in call.args[4]:
            raise Untraceable("names are exchanged")
        return self._move(call, _path_at(call.args[0], call.args[1]), _path_at(call.args[2], call.args[3]))

    _renameat2 = _renameat

    def _move(self, call: Call, source: str, target: str) -> bool:
        inside = self._inside(source), self._inside(target)
        if inside == (False, False):
            return False
        node = self._find(source) if inside[0] else None
        if inside != (True, True) or node is None:
            raise Untraceable(f"{source} is renamed to {target}, and one of them is not on this disk")
        self.disk.change(call.ended, self._naming(source, None), self._naming(target, node))
        return True

    def _unlink(self, call: Call, process: Process) -> bool:
        return self._remove(call, self._path(process, call.args[0]))

    _rmdir = _unlink

    def _unlinkat(self, call: Call, process: Process) -> bool:
        return self._remove(call, _path_at(call.args[0], call.args[1]))

    def _remove(self, call: Call, path: str) -> bool:
        if not self._inside(path) or self._find(path) is None:
            return False
        self.disk.change(call.ended, self._naming(path, None))
        return True

    def _mkdir(self, call: Call, process: Process) -> bool:
        return self._make(call, self._path(process, call.args[0]), Folder(_folder_mode(call.args[1])))

    def _mkdirat(self, call: Call, process: Process) -> bool:
        return self._make(call, _path_at(call.args[0], call.args[1]), Folder(_folder_mode(call.args[2])))

    def _symlink(self, call: Call, process: Process) -> bool:
        return self._make(call, self._path(process, call.args[1]), Symlink(string(call.args[0]).decode()))

    def _symlinkat(self, call: Call, process: Process) -> bool:
        return self._make(call, _path_at(call.args[1], call.args[2]), Symlink(string(call.args[0]).decode()))

    def _link(self, call: Call, process: Process) -> bool:
        return self._make(call, self._path(process, call.args[1]), self._find(self._path(process, call.args[0])))

    def _linkat(self, call: Call, process: Process) -> bool:
        source, target = _path_at(call.args[0], call.args[1]), _path_at(call.args[2], call.args[3])
        return self._make(call, target, self._find(source))

    def _make(self, call: Call, path: str, node: Node | None) -> bool:
        if not self._inside(path) or path == self._folder:
            return False
        if node is None:
            raise Untraceable(f"{path} is linked to something that is not on this disk")
        self.disk.change(call.ended, self._naming(path, node))
        return True

    def _chmod(self, call: Call, process: Process) -> bool:
        return self._set_mode(self._find(self._path(process, call.args[0])), call.args[1])

    def _fchmodat(self, call: Call, process: Process) -> bool:
        return self._set_mode(self._find(_path_at(call.args[0], call.args[1])), call.args[2])

    def _fchmod(self, call: Call, process: Process) -> bool:
        opened = self._opened(process, call.args[0])
        return self._set_mode(opened.node if opened else None, call.args[1])

    def _set_mode(self, node: Node | None, mode: str) -> bool:
        if isinstance(node, File | Folder):
            node.mode = int(mode, 8) & 0o777
        return False

    # --- paths -----------------------------------------------------------------------------------------

    def _inside(self, path: str) -> bool:
        return path == self._folder or path.startswith(self._folder + "/")

    def _path(self, process: Process, arg: str) -> str:
        return _joined(process.cwd[0], arg)

    def _find(self, path: str) -> Node | None:
        if not self._inside(path):
            return None
        node: Node = self.disk.root
        for name in filter(None, path[len(self._folder) :].split("/")):
            found = node.live.get(name) if isinstance(node, Folder) else None
            if found is None:
                return None
            node = found
        return node

    def _naming(self, path: str, node: Node | None) -> Naming:
        parent, name = os.path.split(path)
        folder = self._find(parent)
        if not isinstance(folder, Folder):
            raise Untraceable(f"{path} is in no folder of this disk")
        return (folder, name, node)


def _path_at(folder: str, name: str) -> str:
    return _joined(descriptor(folder)[1], name)


def _joined(folder: str, name: str) -> str:
    # Not `Path`: `..` goes up in the text, as the folder itself has no links in its path.
    text = string(name).decode()
    return os.path.normpath(text if text.startswith("/") else f"{folder}/{text}")


def _folder_mode(text: str) -> int:
    return int(text, 8) & ~_CREATION_MASK & 0o777
