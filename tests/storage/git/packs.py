"""Build packs and objects by hand, broken ones too."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from hashlib import sha1

COMMIT, TREE, BLOB, TAG, OFS_DELTA, REF_DELTA = 1, 2, 3, 4, 6, 7
_NAMES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob", TAG: b"tag"}
PERSON = b"A U Thor <author@example.invalid> 1700000000 +0000"


def oid(kind: int, data: bytes) -> str:
    return sha1(b"%s %d\0%s" % (_NAMES[kind], len(data), data)).hexdigest()


def tree(*entries: tuple[str, str, str]) -> bytes:
    """(mode, name, oid) in the given order."""
    return b"".join(f"{mode} {name}".encode() + b"\0" + bytes.fromhex(target) for mode, name, target in entries)


def commit(tree_oid: str, *parents: str, message: bytes = b"a commit\n", extra: bytes = b"") -> bytes:
    lines = [b"tree " + tree_oid.encode(), *(b"parent " + parent.encode() for parent in parents)]
    return b"\n".join([*lines, b"author " + PERSON, b"committer " + PERSON]) + b"\n" + extra + b"\n" + message


def tag(target: str, name: str = "v1", kind: str = "commit") -> bytes:
    return f"object {target}\ntype {kind}\ntag {name}\n".encode() + b"tagger " + PERSON + b"\n\na tag\n"


def varint(number: int) -> bytes:
    out = bytearray()
    while True:
        out.append(number & 0x7F | (0x80 if number > 0x7F else 0))
        number >>= 7
        if not number:
            return bytes(out)


def delta(base_size: int, size: int, *operations: bytes) -> bytes:
    return varint(base_size) + varint(size) + b"".join(operations)


def copy(offset: int, size: int) -> bytes:
    """One copy operation; `size` up to 16 MiB."""
    flags, arguments = 0x80, b""
    for bit, byte in enumerate(offset.to_bytes(4, "little") + size.to_bytes(3, "little")):
        if byte:
            flags |= 1 << bit
            arguments += bytes([byte])
    return bytes([flags]) + arguments


def insert(data: bytes) -> bytes:
    assert 0 < len(data) < 128
    return bytes([len(data)]) + data


def entry_header(kind: int, size: int) -> bytes:
    first, rest = kind << 4 | size & 15, size >> 4
    return bytes([first | 0x80]) + varint(rest) if rest else bytes([first])


def offset_varint(distance: int) -> bytes:
    out = [distance & 0x7F]
    distance >>= 7
    while distance:
        distance -= 1
        out.insert(0, distance & 0x7F | 0x80)
        distance >>= 7
    return bytes(out)


@dataclass
class Pack:
    """A pack under construction; each `add` returns the offset of what it added."""

    body: bytearray = field(default_factory=bytearray)
    count: int = 0

    def add(self, kind: int, data: bytes, *, size: int | None = None, level: int = 9) -> int:
        return self._entry(entry_header(kind, len(data) if size is None else size), data, level)

    def add_ofs_delta(self, base: int, data: bytes) -> int:
        distance = self.offset - base
        return self._entry(entry_header(OFS_DELTA, len(data)) + offset_varint(distance), data, 9)

    def add_ref_delta(self, base: str, data: bytes) -> int:
        return self._entry(entry_header(REF_DELTA, len(data)) + bytes.fromhex(base), data, 9)

    @property
    def offset(self) -> int:
        return 12 + len(self.body)

    def build(self, *, count: int | None = None, version: int = 2) -> bytes:
        header = b"PACK" + version.to_bytes(4, "big") + (self.count if count is None else count).to_bytes(4, "big")
        content = header + self.body
        return content + sha1(content).digest()

    def _entry(self, header: bytes, data: bytes, level: int) -> int:
        offset = self.offset
        self.body += header + zlib.compress(data, level)
        self.count += 1
        return offset


def pack_of(*objects: tuple[int, bytes]) -> bytes:
    pack = Pack()
    for kind, data in objects:
        pack.add(kind, data)
    return pack.build()


def zeros_bomb(resolved_bytes: int) -> bytes:
    """A pack of a kilobyte with one object that resolves to `resolved_bytes`: ten copies of ten copies of …"""
    pack = Pack()
    size = 1000
    at = pack.add(BLOB, bytes(size))
    while size < resolved_bytes:
        times = min(64, -(-resolved_bytes // size))
        copies = b"".join(copy(start, min(size - start, 0xFFFFFF)) for start in range(0, size, 0xFFFFFF))
        at = pack.add_ofs_delta(at, delta(size, size * times, copies * times))
        size *= times
    return pack.build()


@dataclass(frozen=True)
class Sample:
    """A commit with one file, and the pack that brings it."""

    blob: bytes = b"hello\n"
    message: bytes = b"a commit\n"

    @property
    def objects(self) -> tuple[tuple[int, bytes], ...]:
        return (BLOB, self.blob), (TREE, self.tree), (COMMIT, self.commit)

    @property
    def tree(self) -> bytes:
        return tree(("100644", "file", oid(BLOB, self.blob)))

    @property
    def commit(self) -> bytes:
        return commit(oid(TREE, self.tree), message=self.message)

    @property
    def tip(self) -> str:
        return oid(COMMIT, self.commit)

    @property
    def pack(self) -> bytes:
        return pack_of(*self.objects)
