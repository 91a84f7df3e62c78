"""One fetch, worked out in a thread: what is said before the pack, and the pack itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, final

from domain.errors import InvalidInput
from domain.ports_serving import PackRequest
from transport.git.limits import BAND_BYTES_MAX
from transport.git.negotiate import acknowledge, parse_fetch
from transport.git.pktline import DATA, DELIM, FLUSH, PROGRESS, band, pkt
from transport.git.report import one_line
from transport.git.v2 import Fetch, LsRefs, ObjectInfo, acknowledgements, parse_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.ids import StreamId
    from domain.ports_serving import Cut, OutgoingPack, ServedRepo
    from transport.git.listing import Listings
    from transport.git.wish import Wish

_DWIM = ("{}", "refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}", "refs/remotes/{}/HEAD")
"""Where git looks for a ref by a short name."""


class Talk(Protocol):
    """What is on its way to the client before the pack is; both raise if it hung up."""

    def say(self, data: bytes) -> None:
        """Send these bytes."""

    def progress(self, packet: bytes) -> None:
        """Send these, or leave it if much is on the way already."""

    def still_wanted(self) -> None:
        """Return if somebody waits."""


@final
class Answer:
    """To one POST; `begin` says the words and chooses the objects, `close` lets go of all that it took."""

    def __init__(
        self, repo: StreamId, branch: str, served: ServedRepo, listings: Listings, talk: Talk, notice: str = ""
    ) -> None:
        """`notice` is a line for people, said before a pack."""
        self._repo = repo
        self._notice = notice
        self._branch = branch
        self._served = served
        self._listings = listings
        self._talk = talk
        self.banded = False
        """Whether what comes next goes through a band; of a pack, with a flush behind it."""

    def close(self) -> None:
        self._served.close()

    def begin(self, version: int, data: bytes) -> OutgoingPack | None:
        """Say all that comes before the pack; None if none follows. Raises `LocalFault`s for the client to hear."""
        if version == 2:
            return self._begin_v2(data)
        request = parse_fetch(data)
        if request is None:
            return None
        wish = self._checked(request.wish)
        cut = self._cut(wish)
        if cut is not None:
            self._talk.say(b"".join(pkt(line) for line in _shallow_lines(cut)) + FLUSH)
            if request.asks_for_depth_only:
                return None
        enough = _Enough(self._served, wish.wants)
        held = frozenset(self._held([oid for oid in request.haves if oid is not None]))
        acks, common, follows = acknowledge(request, held, enough)
        self._talk.say(acks)
        if not follows:
            return None
        self.banded = "side-band-64k" in request.capabilities
        return self._pack(wish, common, cut)

    def _begin_v2(self, data: bytes) -> OutgoingPack | None:
        command = parse_command(data)
        if isinstance(command, LsRefs):
            self._talk.say(self._listings.of(self._repo, self._branch, self._served).v2(command))
        elif isinstance(command, ObjectInfo):
            self._talk.say(self._sizes(command))
        elif isinstance(command, Fetch):
            return self._fetch(command)
        return None

    def _fetch(self, request: Fetch) -> OutgoingPack | None:
        """The sections of a fetch, each with its lines; what is not called for is left out."""
        self.banded = request.sideband_all
        if not (request.wants_something or (request.wait_for_done and request.haves)):
            self._talk.say(FLUSH)
            return None
        wish = self._checked(request.wish)
        common = self._held(request.haves)
        out = _Sections(request.sideband_all)
        if request.haves and not request.done:
            ready = bool(common) and not request.wait_for_done and self._served.all_meet(wish.wants, common)
            out.add(acknowledgements(common, ready=ready))
            if not ready:
                self._talk.say(out.data + FLUSH)
                return None
        cut = self._cut(wish)
        if cut is not None or wish.shallow:
            out.add([b"shallow-info\n", *(_shallow_lines(cut) if cut is not None else ())])
        if request.wish.want_refs:
            out.add([b"wanted-refs\n", *_wanted_refs(request.wish, wish)])
        out.add([b"packfile\n"])
        self._talk.say(out.data)
        self.banded = True
        return self._pack(wish, common, cut)

    def _checked(self, wish: Wish) -> Wish:
        """With the refs it names looked up; only what a ref leads to is given away."""
        if wish.want_refs or (wish.deepening and wish.deepening.excluded):
            wish = _named(wish, self._names())
        if missing := self._served.missing(wish.wants):
            raise InvalidInput(f"not our ref {min(missing)}")
        return wish

    def _names(self) -> dict[str, str]:
        names = {ref.name: ref.oid for ref in self._served.refs}
        head = names.get(f"refs/heads/{self._branch.removeprefix('refs/heads/')}")
        return names if head is None else {**names, "HEAD": head}

    def _cut(self, wish: Wish) -> Cut | None:
        if wish.deepening is None:
            return None
        self._talk.still_wanted()
        return self._served.cut(wish.wants, wish.shallow, wish.deepening)

    def _held(self, haves: Sequence[str]) -> list[str]:
        self._talk.still_wanted()
        return self._served.held(haves)

    def _pack(self, wish: Wish, common: Sequence[str], cut: Cut | None) -> OutgoingPack:
        def progress(line: str) -> None:
            self._talk.still_wanted()
            if talks:
                self._talk.progress(band(PROGRESS, f"{line}\r".encode()[:BAND_BYTES_MAX]))

        talks = self.banded and wish.progress
        request = PackRequest(
            tuple(dict.fromkeys(wish.wants)),
            tuple(dict.fromkeys(common)),
            wish.shallow,
            cut,
            wish.filter,
            thin=wish.thin,
            ofs_delta=wish.ofs_delta,
            include_tag=wish.include_tag,
        )
        pack = self._served.pack(request, progress)
        if self._notice and talks:
            self._talk.say(band(PROGRESS, f"{one_line(self._notice)}\n".encode()))
        if talks:
            self._talk.say(band(PROGRESS, f"Enumerating objects: {pack.objects}, done.\n".encode()))
        return pack

    def _sizes(self, command: ObjectInfo) -> bytes:
        sizes = self._served.sizes(command.oids if command.size else ())
        lines = [f"{oid} {sizes.get(oid, '')}" if command.size else oid for oid in command.oids]
        return b"".join(pkt(line.encode()) for line in (["size", *lines] if command.size else lines)) + FLUSH


@final
class _Enough:
    """Whether what both have suffices; asked again only when there is more of it."""

    def __init__(self, served: ServedRepo, wants: Sequence[str]) -> None:
        self._served = served
        self._wants = wants
        self._asked = 0

    def __call__(self, common: Sequence[str]) -> bool:
        if len(common) == self._asked:
            return False
        self._asked = len(common)
        return self._served.all_meet(self._wants, common)


@final
class _Sections:
    """Sections of a v2 answer, a delimiter between two of them."""

    def __init__(self, banded: bool) -> None:
        self._banded = banded
        self.data = b""

    def add(self, lines: Iterable[bytes]) -> None:
        packets = b"".join(band(DATA, line) if self._banded else pkt(line) for line in lines)
        self.data += DELIM + packets if self.data else packets


def _shallow_lines(cut: Cut) -> list[bytes]:
    lines = [f"shallow {oid}" for oid in sorted(cut.shallow)]
    return [line.encode() for line in [*lines, *(f"unshallow {oid}" for oid in sorted(cut.unshallow))]]


def _wanted_refs(asked: Wish, found: Wish) -> list[bytes]:
    """The refs that were named and, in the same order, where they point: those wants come first."""
    pairs = zip(found.wants, asked.want_refs, strict=False)
    return [f"{oid} {name}\n".encode("utf-8", "surrogateescape") for oid, name in pairs]


def _named(wish: Wish, refs: dict[str, str]) -> Wish:
    """The wish with full names for the refs to leave out, and objects for those that are wanted."""
    for name in wish.want_refs:
        if name not in refs:
            raise InvalidInput(f"unknown ref {name[:200]}")
    deepening = wish.deepening
    if deepening is not None:
        excluded = tuple(_full_name(name, refs) for name in deepening.excluded)
        deepening = replace(deepening, excluded=excluded)
    wants = (*(refs[name] for name in wish.want_refs), *wish.wants)
    return replace(wish, wants=wants, deepening=deepening)


def _full_name(name: str, refs: dict[str, str]) -> str:
    found = [full for pattern in _DWIM if (full := pattern.format(name)) in refs]
    if len(found) != 1:
        raise InvalidInput(f"deepen-not is {'ambiguous' if found else 'not a ref'}: {name[:200]}")
    return found[0]
