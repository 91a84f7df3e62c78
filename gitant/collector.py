"""Python's collector of circles, kept from looking for some where none are made."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def without_collector() -> Generator[None]:
    """Within, nothing is collected that counting references does not free.

    Folding leaves no circles of objects, and to look for some among all that it holds takes a fifth of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
