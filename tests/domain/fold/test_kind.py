"""Payloads in and out, for every kind."""

from __future__ import annotations

import base64

import msgspec
import pytest

from domain.canonical import decode, encode
from domain.comment.added import CommentAdded
from domain.fold.kind import Kind, PayloadFault, field_names, read_payload, write_payload
from domain.kinds import KINDS
from domain.limits import KIND_CHARS_MAX, PAYLOAD_BYTES_MAX
from tests.cases.kinds import one_of_each
from tests.making import SALT

EXAMPLES = one_of_each()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_is_written_is_read(kind: Kind) -> None:
    data = EXAMPLES[kind.name].payload
    assert data is not None
    payload = read_payload(kind, data)
    again = write_payload(payload, SALT)
    assert read_payload(kind, again) == payload
    assert read_payload(kind, again, own=True) == payload
    assert set(decode(again)) <= {"salt", *field_names(kind.payload)}
    assert len(again) < PAYLOAD_BYTES_MAX


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kind_is_well_formed(kind: Kind) -> None:
    verb, version = kind.name.rsplit(".", 1)
    assert version == "v1"
    assert verb.replace(".", "").replace("_", "").isalpha()
    assert len(kind.name) <= KIND_CHARS_MAX
    assert issubclass(kind.payload, msgspec.Struct)
    assert kind.acts_on or kind.creates, "it is about something"
    assert not (kind.redactable and not kind.acts_on), "a genesis payload cannot be redacted"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_text_never_passes_for_bytes_nor_bytes_for_text(kind: Kind) -> None:
    """One value must not have two encodings: every implementation takes the same bytes."""
    payload = EXAMPLES[kind.name].payload
    assert payload is not None
    fields = decode(payload)
    for name, value in fields.items():
        if name == "salt":
            continue
        for other in _swapped(value):
            with pytest.raises(PayloadFault, match="payload-invalid"):
                read_payload(kind, encode({**fields, name: other}))


def _swapped(value: object) -> list[object]:
    """The value with one text made bytes or one bytes made text, for each place that holds one."""
    match value:
        case str():
            return [value.encode()]
        case bytes():
            return [base64.b64encode(value).decode(), value.hex()]
        case bool():
            return [int(value)]
        case int():
            return [str(value)]
        case list():
            return [[*value[:at], other, *value[at + 1 :]] for at, item in enumerate(value) for other in _swapped(item)]
        case dict():
            return [{**value, name: other} for name, item in value.items() for other in _swapped(item)]
        case _:
            return []


def test_a_misshapen_payload_is_a_bug_when_it_is_our_own() -> None:
    with pytest.raises(AssertionError):
        write_payload(CommentAdded(body=" "), SALT)
    with pytest.raises(AssertionError):
        write_payload(CommentAdded(body="x"), SALT[1:])
