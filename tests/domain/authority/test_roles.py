"""Roles in their order, and their words."""

from __future__ import annotations

from domain.authority.roles import BY_WORD, GRANTABLE, Role


def test_roles_stand_in_their_order() -> None:
    words = ["blocked", "guest", "viewer", "developer", "maintainer", "admin", "owner", "root"]
    assert [role.word for role in sorted(Role)] == words
    assert [BY_WORD[word] for word in words] == sorted(Role)
    assert [role.word for role in GRANTABLE] == words[2:-1]
    assert [int(role) for role in sorted(Role)] == [*range(-1, 7)], "views keep them as numbers, and guests at nothing"
