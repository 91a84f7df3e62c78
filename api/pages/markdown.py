"""Markdown as people write it, as HTML that cannot do anything: CommonMark with GitHub's additions, then a sieve.

Two walls: the renderer passes no HTML through that is not on the sieve's list, and the sieve (nh3) parses what comes
out as a browser would and keeps only what it knows.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from api.pages.code import COLOURING_S_MAX, highlighted
from api.pages.kept import Kept
from domain.links.names import COMMIT, ISSUES, PERSON

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_core import StateCore
    from markdown_it.utils import EnvType, OptionsDict

SOURCE_CHARS_MAX: Final = 200_000
"""What is longer is shown as it is."""
NESTING_MAX: Final = 40
WORK_MAX: Final = 100_000_000
"""Of squares of the lengths of paragraphs: a hostile one takes time by its square. What is over it stays plain text."""
_HEADED_MAX: Final = 4
"""Headings down to this level can be linked to."""
_TAGS: Final = {
    *("a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1", "h2", "h3"),
    *(
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "input",
        "ins",
        "kbd",
        "label",
        "li",
        "mark",
        "ol",
        "p",
        "picture",
        "pre",
        "q",
        "s",
    ),
    *("samp", "section", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th"),
    *("thead", "tr", "u", "ul", "var"),
}
_ATTRIBUTES: Final = {
    "*": {"class", "id", "title", "dir", "lang"},
    "a": {"href", "aria-label"},
    "details": {"open"},
    "img": {"src", "alt", "width", "height"},
    "input": {"type", "checked", "disabled"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
}
_CLASS: Final = re.compile(r"(footnote|task-list|contains-task|hl|anchor|tok-|alert)[a-z-]*")
_OWN_PATH: Final = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")
"""Browsers take a backslash for a slash, and leave tabs and line ends out."""
_SCHEMES: Final = {"http", "https", "mailto", "gitant"}
_ALIGNED: Final = "text-align:"
_OID_CHARS_SHOWN: Final = 10


class Place(NamedTuple):
    """Where a text stands: what `#12`, a relative link and a relative picture in it mean."""

    repo: str = ""
    """`/owner/name`, or nothing outside of repositories."""
    rev: str = ""
    """The commit or branch that relative paths are of; nothing where they have no meaning."""
    folder: str = ""


NOWHERE: Final = Place()
_KEPT: Final = Kept[Markup](24 << 20)


def rendered(text: str, place: Place = NOWHERE) -> Markup:
    """HTML of a text. The same text in the same place is rendered once and remembered for a while."""
    if len(text) > SOURCE_CHARS_MAX:
        return Markup('<pre class="too-long">{}</pre>').format(text)
    key = text, place
    found = _KEPT.get(key)
    return _KEPT.put(key, made := _rendered(text, place), len(text) + len(made)) if found is None else found


def is_kept(text: str, place: Place) -> bool:
    """Whether `rendered` has the answer already."""
    return _KEPT.get((text, place)) is not None


def _rendered(text: str, place: Place) -> Markup:
    parser = _parser()
    tokens = parser.parse(text, {"place": place})
    for token in tokens:
        if token.type == "inline" and token.children:
            token.children = _linked(token.children, place)
    html = parser.renderer.render(tokens, parser.options, {"place": place})
    return Markup(sieve().clean(html))


@cache
def _parser() -> MarkdownIt:
    made = MarkdownIt("gfm-like", {"html": True, "linkify": True, "maxNesting": NESTING_MAX})
    made.use(tasklists_plugin, label=True).use(footnote_plugin)
    made.core.ruler.before("inline", "bounded", _bounded)
    made.core.ruler.push("anchors", _anchored)
    made.add_render_rule("fence", _fence)
    made.add_render_rule("image", _image)
    made.add_render_rule("link_open", _link)
    for cell in ("th_open", "td_open"):
        made.add_render_rule(cell, _cell)
    return made


@cache
def sieve() -> nh3.Cleaner:
    """What lets through of HTML only what is known to be harmless."""
    return nh3.Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        set_tag_attribute_values={"input": {"type": "checkbox", "disabled": ""}, "pre": {"tabindex": "0"}},
        attribute_filter=_filtered,
        url_schemes=_SCHEMES,
        link_rel="nofollow ugc noopener noreferrer",
        generic_attribute_prefixes=set(),
        strip_comments=True,
    )


def _filtered(tag: str, name: str, value: str) -> str | None:
    if name == "class":
        kept = " ".join(each for each in value.split() if _CLASS.fullmatch(each))
        return kept or None
    if name == "id":
        return value if value.startswith(("said-", "fn", "user-")) else f"said-{value}"
    if tag == "input":
        return (
            value
            if (name, value)
            in {
                ("type", "checkbox"),
                ("checked", ""),
                ("checked", "checked"),
                ("disabled", ""),
                ("disabled", "disabled"),
            }
            else None
        )
    if tag == "img" and name == "src":
        # Nothing is loaded from elsewhere: whoever opens a page would be told on.
        return value if _OWN_PATH.fullmatch(value) else None
    if name in {"width", "height"}:
        return value if value.isdigit() and len(value) < 5 else None
    return value


def _bounded(state: StateCore) -> None:
    """Leave paragraphs unread where reading them all would take too long."""
    left = WORK_MAX
    for token in state.tokens:
        if token.type == "inline":
            left -= len(token.content) ** 2
            if left < 0:
                token.type = "text"


def _anchored(state: StateCore) -> None:
    """Name headings by their words, for links to them; of those with the same words, each by its number, too."""
    found: dict[str, int] = {}
    for heading, words in pairwise(state.tokens):
        if heading.type != "heading_open" or int(heading.tag[1]) > _HEADED_MAX:
            continue
        slug = _slug("".join(each.content for each in words.children or () if each.type in {"text", "code_inline"}))
        again = found[slug] = found.get(slug, -1) + 1
        heading.attrSet("id", f"{slug}-{again}" if again else slug)


def _fence(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:  # noqa: ARG001
    """Code in its colours, as long as all of a text's code together does not take longer than one file may."""
    token, began = tokens[index], monotonic()
    words = token.info.split() if env.get("coloured_s", 0.0) <= COLOURING_S_MAX else []
    shown = highlighted(token.content, language=words[0] if words else "")
    env["coloured_s"] = env.get("coloured_s", 0.0) + monotonic() - began
    return f'<pre class="hl"><code>{shown}</code></pre>\n'


