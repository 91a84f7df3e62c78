"""What a repository's own events come to (its issues, labels and refs are entities of their own)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold.kind import State, Touch
from domain.fold.register import Register
from domain.ids import Did

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from domain.envelope import Event


class RepositoryState(State):
    """Registers for everything that can be set again; name and roots are the genesis's."""

    __slots__ = (
        "archived",
        "author",
        "default_branch",
        "deleted",
        "description",
        "name",
        "private",
        "roots",
        "time",
        "updated",
    )

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.name = ""
        self.author = Did("")
        self.roots: tuple[Did, ...] = ()
        self.time = 0
        self.updated = 0
        self.description: Register[str] = Register()
        self.default_branch: Register[str] = Register()
        self.private: Register[bool] = Register()
        self.archived: Register[bool] = Register()
        self.deleted: Register[bool] = Register()

    @property
    def hidden(self) -> bool:
        """Whether it shows as private: if any of rival values says so, for what was shown cannot be taken back."""
        return any(write.value for write in self.private.current)

    @property
    def exists(self) -> bool:
        """Whether it is there for readers."""
        return bool(self.name) and not self.deleted.value


def touching_repository(
    apply: Callable[[Any, Event, Any], None],
) -> Callable[[Event, Any], tuple[Touch, ...]]:
    """The `touches` of a kind that changes only its repository."""

    def touches(event: Event, _: Any) -> tuple[Touch, ...]:
        return (Touch(event.stream, RepositoryState, apply),)

    return touches


def setting(register: str, field: str) -> Callable[[RepositoryState, Event, Any], None]:
    """The `apply` of a kind that writes payload field `field` into `register`."""

    def apply(state: RepositoryState, event: Event, payload: Any) -> None:
        if payload is None:
            return
        getattr(state, register).write(event, getattr(payload, field), payload.replaces)
        state.updated = max(state.updated, event.time)

    return apply
