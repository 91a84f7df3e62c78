"""What a push asks for, and which of it is refused before anybody looks at an object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import InvalidInput
from domain.ports_git import ZERO_OID, RefCommand
from domain.refs.names import is_oid, ref_problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from transport.git.limits import GitLimits


@dataclass(frozen=True, slots=True)
class PushRequest:
    """The commands of a push and the capabilities its client chose."""

    commands: tuple[RefCommand, ...]
    capabilities: frozenset[str]

    @property
    def atomic(self) -> bool:
        return "atomic" in self.capabilities

    @property
    def quiet(self) -> bool:
        return "quiet" in self.capabilities

    @property
    def banded(self) -> bool:
        return "side-band-64k" in self.capabilities

    @property
    def wants_report(self) -> bool:
        """Git asks for one of the two; as no ref moves elsewhere than told, they are answered alike."""
        return not self.capabilities.isdisjoint({"report-status", "report-status-v2"})

    @property
    def has_options(self) -> bool:
        """Whether a section of options follows the commands, be it without a line."""
        return "push-options" in self.capabilities

    @property
    def has_pack(self) -> bool:
        """Whether a pack follows the commands: it does unless all of them delete."""
        return any(command.new != ZERO_OID for command in self.commands)


def parse_push(lines: Sequence[bytes], limits: GitLimits) -> PushRequest:
    """Read the first section of a push; `InvalidInput` if it is not one."""
    commands: list[RefCommand] = []
    capabilities: frozenset[str] = frozenset()
    for line in lines:
        text = line.decode("utf-8", "surrogateescape").removesuffix("\n")
        if text.startswith("shallow "):
            continue  # whether the history is whole is found out from the objects
        if not commands:
            text, _, words = text.partition("\0")
            capabilities = frozenset(words.split())
        old, _, rest = text.partition(" ")
        new, _, ref = rest.partition(" ")
        if not (is_oid(old) and is_oid(new) and ref):
            raise InvalidInput("a line of the push is not “old new ref”")
        if len(commands) == limits.commands_max:
            raise InvalidInput(f"the push moves more than {limits.commands_max} refs", hint="push them in several goes")
        commands.append(RefCommand(ref, old, new))
    if not {"object-format=sha1"}.issuperset(word for word in capabilities if word.startswith("object-format=")):
        raise InvalidInput("repositories here name objects by SHA-1")
    return PushRequest(tuple(commands), capabilities)


def parse_options(lines: Sequence[bytes], limits: GitLimits) -> tuple[str, ...]:
    """Read the second section of a push, what `git push -o` was told; `InvalidInput` if it is too much."""
    if len(lines) > limits.push_options_max:
        raise InvalidInput(f"the push has more than {limits.push_options_max} options")
    if any(len(line) > limits.push_option_bytes_max for line in lines):
        raise InvalidInput(f"an option of the push is longer than {limits.push_option_bytes_max} bytes")
    return tuple(line.decode("utf-8", "replace").removesuffix("\n") for line in lines)


def refuse(commands: Sequence[RefCommand], present: Iterable[str]) -> dict[str, str]:
    """Reasons by ref, for what can be told from names alone; `present` are the refs of the repository."""
    reasons: dict[str, str] = {}
    seen: set[str] = set()
    for command in commands:
        if command.ref in seen:
            reasons[command.ref] = "the push moves this ref twice"
        elif problem := ref_problem(command.ref):
            reasons[command.ref] = problem
        elif command.old == command.new == ZERO_OID:
            reasons[command.ref] = "there is nothing to delete"
        seen.add(command.ref)
    return {**_overlaps(commands, set(present)), **reasons}


def _overlaps(commands: Sequence[RefCommand], names: set[str]) -> dict[str, str]:
    """`a` and `a/b` cannot both be: no clone could keep them."""
    for command in commands:
        (names.discard if command.new == ZERO_OID else names.add)(command.ref)
    folders = {folder: name for name in names for folder in _folders(name)}
    reasons: dict[str, str] = {}
    for command in commands:
        if command.new == ZERO_OID:
            continue
        above = next((folder for folder in _folders(command.ref) if folder in names), None)
        if other := above or folders.get(command.ref):
            reasons[command.ref] = f"{other} exists, and git cannot keep both"
    return reasons


def _folders(ref: str) -> list[str]:
    parts = ref.split("/")
    return ["/".join(parts[:count]) for count in range(3, len(parts))]
