"""A commit as a mail that `git am` takes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.header import Header
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from domain.ports_git import CommitInfo

_MINUTES_PER_DAY: Final = 24 * 60
_LINE_CHARS: Final = 76


def mailed(commit: CommitInfo, patch: bytes) -> bytes:
    """One mail of an mbox: who, when, the message, the patch."""
    subject, _, body = commit.message.partition("\n\n")
    who = f"{_encoded(' '.join(commit.author_name.split()))} <{_line(commit.author_email)}>"
    head = (
        f"From {commit.oid} Mon Sep 17 00:00:00 2001\n"
        f"From: {who}\n"
        f"Date: {_date(commit.author_time, commit.author_offset_min)}\n"
        f"Subject: {_encoded('[PATCH] ' + ' '.join(subject.split()))}\n"
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n"
    )
    said = f"{body.strip()}\n---\n\n" if body.strip() else "---\n\n"
    return (head + said).encode("utf-8", "replace") + patch + b"-- \ngitant\n\n"


def _encoded(text: str) -> str:
    if text.isascii():
        return text
    return Header(text, "utf-8", maxlinelen=_LINE_CHARS).encode(linesep="\n")


def _line(text: str) -> str:
    return "".join(text.split())


def _date(time_s: int, offset_min: int) -> str:
    zone = timezone(timedelta(minutes=offset_min if abs(offset_min) < _MINUTES_PER_DAY else 0))
    try:
        return format_datetime(datetime.fromtimestamp(time_s, zone))
    except (OverflowError, ValueError, OSError):
        return format_datetime(datetime.fromtimestamp(0, zone))
