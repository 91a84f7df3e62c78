"""What a worker and the child that asks the analytics say to each other: a job, a word in between, an answer."""

from __future__ import annotations

from typing import Final

import msgspec

from domain.ports_insight import Table

FED: Final = b"fed\n"
"""The child's first line: the analytics are where the views are, and what was asked is being worked out."""


class Wanted(msgspec.Struct, frozen=True):
    """One question, with the values of its `$names`."""

    name: str
    sql: str
    values: dict[str, str] = {}


class Job(msgspec.Struct, frozen=True):
    """Questions to the analytics of a data folder; bounds of one answer, and of the time for each."""

    folder: str
    questions: tuple[Wanted, ...]
    rows_max: int
    bytes_max: int
    timeout_s: float


class Fault(msgspec.Struct, frozen=True):
    """Why there is no answer: a `LocalFault` by its code."""

    code: str
    message: str
    hint: str = ""


class Told(msgspec.Struct, frozen=True):
    """The tables by the names of their questions, or the fault."""

    tables: dict[str, Table] = {}
    fault: Fault | None = None


encode_job: Final = msgspec.json.Encoder().encode
decode_job: Final = msgspec.json.Decoder(Job).decode
encode_told: Final = msgspec.json.Encoder().encode
decode_told: Final = msgspec.json.Decoder(Told).decode
