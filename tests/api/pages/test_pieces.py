"""Pages are compressed in pieces, and what is large in them once."""

from __future__ import annotations

import gzip
import random
import zlib

from jinja2 import Environment

from api.pages.blocks import ALONE_BYTES_MIN, Block, laid
from api.pages.kept import Kept
from api.pages.packing import compressed, deflated, framed, further, joined
from api.pages.sending import html_of


def test_the_checksum_of_two_pieces_is_found_from_theirs() -> None:
    chance = random.Random(7)
    for size in (0, 1, 9, 4_096, 70_001):
        first, second = chance.randbytes(chance.randrange(3_000)), chance.randbytes(size)
        assert joined(zlib.crc32(first), zlib.crc32(second), further(size)) == zlib.crc32(first + second)
        assert gzip.decompress(compressed(second)) == second


def test_a_block_stands_where_it_was_written_and_is_compressed_once() -> None:
    large, small = Block("<i>ä</i>" * ALONE_BYTES_MIN), Block("<b>&</b>")
    template = Environment(autoescape=True).from_string("<head></head>{{ a }}<p>{{ b }}{{ a }}{{ c }}")
    with laid() as blocks:
        text = template.render(a=large, b=small, c="<!---->")
    html = html_of(text, blocks)
    whole = f"<head></head>{large.data.decode()}<p><b>&</b>{large.data.decode()}&lt;!----&gt;".encode()
    assert html.head + b"".join(piece.data for piece in html.body) == whole
    assert sum(piece is large for piece in html.body) == 2
    packed = framed([deflated(html.head), *(piece.packed for piece in html.body)], zlib.crc32(whole), len(whole))
    assert gzip.decompress(packed) == whole
    assert html.crc == zlib.crc32(whole[len(html.head) :])
    assert html_of(text.replace("<p>", "<q>"), blocks).tag != html.tag
    assert template.render(a=large, b="", c="") == f"<head></head>{large.data.decode()}<p>{large.data.decode()}"


def test_what_was_not_asked_for_longest_goes_first() -> None:
    kept = Kept[str](4_000)
    for name in "abcdef":
        kept.put(name, name.upper(), 300)
        kept.get("a")
    assert [name for name in "abcdef" if kept.get(name)] == ["a", "d", "e", "f"]
    assert kept.put("g", "G", 5_000) == "G"
    assert kept.get("g") is None
