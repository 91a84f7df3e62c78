"""What may be a user name, an email and a password of an account."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

Registration: TypeAlias = Literal["open", "closed", "approval"]
"""Who may make an account: anybody, the operator alone, or anybody whom the operator then approves."""

USER_NAME_CHARS_MAX: Final = 40
EMAIL_CHARS_MAX: Final = 254
PASSWORD_CHARS_MIN: Final = 8
PASSWORD_CHARS_MAX: Final = 256

# fmt: off
RESERVED: Final = frozenset({
    "abuse", "admin", "administrator", "agents", "anonymous", "api", "archive", "assets", "attachments",
    "audit", "auth", "blog", "branches", "commits", "contact", "dashboard", "docs", "events", "explore",
    "favicon.ico", "feed", "feeds", "files", "git", "gitant", "groups", "health", "help", "home", "hostmaster",
    "info", "issues", "login", "logout", "mail", "me", "members", "metrics", "milestones", "new", "node", "nobody",
    "notifications", "operator", "organizations", "orgs", "owner", "packages", "postmaster", "privacy",
    "profile", "projects", "public", "pulls", "raw", "register", "releases", "repos", "reset",
    "robots.txt", "root", "search",
    "security", "session", "sessions", "settings", "signin", "signup", "site", "static", "status", "stream",
    "support", "system", "teams", "terms", "token", "tokens", "topics", "user", "users", "v1", "v2", "webhooks",
    "webmaster", "wiki", "www",
})
"""Names that mean something in addresses, or that people would take for the node's own."""
# fmt: on

_USER_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_EMAIL: Final = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"]{1,189}")


def user_name_problem(name: str) -> str:
    """What is wrong with a user name, or nothing. It is an owner's segment of addresses, of plain ASCII."""
    if len(name) > USER_NAME_CHARS_MAX or not _USER_NAME.fullmatch(name):
        return f"username is not 1 to {USER_NAME_CHARS_MAX} of A-Z a-z 0-9 . _ - with a letter or digit at both ends"
    folded = name.lower()
    if ".." in name or folded.endswith((".git", ".atom", ".rss")) or folded.startswith("did-key-"):
        return "username has a form that addresses of other things have"
    return "username is reserved" if folded in RESERVED else ""


def email_problem(email: str) -> str:
    """What is wrong with an email, or nothing. No mail is sent to find out, so only its form is looked at."""
    if len(email) > EMAIL_CHARS_MAX or not email.isprintable() or not _EMAIL.fullmatch(email):
        return "email is no address like name@example.org"
    return ""


def password_problem(password: str, name: str, email: str) -> str:
    """What is wrong with a new password, or nothing. How it is composed is its owner's affair."""
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        return f"password is not {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters long"
    if password.casefold() in {name.casefold(), email.casefold(), name.casefold()[::-1]}:
        return "password is the user name or the email, which others know"
    if len(set(password)) == 1:
        return "password is one character again and again"
    try:
        password.encode()
    except UnicodeEncodeError:
        return "password holds a lone surrogate"
    return ""
