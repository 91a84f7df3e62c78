"""Lists of refs as bytes, made once for each state of a repository: 10,000 refs are a slice and not a loop."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, final

from domain.ports_git import ZERO_OID
from transport.git.pktline import FLUSH, pkt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.ids import StreamId
    from domain.ports_git import AdvertisedRef
    from domain.ports_serving import ServedRepo
    from transport.git.v2 import LsRefs


@final
class Listings:
    """The lists of one process, the least used forgotten first."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._lock = Lock()
        self._kept: OrderedDict[tuple[StreamId, str], Listing] = OrderedDict()

    def of(self, repo: StreamId, branch: str, served: ServedRepo) -> Listing:
        """The refs of a repository as they are, with `branch` as its HEAD."""
        head = f"refs/heads/{branch.removeprefix('refs/heads/')}"
        key = repo, head
        with self._lock:
            found = self._kept.get(key)
            if found is not None and found.stamp == served.stamp:
                self._kept.move_to_end(key)
                return found
        made = Listing(served.refs, served.stamp, head)
        with self._lock:
            self._kept[key] = made
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and sum(each.memory_bytes for each in self._kept.values()) > self._bytes_max:
                self._kept.popitem(last=False)
        return made


@final
class Listing:
    """One repository's refs at one moment; made into bytes when somebody asks for them in that form."""

    def __init__(self, refs: Sequence[AdvertisedRef], stamp: str, head: str) -> None:
        self.stamp = stamp
        self._refs = refs
        self._head = head
        self._names = [_bytes(ref.name) for ref in refs]
        at = bisect_left(self._names, _bytes(head))
        self._tip = refs[at].oid if at < len(refs) and refs[at].name == head else None
        self._forms: dict[str, _Lines] = {}

    @property
    def memory_bytes(self) -> int:
        """About what it takes."""
        return 200 * len(self._names) + sum(len(form.data) for form in list(self._forms.values()))

    def v0(self, capabilities: str, *, peeled: bool, with_head: bool) -> bytes:
        """All refs as protocol v0 tells them, the server's capabilities behind the first."""
        lines = self._form(f"v0 {peeled}", lambda ref: _v0_lines(ref, peeled=peeled))
        if with_head and self._tip is not None:
            first, rest = f"{self._tip} HEAD\0{capabilities} symref=HEAD:{self._head}\n", lines.data
        elif self._refs:
            ref = self._refs[0]
            first, rest = f"{ref.oid} {ref.name}\0{capabilities}\n", lines.between(1, len(self._refs))
            if peeled and ref.peeled is not None:
                rest = pkt(_bytes(f"{ref.peeled} {ref.name}^{{}}\n")) + rest
        else:
            first, rest = f"{ZERO_OID} capabilities^{{}}\0{capabilities}\n", b""
        return b"".join([pkt(_bytes(first)), rest, FLUSH])

    def v2(self, command: LsRefs) -> bytes:
        """The answer to `ls-refs`."""
        lines = self._form(f"v2 {command.peel}", lambda ref: _v2_line(ref, peel=command.peel))
        prefixes = command.prefixes
        parts = [self._v2_head(command)] if not prefixes or b"HEAD".startswith(prefixes) else []
        if not prefixes:
            return b"".join([*parts, lines.data, FLUSH])
        done = 0
        for low, high in sorted(self._range(prefix) for prefix in prefixes):
            if high > done:
                parts.append(lines.between(max(low, done), high))
                done = high
        return b"".join([*parts, FLUSH])

    def _v2_head(self, command: LsRefs) -> bytes:
        target = f" symref-target:{self._head}" if command.symrefs else ""
        if self._tip is not None:
            return pkt(_bytes(f"{self._tip} HEAD{target}\n"))
        return pkt(_bytes(f"unborn HEAD{target}\n")) if command.unborn and command.symrefs else b""

    def _range(self, prefix: bytes) -> tuple[int, int]:
        """Which refs have names that begin so."""
        stem = prefix.rstrip(b"\xff")
        behind = stem[:-1] + bytes([stem[-1] + 1]) if stem else None
        low = bisect_left(self._names, prefix)
        return low, len(self._names) if behind is None else bisect_left(self._names, behind)

    def _form(self, key: str, line: Callable[[AdvertisedRef], bytes]) -> _Lines:
        found = self._forms.get(key)
        if found is None:
            found = self._forms[key] = _Lines([line(ref) for ref in self._refs])
        return found


@final
class _Lines:
    """A line or two for each ref, joined."""

    def __init__(self, lines: list[bytes]) -> None:
        self.data = b"".join(lines)
        self._starts = [0]
        for line in lines:
            self._starts.append(self._starts[-1] + len(line))

    def between(self, low: int, high: int) -> bytes:
        return self.data[self._starts[low] : self._starts[high]]


def _v0_lines(ref: AdvertisedRef, *, peeled: bool) -> bytes:
    line = pkt(_bytes(f"{ref.oid} {ref.name}\n"))
    if not peeled or ref.peeled is None:
        return line
    return line + pkt(_bytes(f"{ref.peeled} {ref.name}^{{}}\n"))


def _v2_line(ref: AdvertisedRef, *, peel: bool) -> bytes:
    peeled = f" peeled:{ref.peeled}" if peel and ref.peeled is not None else ""
    return pkt(_bytes(f"{ref.oid} {ref.name}{peeled}\n"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