def _image(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    token = tokens[index]
    src = str(token.attrGet("src") or "")
    place: Place = env.get("place", NOWHERE)
    alt = self.renderInlineAsText(token.children, options, env) if token.children else ""
    if _is_foreign(src):
        # Shown as a link: a picture from elsewhere would tell that somewhere who reads this.
        return f'<a href="{_escaped(src)}">{_escaped(alt or src)}</a>'
    token.attrSet("src", _resolved(src, place, "raw"))
    token.attrSet("alt", alt)
    return self.renderToken(tokens, index, options, env)


def _link(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    token = tokens[index]
    href = str(token.attrGet("href") or "")
    if not _is_foreign(href):
        token.attrSet("href", _resolved(href, env.get("place", NOWHERE), "src"))
    return self.renderToken(tokens, index, options, env)


def _cell(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """A table's cell, its side said in HTML: the sieve lets no style through."""
    token = tokens[index]
    style = str(token.attrs.pop("style", ""))
    if style.startswith(_ALIGNED):
        token.attrSet("align", style.removeprefix(_ALIGNED))
    return self.renderToken(tokens, index, options, env)


def _is_foreign(address: str) -> bool:
    return bool(re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", address))


def _resolved(address: str, place: Place, view: str) -> str:
    """A relative address in a repository's file, as a page of this node has it."""
    if address.startswith("#"):
        return f"#said-{address[1:]}" if len(address) > 1 else address
    if not place.rev or address.startswith("/-/"):
        return address
    path, hash_, fragment = address.partition("#")
    parts: list[str] = [] if path.startswith("/") else [part for part in place.folder.split("/") if part]
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    end = f"#said-{fragment}" if hash_ else ""
    return f"{place.repo}/{view}/commit/{quote(place.rev)}/{'/'.join(parts)}{end}"


def _linked(children: list[Token], place: Place) -> list[Token]:
    """Issues, people and commits that a text names, as links; not within links and code."""
    found: list[Token] = []
    depth = 0
    for token in children:
        depth += (token.type == "link_open") - (token.type == "link_close")
        found += [token] if depth or token.type != "text" else _split(token, place)
    return found


def _split(token: Token, place: Place) -> list[Token]:
    text, made, at = token.content, list[Token](), 0
    for mark in sorted(_marks(text, place), key=lambda each: each.start):
        if mark.start >= at:
            made += [_text(token, text[at : mark.start]), *_anchor(token, mark.to, mark.words)]
            at = mark.end
    return [*made, _text(token, text[at:])] if made else [token]


class _Mark(NamedTuple):
    start: int
    end: int
    to: str
    words: str


def _marks(text: str, place: Place) -> Iterator[_Mark]:
    """What the log takes for a name in a text, where it leads, and what it is called there."""
    for found in PERSON.finditer(text) if "@" in text else ():
        yield _Mark(*found.span(), f"/{found[1]}", found[0])
    if not place.repo:
        return
    for found in ISSUES.finditer(text) if "#" in text else ():
        repo = f"/{found['owner']}/{found['repo']}" if found["repo"] else place.repo
        number = found["number"] + (f".{found['prefix']}" if found["prefix"] else "")
        yield _Mark(*found.span(), f"{repo}/issues/{number}", found[0])
    for found in COMMIT.finditer(text):
        yield _Mark(*found.span(), f"{place.repo}/commit/{found[0]}", found[0][:_OID_CHARS_SHOWN])


def _text(like: Token, content: str) -> Token:
    return like.copy(content=content)


def _anchor(like: Token, to: str, content: str) -> list[Token]:
    opening = like.copy(type="link_open", tag="a", nesting=1, attrs={"href": to}, content="")
    closing = like.copy(type="link_close", tag="a", nesting=-1, attrs={}, content="")
    return [opening, _text(like, content), closing]


def _slug(title: str) -> str:
    return re.sub(r"[^\w-]+", "-", title.strip().lower()).strip("-")


def _escaped(text: Any) -> str:
    return str(Markup.escape(text))
