"""What supervisor and worker say to each other over the worker's control socket, a line each."""

from __future__ import annotations

from typing import Final

GO: Final = b"go\n"
"""To the worker: there is a writer, so serve."""
STOP: Final = b"stop\n"
"""To the worker: take nothing new, end what is under way, and end."""
READY: Final = b"ready\n"
"""From the worker: it serves."""
