"""Checks on the running node and on the clock."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

import httpx

from domain.moderation.budgets import DAY_MS
from gitant.doctor.finding import failed, ok, warning
from gitant.tls import trust_only
from projections.database import open_readonly
from storage.held import waiting

if TYPE_CHECKING:
    import ssl

    from gitant.doctor.finding import Finding, Patient

ANSWER_S_MAX: Final = 5.0
CLOCK_LEAST: Final = datetime(2024, 1, 1, tzinfo=UTC)
CLOCK_OFF_S_MAX: Final = 60.0
HELD_SHARE_MAX: Final = 0.5
"""Of what may be held, and of how long it may wait."""


def reachable(patient: Patient) -> Finding:
    """Whether the node answers, and says that it is ready."""
    if not patient.url:
        return ok("node", "not running")
    try:
        answer = httpx.get(f"{patient.url}/ready", timeout=ANSWER_S_MAX, trust_env=False, verify=_trusted(patient))
    except httpx.HTTPError as fault:
        return failed("node", f"{patient.url} does not answer: {fault}", "look at its log; stop it and start it again")
    if answer.is_success:
        return ok("node", f"{patient.url} is ready")
    return failed(
        "node", f"{patient.url} is not ready: {_detail(answer)}", "mend what it says, or wait while it starts"
    )


def strangers(patient: Patient) -> Finding:
    """What strangers sent waits for somebody to decide, and not for ever."""
    found = waiting(patient.folder.local)
    settings = patient.settings
    if not found.events:
        return ok("strangers", "nothing of strangers is held")
    days = (patient.now_ms - found.oldest_ms) // DAY_MS
    seen = f"{found.events:,} events wait ({found.bytes >> 10:,} KiB), the oldest for {days} days"
    full = max(found.bytes / max(settings.held_max, 1), found.events / settings.desk_rules.caps.events_max)
    if full > HELD_SHARE_MAX or days > settings.held_days * HELD_SHARE_MAX:
        fix = "look at them, then admit, drop or block: gitant member held -R REPOSITORY"
        return warning("strangers", seen, fix)
    return ok("strangers", seen)


def log_level(patient: Patient) -> Finding:
    """Debug lines are many, and tell more of what people do than a log should keep."""
    level = patient.settings.log_level
    if level == "debug":
        return warning("log level", "debug", "set log_level to info, then: gitant reload")
    return ok("log level", level)


def clock(patient: Patient) -> Finding:
    """Clocks decide nothing here, but times that people read come from them."""
    now = datetime.fromtimestamp(patient.now_ms / 1000, UTC)
    if now < CLOCK_LEAST:
        return failed("clock", f"it says {now:%Y-%m-%d}", "set the clock: timedatectl set-ntp true")
    latest = _latest_own_event(patient)
    if latest > patient.now_ms + CLOCK_OFF_S_MAX * 1000:
        seen = f"it says {now:%Y-%m-%d %H:%M} UTC, but this node signed an event later than that"
        return warning("clock", seen, "set the clock: timedatectl set-ntp true")
    off = _off_from_node(patient, now)
    if abs(off) > CLOCK_OFF_S_MAX:
        return warning("clock", f"{off:+.0f} s away from the node's", "set both clocks: timedatectl set-ntp true")
    return ok("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _latest_own_event(patient: Patient) -> int:
    """The greatest time claimed in the newest hundred events, which this node stored in order."""
    if not patient.folder.views.exists():
        return 0
    try:
        with closing(open_readonly(patient.folder.views)) as views:
            rows = views.execute("SELECT time FROM events ORDER BY pos DESC LIMIT 100").fetchall()
    except sqlite3.Error:
        return 0  # the check on the views says so
    return max((row[0] for row in rows), default=0)


def _off_from_node(patient: Patient, now: datetime) -> float:
    if not patient.url:
        return 0
    try:
        answer = httpx.head(f"{patient.url}/health", timeout=ANSWER_S_MAX, trust_env=False, verify=_trusted(patient))
        told = answer.headers.get("date", "")
        return (now - parsedate_to_datetime(told)).total_seconds()
    except (httpx.HTTPError, ValueError, TypeError):
        return 0  # whether it answers is another check's matter


def _trusted(patient: Patient) -> ssl.SSLContext | bool:
    return trust_only(patient.cert) if patient.cert else True


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"
