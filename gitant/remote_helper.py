"""`git-remote-gitant`: what git runs for `gitant://<repository id>`.

The node beside has the repository, or follows it now and gets it from its peers; then git talks to the node as to any
server. A push goes the same way. Progress and faults are for the person, on the standard error.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from domain.errors import InvalidInput, LocalFault, Unavailable
from domain.ids import is_hex_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitant.cli.api import Api

SCHEME: Final = "gitant://"
_LOOK_EVERY_S: Final = 0.2
_SAY_EVERY_S: Final = 2.0
WAIT_S: Final = 600.0
"""How long a repository that nobody has yet is waited for; GITANT_WAIT_S says otherwise."""
_FATAL: Final = 128


def main() -> None:
    """Run as git runs remote helpers: with the remote's name and its URL."""
    try:
        name, url = _given(sys.argv[1:])
        repo = _repository(url)
        from gitant.cli.api import Api
        from gitant.cli.node import find_node

        target = find_node(None, None)
        with Api(target) as api:
            _await(api, repo)
        _become_http(name, f"{target.url}/{repo}.git", target.url, target.token)
    except LocalFault as fault:
        _say(f"fatal: {fault.message}")
        if fault.hint:
            _say(f"hint: {fault.hint}")
        sys.exit(_FATAL)


def _given(words: Sequence[str]) -> tuple[str, str]:
    if not words or len(words) > 2:
        raise InvalidInput("this is what git runs for gitant:// URLs", hint="git clone gitant://<repository id>")
    return words[0], words[-1]


def _repository(url: str) -> str:
    repo = url.removeprefix(SCHEME).strip("/").removesuffix(".git").lower()
    if not url.startswith(SCHEME) or not is_hex_id(repo):
        raise InvalidInput(
            f"{url} names no repository", hint="gitant:// is followed by a repository's id, 64 hex digits"
        )
    return repo


def _await(api: Api, repo: str) -> None:
    """Return once the node has the repository and all that its refs point to."""
    deadline = time.monotonic() + float(os.environ.get("GITANT_WAIT_S") or WAIT_S)
    told, followed = 0.0, False
    while (state := _state(api, repo, settled=followed)) != "present":
        if not followed and state == "absent":
            api.send("POST", "/api/v1/follows", {"repo": repo})
            _say("this node has not got it yet, and asks its peers")
            followed = True
        if time.monotonic() >= deadline:
            raise Unavailable(
                f"none of this node's peers has given {repo[:16]}… yet",
                hint="it is followed from now on; gitant peer list says who is connected",
            )
        if time.monotonic() - told >= _SAY_EVERY_S:
            told = time.monotonic()
            _say(_words(state))
        time.sleep(_LOOK_EVERY_S)


def _state(api: Api, repo: str, *, settled: bool) -> str:
    """How far the node's copy is; one that has just come is whole when it was compared with a peer's (`settled`)."""
    from gitant.cli.api import ApiProblem

    try:
        found: dict[str, Any] = api.get(f"/api/v1/repos/{repo}/sync")
    except ApiProblem as problem:
        if problem.status != 404:
            raise
        return "absent"
    if settled and not any(peer["state"] in {"equal", "partial"} for peer in found["peers"]):
        return "coming"
    return str(found["objects"])


def _words(state: str) -> str:
    return {
        "absent": "looking for it",
        "coming": "its history is on its way",
        "missing": "its history is here, its objects are looked for",
    }.get(state, "its objects are on their way")


def _become_http(name: str, url: str, node: str, token: str) -> None:
    """Have git's own helper for HTTP go on. The token is for this node's address alone, and in no argument."""
    environ = dict(os.environ)
    if token:
        count = int(environ.get("GIT_CONFIG_COUNT") or 0)
        environ[f"GIT_CONFIG_KEY_{count}"] = f"http.{node}.extraHeader"
        environ[f"GIT_CONFIG_VALUE_{count}"] = f"Authorization: Bearer {token}"
        environ["GIT_CONFIG_COUNT"] = str(count + 1)
    scheme = url.partition(":")[0]
    sys.stderr.flush()
    os.execvpe("git", ["git", f"remote-{scheme}", name, url], environ)  # noqa: S606  # git found us, we find it


def _say(words: str) -> None:
    print(f"gitant: {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
