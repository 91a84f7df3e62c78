"""Pushes that are held where it matters: the client has read the node's refs and has sent nothing yet."""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING, Self, final

from tests.gitant.running import PATIENCE_S
from tests.interop.clients import ended

if TYPE_CHECKING:
    import subprocess

    from tests.interop.clients import StockGit

_HOOK = "#!/bin/sh\necho here >{here} && read go <{go}\n"


@final
class HeldPush:
    """One `git push`, stopped by its pre-push hook until `let_go`."""

    def __init__(self, git: StockGit, *words: str) -> None:
        folder = git.folder / ".git"
        here, self._go = folder / "here", folder / "go"
        hook = folder / "hooks" / "pre-push"
        hook.parent.mkdir(exist_ok=True)
        for pipe in (here, self._go):
            os.mkfifo(pipe)
        hook.write_text(_HOOK.format(here=here, go=self._go))
        hook.chmod(0o755)
        heard = os.open(here, os.O_RDONLY | os.O_NONBLOCK)
        self._push = git.start("push", *words)
        ready, _, _ = select.select([heard], [], [], PATIENCE_S)
        os.close(heard)
        assert ready, "the push did not get as far as its hook"
        for used in (here, hook):
            used.unlink()

    def let_go(self) -> Self:
        self._go.write_text("go\n")
        self._go.unlink()
        return self

    def ended(self) -> subprocess.CompletedProcess[str]:
        return ended(self._push)
