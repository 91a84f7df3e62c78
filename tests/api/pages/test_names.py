"""What the log takes for a name in a text is a link on the page that shows it, and nothing else is."""

from __future__ import annotations

import re

import pytest

from api.pages.markdown import Place, rendered
from domain.links.names import names_in

OID = "3f9a" * 10
DID = "did:key:z6MkhobK7XYuQKZ1gXi2gf9oshuc3cU5tUpQqQ7SqhiXNDBZ"
HERE = Place("/kay/shed")


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("see #1.", ["/kay/shed/issues/1"]),
        ("#12.3f9a of two", ["/kay/shed/issues/12.3f9a"]),
        ("kay/vault#2 and **kay~vault#3**", ["/kay/vault/issues/2", "/kay/vault/issues/3"]),
        (f"since {OID}, @kay", [f"/kay/shed/commit/{OID}", "/kay"]),
        (f"@{DID} (#9)", [f"/{DID}", "/kay/shed/issues/9"]),
        (f"{OID}/x#1", [f"/{OID}/x/issues/1"]),
        (f"x#7, a@b, #0, `#4`, `@kay`, {OID}0", []),
        ("```\n#1 @kay\n```", []),
    ],
)
def test_names_are_links(text: str, leads: list[str]) -> None:
    html = rendered(text, HERE)
    assert re.findall(r'href="([^"]+)"', html) == [*leads]
    named = names_in(text)
    if leads:
        assert len(leads) <= len(named.people) + len(named.issues) + len(named.commits)
    else:
        assert named == ((), (), ())
    shown = re.sub(r"<[^>]*>", "", html).strip()
    assert shown == re.sub(r"\*\*|`+\n?", "", text).replace(OID + ",", f"{OID[:10]},").strip()


def test_outside_of_a_repository_only_people_are_named() -> None:
    assert re.findall(r'href="([^"]+)"', rendered(f"#1 kay/vault#2 {OID} @kay")) == ["/kay"]
