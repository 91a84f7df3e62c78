"""What clients send about accounts. The reception says what is wrong with names, emails and new passwords."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from api.forms import Description, Website
from domain import limits
from domain.accounts import EMAIL_CHARS_MAX, USER_NAME_CHARS_MAX

SENT_CHARS_MAX = 1_024
"""Of a password as it is sent: longer ones are nobody's."""
UserName: TypeAlias = Annotated[
    str, Meta(max_length=2 * USER_NAME_CHARS_MAX, description="1 to 40 of A-Z a-z 0-9 . _ -")
]
Email: TypeAlias = Annotated[
    str, Meta(max_length=EMAIL_CHARS_MAX, description="Shown to nobody but you and the operator.")
]
Secret: TypeAlias = Annotated[str, Meta(max_length=SENT_CHARS_MAX)]
DisplayName: TypeAlias = Annotated[str, Meta(max_length=limits.TITLE_CHARS_MAX)]


class Registration(Struct, kw_only=True):
    """An account to be made."""

    username: UserName
    password: Secret
    email: Email = ""
    display_name: DisplayName = ""


class Login(Struct, kw_only=True):
    """Who logs in: by user name or by email."""

    password: Secret
    username: Annotated[str, Meta(max_length=EMAIL_CHARS_MAX)] = ""
    email: Email = ""


class ResetUse(Struct, kw_only=True):
    """A code of the operator's, and the password that it is used for."""

    username: UserName
    code: Secret
    password: Secret


class PasswordChange(Struct, kw_only=True):
    """The password that holds now, and the one that is to."""

    current: Secret
    password: Secret


class AccountChange(Struct, kw_only=True):
    """What to change of one's own account; what is left out stays."""

    display_name: DisplayName | UnsetType = UNSET
    about: Description | UnsetType = UNSET
    website: Website | UnsetType = UNSET
    email: Email | UnsetType = UNSET


class UserChange(AccountChange, kw_only=True):
    """What to change of an account; user name and standing are the operator's to change."""

    username: UserName | UnsetType = UNSET
    standing: Literal["active", "suspended"] | UnsetType = UNSET
