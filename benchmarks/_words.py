"""Texts with the word lengths and repetitions of prose, the same for the same random source."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random

_SYLLABLES: Final = (
    "ta", "re", "mi", "con", "lo", "ser", "ver", "in", "de", "pro", "ing", "er", "al", "tion", "po", "ca", "st",
    "ble", "un", "ex", "com", "per", "sy", "nu", "ma", "li", "fo", "ro", "ge", "ha", "wo", "key", "log", "git",
)  # fmt: skip
_VOCABULARY: Final = 4_000
_STREAM: Final = 200_000
_PARAGRAPH: Final = 40


class Prose:
    """A vocabulary in which few words are frequent and most are rare, as in any language."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        words = ["".join(chance.choices(_SYLLABLES, k=chance.randint(1, 4))) for _ in range(_VOCABULARY)]
        weights = list(accumulate(1 / rank for rank in range(1, _VOCABULARY + 1)))
        self._stream = chance.choices(words, cum_weights=weights, k=_STREAM)

    def text(self, words: int) -> str:
        """So many words, cut from one long stream: drawing each anew would take longer than signing."""
        start = self._chance.randrange(_STREAM - words)
        return " ".join(self._stream[start : start + words])

    def paragraphs(self, words: int) -> str:
        """So many words with a blank line now and then."""
        return "\n\n".join(self.text(min(_PARAGRAPH, words - done)) for done in range(0, words, _PARAGRAPH))
