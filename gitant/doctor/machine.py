"""Checks on the machine: Python, SQLite, git, limits."""

from __future__ import annotations

import platform
import re
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Final

from gitant.doctor.finding import failed, ok, warning

if TYPE_CHECKING:
    from gitant.doctor.finding import Finding, Patient

GIT_LEAST: Final = (2, 38)
SQLITE_LEAST: Final = (3, 38)
OPEN_FILES_LEAST: Final = 1_024


def python(_: Patient) -> Finding:
    """The versions that all locked wheels exist for."""
    seen = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 12):
        return ok("python", seen)
    return failed("python", seen, "run Gitant on Python 3.11 or 3.12")


def sqlite(_: Patient) -> Finding:
    """New enough, and with the full-text index that search uses."""
    seen = sqlite3.sqlite_version
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE words USING fts5(word, tokenize='trigram')")
        except sqlite3.OperationalError as fault:
            return failed("sqlite", f"{seen}: {fault}", "use a Python whose SQLite has FTS5 with trigrams")
    if sqlite3.sqlite_version_info < SQLITE_LEAST:
        return failed("sqlite", seen, "use a Python whose SQLite is 3.38 or newer")
    return ok("sqlite", seen)


def git_version(_: Patient) -> Finding:
    """Pushes are checked by C git."""
    try:
        run = subprocess.run(["git", "--version"], capture_output=True, text=True, check=False)
    except OSError as fault:
        return failed("git", f"cannot be run: {fault.strerror}", "install git 2.38 or newer")
    found = re.search(r"(\d+)\.(\d+)", run.stdout)
    seen = run.stdout.strip()
    if found is None or (int(found[1]), int(found[2])) < GIT_LEAST:
        return failed("git", seen, "install git 2.38 or newer, and put it first on PATH")
    return ok("git", seen)


def git_identity(_: Patient) -> Finding:
    """Who commits are by; only where people work, not where a node serves."""
    name, email = (_git_config(f"user.{part}") for part in ("name", "email"))
    if name and email:
        return ok("git identity", f"{name} <{email}>")
    fix = 'git config --global user.name "…" and git config --global user.email "…" (only needed where you commit)'
    return warning("git identity", "git does not know who you are", fix)


def open_files(_: Patient) -> Finding:
    """Each connection, database and pack takes one."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < OPEN_FILES_LEAST:
        return warning("open files", f"at most {soft}", f"raise the limit: ulimit -n {4 * OPEN_FILES_LEAST}")
    return ok("open files", "unlimited" if soft == resource.RLIM_INFINITY else f"at most {soft}")


def _git_config(name: str) -> str:
    try:
        run = subprocess.run(["git", "config", "--get", name], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return run.stdout.strip()
