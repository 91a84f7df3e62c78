"""Ref names against git itself: whatever we take git takes, and what we refuse beyond git is a short list."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.limits import REF_NAME_BYTES_MAX
from domain.refs.names import branch_problem, is_oid, ref_problem

PIECES = st.sampled_from(
    [
        *"aZ09-_+=%&!$'()|;<>,\"#`{}é語@./\\~^:?*[ ",
        "..", "@{", "//", ".lock", "lock", "HEAD", "head", "refs", "heads", "/.", "./", "\x7f", "\x01", "\t", "\n",
        "\u202e", "\u200f", "\u200b", "\ufeff", "\u00a0", "\u0085", "a" * 40, "a" * 39, "x" * 60,
    ]
)  # fmt: skip
TAILS = st.lists(PIECES, min_size=1, max_size=6).map("".join)
REFS = st.tuples(st.sampled_from(["refs/heads/", "refs/tags/"]), TAILS).map("".join)


def git_takes(ref: str) -> bool:
    """What git check-ref-format says."""
    return subprocess.run(["git", "check-ref-format", ref]).returncode == 0


def stricter(ref: str) -> bool:
    """Whether a ref that git takes is one that we refuse on purpose."""
    last = ref.rsplit("/", maxsplit=1)[-1]
    return (
        not ref.isprintable()
        or len(ref.encode()) > REF_NAME_BYTES_MAX
        or last in ("@", "HEAD")
        or is_oid(last)
        or ref.split("/")[2].startswith("-")
    )


@settings(max_examples=250)
@given(REFS)
@example("refs/heads/main")
@example("refs/heads/a/b/c")
@example("refs/heads/.a")
@example("refs/heads/a.lock/b")
@example("refs/heads/a.LOCK")
@example("refs/heads/a.")
@example("refs/heads/a./b")
@example("refs/heads/@")
@example("refs/heads/HEAD")
@example("refs/heads/-f")
@example("refs/heads/a/-f")
@example("refs/heads/@{")
@example("refs/heads/a@b")
@example("refs/heads/ü/語")
@example("refs/heads/" + "a" * 40)
@example("refs/heads/" + "A" * 40)
@example("refs/heads/" + "x" * 244)
@example("refs/heads/" + "x" * 245)
def test_against_git(ref: str) -> None:
    ours = ref_problem(ref) == ""
    assert ours == (git_takes(ref) and not stricter(ref)), ref_problem(ref)


def test_every_byte_below_33_and_delete() -> None:
    for code in (*range(1, 33), 127):
        ref = f"refs/heads/a{chr(code)}b"
        assert ref_problem(ref)
        assert not git_takes(ref)
    assert ref_problem("refs/heads/a\0b")


@pytest.mark.parametrize(
    "ref",
    [
        "", "refs", "refs/", "refs/heads", "refs/heads/", "main", "HEAD", "refs/heads//a", "/refs/heads/a",
        "refs/tags/", "refs/pull/1/head", "refs/notes/x", "refs/diverged/main/abcde", "refs/Heads/main",
        "refs/heads/../../config",
        "refs/heads/a\ud800", "refs/heads/a\u202eb", "refs/heads/\u2066a", "refs/heads/a/", "refs/heads/a\n",
    ],
)  # fmt: skip
def test_what_can_never_be_moved(ref: str) -> None:
    assert ref_problem(ref)


def test_a_branch_is_judged_like_its_ref() -> None:
    for name in ("main", "a/b", "-x", "x.lock", "", "a b", "HEAD", "ü", ".."):
        assert branch_problem(name) == ref_problem("refs/heads/" + name)


def test_object_ids() -> None:
    assert is_oid("0123456789abcdef" * 2 + "01234567")
    for text in ("", "0" * 39, "0" * 41, "0" * 39 + "g", "0" * 39 + "A", "0" * 40 + "\n"):
        assert not is_oid(text)
