"""What a text names: people, issues, commits, and the issues a commit's message closes."""

from __future__ import annotations

import pytest

from domain.links.names import IssueName, closings_in, names_in

OID = "0123456789abcdef0123456789abcdef01234567"
DID = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("@kay", ["kay"]),
        ("Ask @kay, (@lou) or @a.b-c.\n@kay again", ["kay", "lou", "a.b-c"]),
        (f"@{DID}!", [DID]),
        ("kay@example.org, a/@b, @@c, @-d, @e@f, `@g`", []),
        ("``@a`` and\n```\n@b\n~~~\n```\n@c\n~~~ x\n@d\n```\n~~~\n@e", ["c", "e"]),
        ("```\n@a never ended", []),
        ("a ` @b and ` @c", ["c"]),
        ("@" + "x" * 65, []),
    ],
)
def test_people(text: str, people: list[str]) -> None:
    assert list(names_in(text).people) == people


@pytest.mark.parametrize(
    ("text", "issues"),
    [
        ("#1 and #2, #1", [IssueName(1), IssueName(2)]),
        (
            "(#3): #4. #5.dead #6.add #7.",
            [IssueName(3), IssueName(4), IssueName(5, "dead"), IssueName(6), IssueName(7)],
        ),
        ("kay~attic#1 lou/x.y#2", [IssueName(1, owner="kay", repo="attic"), IssueName(2, owner="lou", repo="x.y")]),
        ("x#1 #0 #01 ##2 #3a &#38; a/b/c#1 `#4`", []),
        ("#" + "9" * 11, []),
    ],
)
def test_issues(text: str, issues: list[IssueName]) -> None:
    assert list(names_in(text).issues) == issues


def test_commits() -> None:
    assert names_in(f"{OID}, x{OID} {OID}0 ({OID[::-1]})").commits == (OID, OID[::-1])


@pytest.mark.parametrize(
    ("message", "issues"),
    [
        ("Closes #1", [IssueName(1)]),
        ("close #1, CLOSED: #2 fix : #3", [IssueName(1), IssueName(2), IssueName(3)]),
        ("fixes kay~attic#1 and resolves kay/attic#2.", [IssueName(n, owner="kay", repo="attic") for n in (1, 2)]),
        ("resolve #1.abcd\n\nFixed\t#2", [IssueName(1, "abcd"), IssueName(2)]),
        ("Closes #1, #2", [IssueName(1)]),
        ("prefix #1, unclosed #2, closing #3, closes#4, fixes\n#5, hot-fix #6, closes: the #7", []),
    ],
)
def test_closings(message: str, issues: list[IssueName]) -> None:
    assert list(closings_in(message)) == issues


@pytest.mark.parametrize("unit", ["@", "#1", "`", "a~", "@a.", "closes ", "``a", "a-", "closes" + " " * 40, "~~~\n"])
def test_no_text_takes_long(unit: str) -> None:
    """A search that goes back and forth over a text of this size would not end while anybody waits."""
    text = unit * (1_000_000 // len(unit))
    names_in(text)
    closings_in(text)


def test_a_keyword_before_much_white_space_takes_not_long() -> None:
    assert closings_in("closes" + " " * 1_000_000 + "#1") == ()
