"""`python -m gitant`, guarded: nothing is imported from the folder it happens to be started in."""

from __future__ import annotations

import sys
from pathlib import Path


def _forget_current_folder() -> None:
    """Take the current folder off the import path, where `python -m` puts it.

    People start Gitant inside clones of other people's repositories. A folder called `api` or `domain`
    there would be imported instead of ours: a stranger's code would run. A checkout of Gitant itself stays.
    """
    if sys.flags.safe_path or not sys.path:
        return
    first = Path(sys.path[0] or ".")
    home = Path(__file__).parent.parent
    try:
        is_current = first.samefile(".")
        is_ours = first.samefile(home)
    except OSError:  # the current folder is gone, so nothing can be imported from it
        return
    if is_current and not is_ours:
        del sys.path[0]


if __name__ == "__main__":
    _forget_current_folder()
    from gitant.cli import main

    main()
