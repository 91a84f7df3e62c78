"""Entries of the local audit log in words for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from domain.audit import Entry

_WORDS: Final = {
    "account.created": "made the account {target}",
    "account.deleted": "deleted the account {target}",
    "account.email_changed": "changed the email of {target}",
    "account.exported": "took a copy of the data of {target}",
    "account.let_in": "let {target} in",
    "account.password_changed": "changed the password of {target}",
    "account.renamed": "renamed an account: {target}",
    "account.reset_offered": "made a code to choose a password with for {target}",
    "account.reset_used": "used a code to choose a password for {target}",
    "account.suspended": "suspended {target}",
    "audit.pruned": "old rows went, the last of them {target}",
    "capability.lent": "lent a capability: {target}",
    "capability.revoked": "took a capability back: {target}",
    "credentials.refused": "showed credentials that are not valid",
    "deploy_key.created": "made the deploy key {target}",
    "deploy_key.revoked": "ended the deploy key {target}",
    "device.ended": "ended the device {target}",
    "device.kept": "had a device kept here: {target}",
    "device.made": "had a device made here: {target}",
    "login": "logged in as {target}",
    "login.failed": "did not get in as {target}",
    "logout": "logged out",
    "request": "asked for {target}",
    "session.ended": "ended a session: {target}",
    "settings.changed": "changed settings: {target}",
    "token.created": "made the token {target}",
    "token.first_used": "used the token {target} for the first time",
    "token.revoked": "ended the token {target}",
}


def entry_words(entry: Entry) -> str:
    """What was done, without who did it; of an event, that it was written."""
    if entry.event is not None:
        return f"wrote {entry.act}"
    words = _WORDS.get(entry.act, entry.act).format(target=entry.target)
    return words if entry.count == 1 else f"{words} ({entry.count} times)"
