"""What people are called, for many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.gitant.writer.world import KEY, STRANGER

if TYPE_CHECKING:
    from tests.api.client import Client


def test_names_of_those_who_have_one(anyone: Client) -> None:
    asked = f"{KEY.did},{STRANGER.did},{KEY.did}"
    assert anyone.get("/api/v1/names", params={"dids": asked}).json() == {"names": {KEY.did: "operator"}}


def test_what_is_no_did_or_too_many_is_refused(anyone: Client) -> None:
    for dids in ("operator", "", f"{KEY.did},", "x" * 9_000):
        assert anyone.get("/api/v1/names", 422, params={"dids": dids}).json()["errors"][0]["pointer"] == "?dids"
    anyone.get("/api/v1/names", 422)
