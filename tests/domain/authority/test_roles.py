"""Roles in their order, and their words."""

from __future__ import annotations

from domain.authority.roles import BY_WORD, GRANTABLE, Role


def test_roles_stand_in_their_order() -> None:
    words = ["blocked", "guest", "viewer", "developer", "maintainer", "admin", "owner", "root"]
    assert [role.word for role in sorted(Role)] == words
    assert [BY_WORD[word] for word in words] == sorted(Role)
    assert [role.word for role in GRANTABLE] == words[2:-1]
    assert int(Role.GUEST) == 0, "whoever has not even that is blocked"
