"""Modules that a library loads where they are there, slowly, and that nobody here asks it for."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def absent(*names: str) -> Generator[None]:
    """Have what is imported within find none of these modules, unless they are loaded already."""
    modules = cast("dict[str, object]", sys.modules)
    hidden = [name for name in names if name not in modules]
    modules.update(dict.fromkeys(hidden))  # None: not to be found
    try:
        yield
    finally:
        for name in hidden:
            del modules[name]
