"""Which refs come along, and what is told of those that do not. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, final

from domain.errors import TooLarge
from domain.ports_imports import SkippedRef
from domain.refs.names import BRANCH_PREFIX, TAG_PREFIX, branch_problem, folders_of, ref_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from transport.git.fetching import Offer

REFS_BYTES_MAX: Final = 6 << 20
"""Of all names with their objects: the writer takes them in one message."""
SKIPPED_SHOWN_MAX: Final = 100
LEFT_OUT_SHOWN_MAX: Final = 20
_NAME_CHARS_MAX: Final = 300
_OID_BYTES: Final = 48
_FIRST_CHOICES: Final = ("main", "master", "trunk")


@final
@dataclass(slots=True)
class Selection:
    """What is taken (by name, the object), what is skipped and why, and how many of other folders stay behind."""

    refs: dict[str, str] = field(default_factory=dict[str, str])
    skipped: list[SkippedRef] = field(default_factory=list[SkippedRef])
    left_out: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def tips(self) -> list[str]:
        """The objects that the refs point to, each once."""
        return sorted(set(self.refs.values()))

    def skip(self, name: str, reason: str) -> None:
        """Leave one behind."""
        self.refs.pop(name, None)
        if len(self.skipped) < SKIPPED_SHOWN_MAX:
            self.skipped.append(SkippedRef(_shown(name), reason))

    def only_commits(self, kinds: Mapping[str, str]) -> None:
        """A branch holds commits; drop those that do not."""
        for name, oid in [*self.refs.items()]:
            if name.startswith(BRANCH_PREFIX) and kinds[oid] != "commit":
                self.skip(name, f"a branch points to a commit, and this one to a {kinds[oid]}")


def select(offer: Offer) -> Selection:
    """Branches and tags whose names can be here."""
    found = Selection()
    elsewhere: Counter[str] = Counter()
    for name, oid in sorted(offer.refs.items()):
        if not name.startswith((BRANCH_PREFIX, TAG_PREFIX)):
            elsewhere["/".join(_shown(name).split("/")[:2])] += 1
        elif problem := ref_problem(name):
            found.skip(name, problem)
        elif clash := next((each for each in folders_of(name) if each in offer.refs), ""):
            found.skip(name, f"the name clashes with {_shown(clash)}")
        else:
            found.refs[name] = oid
    if sum(len(name.encode()) + _OID_BYTES for name in found.refs) > REFS_BYTES_MAX:
        raise TooLarge(f"{len(found.refs):,} branches and tags are more than can be taken at once")
    found.left_out = dict(elsewhere.most_common(LEFT_OUT_SHOWN_MAX))
    return found


def default_branch(offer: Offer, refs: Mapping[str, str]) -> str:
    """The branch that HEAD is there; else one that points where HEAD does, a usual one, or the first."""
    if offer.head.startswith(BRANCH_PREFIX) and not branch_problem(offer.head.removeprefix(BRANCH_PREFIX)):
        return offer.head.removeprefix(BRANCH_PREFIX)
    branches = [name.removeprefix(BRANCH_PREFIX) for name in refs if name.startswith(BRANCH_PREFIX)]
    usual = [name for name in _FIRST_CHOICES if name in branches] + sorted(branches)
    same = [name for name in usual if refs[BRANCH_PREFIX + name] == offer.head_oid]
    return next(iter([*same, *usual]), "main")


def _shown(name: str) -> str:
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "?" for char in text)[:_NAME_CHARS_MAX]
