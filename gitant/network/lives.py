"""How the network process fares: whether it takes peers, how often it died, and of what; a file in the data folder.

The supervisor writes it. Commands, the doctor and HTTP workers read it, so that a process that dies again and again
is seen by whoever asks about peers.
"""

from __future__ import annotations

import json
import signal
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, final

from storage.files import replace

if TYPE_CHECKING:
    from pathlib import Path

    from storage.datadir import DataDir

_MODE: Final = 0o600
WORDS_CHARS_MAX: Final = 400


@final
@dataclass(frozen=True, slots=True)
class Lives:
    """`deaths` since the node started; `fault` is what the last one died of, in a sentence, at `died_ms` (0: never).

    It is `wanted` where the node has anything to do with others, and then `taking` peers once it is ready.
    """

    deaths: int = 0
    fault: str = ""
    died_ms: int = 0
    wanted: bool = False
    taking: bool = False


def lives_file(folder: DataDir) -> Path:
    """Where it stands."""
    return folder.cache / "network.json"


def write_lives(folder: DataDir, lives: Lives) -> None:
    """Let others see it; raises `OSError`."""
    replace(lives_file(folder), json.dumps(asdict(lives)).encode(), _MODE)


def read_lives(folder: DataDir) -> Lives:
    """What stands there; that all is well where nothing does."""
    try:
        told = json.loads(lives_file(folder).read_bytes())
        return Lives(
            *(int(told["deaths"]), str(told["fault"]), int(told["died_ms"])),
            wanted=bool(told["wanted"]),
            taking=bool(told["taking"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return Lives()


def died_of(code: int, last_words: str) -> str:
    """Why a process ended, from what the system says of it (as `Popen.returncode` does) and what it said itself."""
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"it was killed by {name}"
    return last_words[:WORDS_CHARS_MAX] or f"it ended with code {code}; the node's log says more"
