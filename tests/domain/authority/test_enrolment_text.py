"""Certificates as a line of text: what comes back is what was written, and whatever else is refused with a reason."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from domain.authority.enrolment import Certificate, certify
from domain.authority.enrolment_text import _CHARS_MAX, PREFIX, chain_of, chain_text, last_of
from domain.canonical import encode
from domain.errors import InvalidInput
from domain.ids import StreamId
from domain.limits import CERTIFICATE_BYTES_MAX, CERTIFICATES_MAX
from tests.making import key

PLAIN = certify(Certificate(key("dan").did, key("phone").device), key("dan"))
RECOVERY = certify(Certificate(key("dan").did, key("safe").device, ("enrol",)), key("dan"))
BY_RECOVERY = certify(Certificate(key("dan").did, key("phone").device), key("safe"))


def line(value: Any) -> str:
    return PREFIX + base64.urlsafe_b64encode(encode(value)).decode().rstrip("=")


@pytest.mark.parametrize("padding", ["", " ", "\n"])
def test_there_and_back(padding: str) -> None:
    for size in range(
        4
    ):  # every length that base64 pads differently, and the characters that make it safe in addresses
        node = key(f"node {size}").did if size else None
        here = certify(Certificate(key("dan").did, key(f"device {size}").device, (), node), key("dan"))
        text = chain_text((here,))
        assert "=" not in text
        assert not set("+/") & set(text)
        assert chain_of(f"{padding}{text}{padding}") == (here,)
    both = (RECOVERY, BY_RECOVERY)
    assert chain_of(chain_text(both)) == both
    assert last_of(both).device == key("phone").device


def test_one_for_another_repository_is_whole_here() -> None:
    """Where it holds is asked there."""
    there = certify(Certificate(key("dan").did, key("phone").device, stream=StreamId(b"\x01" * 32)), key("dan"))
    assert chain_of(chain_text((there,))) == (there,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        chain_text((PLAIN,)).removeprefix(PREFIX),
        chain_text((PLAIN,))[:-2],
        chain_text((PLAIN,)) + "é",
        chain_text((PLAIN,)).replace(":", ":!!!!"),
        PREFIX + "A" * (_CHARS_MAX + 1),
        PREFIX + "_w",
        line([]),
        line({"a": 1}),
        line([PLAIN[0]]),
        line([[PLAIN[0]]]),
        line([[*PLAIN, b""]]),
        line([[PLAIN[0], "text"]]),
        line([["text", PLAIN[1]]]),
        line([list(RECOVERY), list(RECOVERY), list(BY_RECOVERY)]),
        line([[b"\xff", bytes(64)]]),
        line([list(PLAIN), [b"\xff", bytes(64)]]),
        line([[PLAIN[0], bytes(64)]]),
        line([list(BY_RECOVERY)]),
        line([list(PLAIN), list(BY_RECOVERY)]),
    ],
)
def test_what_enrols_nobody_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        chain_of(text)


@pytest.mark.parametrize("link", [[PLAIN[0], "text"], ["text", PLAIN[1]], [PLAIN[0]], [7, 7]], ids=repr)
def test_a_link_is_two_byte_strings(link: list[Any]) -> None:
    with pytest.raises(InvalidInput, match="damaged"):
        chain_of(line([link]))


def test_the_longest_chain_fits() -> None:
    longest = [[bytes(CERTIFICATE_BYTES_MAX), bytes(64)]] * CERTIFICATES_MAX
    assert len(line(longest)) <= _CHARS_MAX
    with pytest.raises(InvalidInput, match="not well formed"):
        last_of(((b"\xff", bytes(64)),))
