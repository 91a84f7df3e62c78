"""Which reactions there are, and the set that holds who gave which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from domain.fold.orset import ObservedSet

Content: TypeAlias = Literal["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]
"""The eight that GitHub, Gitea and Forgejo share. Another one is a kind of its own: these are for ever."""

CONTENTS: Final[tuple[Content, ...]] = get_args(Content)


def member(content: str, did: str) -> str:
    """The member of a set of reactions that stands for one person's reaction."""
    return f"{content} {did}"


def reactors(reactions: ObservedSet[str]) -> list[tuple[str, str]]:
    """Who reacted how: (content, did) pairs, sorted."""
    pairs = (each.partition(" ") for each in reactions.added)
    return sorted((content, did) for content, _, did in pairs)


def counts(reactions: ObservedSet[str]) -> dict[str, int]:
    """How many people gave each reaction, in the order of `CONTENTS`; none that nobody gave."""
    found = dict.fromkeys(CONTENTS, 0)
    for each in reactions.added:
        found[each.partition(" ")[0]] += 1  # type: ignore[index]  # only payloads' contents get in
    return {content: count for content, count in found.items() if count}
