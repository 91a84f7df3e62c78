"""Entries of the local audit log in words for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from domain.audit import Entry

_WORDS: Final = {
    "account.approved": "let the account {target} in",
    "account.deleted": "deleted the account {target}",
    "account.exported": "took a copy of the data of {target}",
    "account.registered": "registered the account {target}",
    "account.renamed": "renamed an account: {target}",
    "account.reset": "made a code to choose a password with for {target}",
    "account.resumed": "let {target} in again",
    "account.suspended": "suspended {target}",
    "audit.pruned": "old rows went, the last of them {target}",
    "credentials.refused": "showed credentials that are not valid",
    "deploy_key.created": "made the deploy key {target}",
    "deploy_key.revoked": "ended the deploy key {target}",
    "email.changed": "changed the email of {target}",
    "login": "logged in as {target}",
    "login.failed": "did not get in as {target}",
    "logout": "logged out",
    "password.changed": "changed the password of {target}",
    "password.reset": "used a code to choose a password for {target}",
    "request": "asked for {target}",
    "session.ended": "ended a session of {target}",
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
