"""History, commits and diffs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.api.client import Client
    from tests.api.history import History


def test_history_is_listed_newest_first(anyone: Client, history: History) -> None:
    for size in (1, 2):
        listed = anyone.every(f"{history.repo}/commits", "commits", per_page=size)
        assert [commit["hash"] for commit in listed] == [history.third, history.second, history.first]
    listed = anyone.every(f"{history.repo}/commits", "commits")
    first = listed[-1]
    assert first["message"] == "Begin\n\nWith a body.\n"
    assert first["parent_hashes"] == []
    assert first["author"] == {"name": "Ada", "email": "ada@example.invalid", "date": "2023-11-14T22:13:20+00:00"}
    assert first["tree_hash"] == history.stock.line("rev-parse", f"{history.first}^{{tree}}")


def test_history_begins_at_a_ref_and_follows_a_path(anyone: Client, history: History) -> None:
    listed = anyone.every(f"{history.repo}/commits", "commits", ref="feature/x")
    assert [commit["hash"] for commit in listed] == [history.second, history.first]
    listed = anyone.every(f"{history.repo}/commits", "commits", path="README.md", per_page=1)
    assert [commit["hash"] for commit in listed] == [history.second, history.first]
    anyone.get(f"{history.repo}/commits", 404, params={"ref": "nothing"})
    for cursor in ("x", f"{history.third}.x", f"{'z' * 40}.{'z' * 40}"):
        anyone.get(f"{history.repo}/commits", 422, params={"after": cursor})
    anyone.get(f"{history.repo}/commits", 404, params={"after": f"{history.third}.{'0' * 40}"})


def test_a_commit_shows_what_it_changed(anyone: Client, history: History) -> None:
    second = anyone.get(f"{history.repo}/commits/{history.second}").json()
    assert second["stats"] == {"files": 1, "additions": 1, "deletions": 0}
    (change,) = second["changes"]
    assert (change["path"], change["status"]) == ("README.md", "modified")
    assert "+world\n" in change["patch"]
    assert anyone.get(f"{history.repo}/commits/main").json()["hash"] == history.third
    assert anyone.get(f"{history.repo}/commits/{history.first}").json()["stats"]["files"] == 6
    anyone.get(f"{history.repo}/commits/{'0' * 40}", 404)


def test_parents_show_what_changed_against_each(anyone: Client, history: History) -> None:
    found = anyone.get(f"{history.repo}/commits/{history.third}/parents").json()
    assert [parent["hash"] for parent in found["parents"]] == [history.second]
    (change,) = found["parents"][0]["changes"]
    assert (change["status"], change["old_path"], change["path"]) == ("renamed", "old.txt", "new.txt")
    assert anyone.get(f"{history.repo}/commits/{history.first}/parents").json()["parents"] == []


def test_a_diff_goes_into_folders_and_finds_renames(anyone: Client, history: History) -> None:
    params = {"from": "v1", "to": "main"}
    found = anyone.get(f"{history.repo}/diff", params=params).json()
    assert (found["from"], found["to"], found["total"]) == (history.first, history.third, 2)
    assert [(change["file"], change["type"]) for change in found["changes"]] == [
        ("README.md", "modified"),
        ("new.txt", "renamed"),
    ]
    whole = anyone.get(f"{history.repo}/diff", params={"to": history.first}).json()
    assert whole["from"] is None
    assert "docs/deep/er/read me.txt" in [change["path"] for change in whole["changes"]]
    assert anyone.get(f"{history.repo}/diff").json()["from"] == history.second
    anyone.get(f"{history.repo}/diff", 404, params={"from": "nothing"})


def test_a_patch_is_what_git_prints(anyone: Client, history: History) -> None:
    params = {"from": history.first, "to": history.third}
    expected = history.stock.git("diff", "-M", "--full-index", "--binary", history.first, history.third)
    found = anyone.get(f"{history.repo}/diff/patch", params=params).json()
    assert found["lossy"] is False
    plain = anyone.get(f"{history.repo}/diff/patch", params=params, headers={"accept": "text/plain"})
    assert plain.headers["content-type"] == "text/plain; charset=utf-8"
    assert plain.text == found["patch"]
    assert _without_index(plain.content) == _without_index(expected)
    assert anyone.get(f"{history.repo}/diff/patch", params={"to": "v1"}).json()["lossy"] is True


def _without_index(patch: bytes) -> list[bytes]:
    """Its lines without those that name blobs, which git shortens as it likes."""
    return [line for line in patch.splitlines() if not line.startswith(b"index ")]
