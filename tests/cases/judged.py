"""Events that are kept and have no effect: void or carried, for every reason there is."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from domain.canonical import encode
from domain.limits import BODY_BYTES_MAX, DOCUMENT_CHARS_MAX, DOCUMENT_MERGE_STEPS_MAX, TITLE_CHARS_MAX
from tests.cases import Case, authority
from tests.making import SALT, Story, begin, key, pack, sign_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.envelope import Event


class Scene(Story):
    """Root's repository with bob's issue and carol's comment."""

    def __init__(self) -> None:
        super().__init__()
        self.one = self.issue("bob", "One", "First.")
        self.comment = self.write("carol", "comment.added.v1", {"body": "Yes."}, on=self.one)

    def case(self, code: str, name: str, event: Event) -> Case:
        """`event` after everything in this scene."""
        return Case(code, name, event.raw, tuple(self.events))


def voids() -> list[Case]:
    """Every void case."""
    return [*_payloads(), *_authority(), *authority.voids(), *_entities(), *_redactions(), *_sizes()]


def carries() -> list[Case]:
    """Every carried case."""
    scene = Scene()
    issue = {"title": "Later", "body": "", "number": 2}
    later = sign_fields(
        {
            **_core(scene),
            "v": 2,
            "kind": "issue.opened.v1",
            "author": 7,
            "what": ["only", "later", "versions", "know"],
        },
        b"not CBOR, for all we know",
        "bob",
    )
    return [
        Case("version-unknown", "version 2", later, tuple(scene.events)),
        scene.case("kind-unknown", "a kind of the future", scene.draft("bob", "pull.opened.v9", {})),
        scene.case("field-unknown", "a header field", scene.draft("bob", "issue.opened.v1", issue, via="x")),
        scene.case(
            "field-unknown", "a payload field", scene.draft("bob", "issue.opened.v1", {**issue, "mood": "grim"})
        ),
        Case("field-unknown", "in a genesis", begin(fork=b"of").raw),
    ]


def _core(scene: Scene) -> dict[str, Any]:
    payload = b"not CBOR, for all we know"
    last = scene.one
    return {
        "stream": scene.genesis.stream,
        "device": key("bob").device,
        "seq": 2,
        "prev": last.id,
        "parents": [scene.comment.id],
        "lamport": scene.comment.lamport + 1,
        "payload": hashlib.sha256(payload).digest(),
        "size": len(payload),
    }


def _payloads() -> Iterator[Case]:
    scene = Scene()
    good = {"title": "Two", "body": "", "number": 2}
    packed = pack(good)
    for name, payload in {
        "no CBOR": b"\xff",
        "nothing": b"",
        "a byte too many": packed + b"\0",
        "a float": encode({"salt": SALT, **good, "number": 2.0}),
        "a tag": packed[:-1] + b"\xc1\x02",
        "a bignum": encode({"salt": SALT, **good, "number": 2**70}),
        "indefinite": b"\xbf" + packed[1:] + b"\xff",
        "nested 17 deep": b"\x81" * 16 + b"\x80",
    }.items():
        yield scene.case("payload-not-canonical", name, scene.draft("bob", "issue.opened.v1", payload))
    yield scene.case("payload-invalid", "an array", scene.draft("bob", "issue.opened.v1", encode([SALT, "Two"])))
    for name, change in _INVALID_ISSUES.items():
        yield scene.case("payload-invalid", name, scene.draft("bob", "issue.opened.v1", {**good, **change}))
    without = {name: value for name, value in good.items() if name != "title"}
    yield scene.case("payload-invalid", "no title", scene.draft("bob", "issue.opened.v1", without))
    moves: list[dict[str, Any]] = [{"ref": "refs/heads/main", "old": None, "new": bytes(20), "replaces": []}]
    for name, refs in {
        "no moves": [],
        "a ref twice": moves * 2,
        "a ref with dots": [{**moves[0], "ref": "refs/heads/../config"}],
        "a ref that is no branch or tag": [{**moves[0], "ref": "refs/notes/x"}],
        "an unknown field within": [{**moves[0], "force": True}],
        "a short object id": [{**moves[0], "new": bytes(19)}],
    }.items():
        yield scene.case("payload-invalid", name, scene.draft("root", "refs.moved.v1", {"moves": refs}))
    picture = {"name": "dust.png", "media_type": "image/png", "size": 68, "sha256": bytes(32)}
    for name, change in _INVALID_ATTACHMENTS.items():
        yield scene.case("payload-invalid", name, scene.draft("bob", "attachment.added.v1", {**picture, **change}))
    for name, salt in {"none": None, "15 bytes": bytes(15), "17 bytes": bytes(17), "text": "salt" * 4}.items():
        fields = good if salt is None else {**good, "salt": salt}
        yield scene.case("salt-missing", name, scene.draft("bob", "issue.opened.v1", encode(fields)))
    for number in (0, 4, 2**31):
        draft = scene.draft("bob", "issue.opened.v1", {**good, "number": number})
        assert draft.lamport == 4
        yield scene.case("number-invalid", str(number), draft)


_INVALID_ISSUES: dict[str, dict[str, Any]] = {
    "an empty title": {"title": ""},
    "a title of white space": {"title": "  "},
    "a long title": {"title": "x" * (TITLE_CHARS_MAX + 1)},
    "a title of bytes": {"title": b"Two"},
    "a title with a line break": {"title": "a\nb"},
    "a title with NUL": {"title": "a\0b"},
    "a title that runs backwards": {"title": "a\u202eb"},
    "a body with NUL": {"body": "a\0b"},
    "a body that runs backwards": {"body": "a\u2066b"},
    "a body of too many bytes": {"body": "語" * (BODY_BYTES_MAX // 3 + 1)},
    "a number of text": {"number": "2"},
    "a number that is true": {"number": True},
    "a negative number": {"number": -1},
    "a label of text": {"labels": ["eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="]},
    "a short label": {"labels": [bytes(31)]},
    "an assignee who is nobody": {"assignees": ["bob"]},
}


_INVALID_ATTACHMENTS: dict[str, dict[str, Any]] = {
    "a file name that is a path": {"name": "../dust.png"},
    "a file name that is a path elsewhere": {"name": "..\\dust.png"},
    "a file name of dots": {"name": ".."},
    "a file name with a line break": {"name": "dust.png\r\nSet-Cookie: a=b"},
    "a file name that runs backwards": {"name": "dust\u202egnp.exe"},
    "a long file name": {"name": "x" * 201},
    "a media type with parameters": {"media_type": "text/html; charset=utf-8"},
    "a media type with a line break": {"media_type": "image/png\n"},
    "a media type in capitals": {"media_type": "Image/PNG"},
    "a size of nothing": {"size": 0},
    "a size of too much": {"size": 2**40 + 1},
    "a short hash": {"sha256": bytes(31)},
    "a hash of text": {"sha256": "0" * 64},
}


def _authority() -> Iterator[Case]:
    scene = Scene()
    good = {"title": "Two", "body": "", "number": 2}
    forged = scene.draft("eve", "issue.opened.v1", good, author=key("root").did)
    yield scene.case("not-enrolled", "a forged author", forged)
    own = begin("eve", author=key("root").did, roots=[key("root").did])
    yield Case("not-enrolled", "a genesis in another's name", own.raw)
    yield Case("no-authority", "a genesis by somebody who is no root", begin("eve", roots=[key("root").did]).raw)
    here = [scene.genesis.id]
    label = scene.write("root", "label.created.v1", {"name": "bug", "colour": "ff0000"})
    for kind, on, payload in _FORBIDDEN:
        thing = {"issue": scene.one, "comment": scene.comment, "label": label}.get(on)
        fields = {**payload, **({"replaces": here} if "replaces" in payload else {})}
        yield scene.case(
            "no-authority", f"eve's {kind} on the {on or 'repository'}", scene.draft("eve", kind, fields, on=thing)
        )
    for field, member in (("labels", label.id), ("assignees", key("eve").did)):
        opened = scene.draft("eve", "issue.opened.v1", {**good, field: [member]})
        yield scene.case("no-authority", f"an issue that its opener gives {field}", opened)
    edit = {"base": [scene.comment.id], "splices": [{"at": 0, "cut": 4, "text": "No."}]}
    yield scene.case(
        "no-authority", "bob on carol's words", scene.draft("bob", "body.edited.v1", edit, on=scene.comment)
    )


_FORBIDDEN: list[tuple[str, str, dict[str, Any]]] = [
    ("repository.described.v1", "", {"description": "Mine.", "replaces": []}),
    ("repository.default_branch_set.v1", "", {"branch": "evil", "replaces": []}),
    ("repository.visibility_set.v1", "", {"private": True, "replaces": []}),
    ("repository.archived.v1", "", {"archived": True, "replaces": []}),
    ("repository.deleted.v1", "", {"deleted": True, "replaces": []}),
    ("repository.succeeded.v1", "", {"successor": bytes(32), "replaces": []}),
    ("refs.moved.v1", "", {"moves": [{"ref": "refs/heads/main", "old": None, "new": bytes(20), "replaces": []}]}),
    ("label.created.v1", "", {"name": "mine", "colour": "000000"}),
    ("label.renamed.v1", "label", {"name": "mine", "replaces": []}),
    ("label.recoloured.v1", "label", {"colour": "000000", "replaces": []}),
    ("label.described.v1", "label", {"description": "mine", "replaces": []}),
    ("label.deleted.v1", "label", {}),
    ("issue.retitled.v1", "issue", {"title": "Mine", "replaces": []}),
    ("issue.closed.v1", "issue", {"reason": "", "replaces": []}),
    ("issue.reopened.v1", "issue", {"replaces": []}),
    ("issue.labelled.v1", "issue", {"add": [bytes(32)], "remove": []}),
    ("issue.assigned.v1", "issue", {"add": [], "remove": []}),
    ("body.reset.v1", "issue", {"text": "Mine.", "replaces": []}),
    ("body.reset.v1", "comment", {"text": "Mine.", "replaces": []}),
]
"""What somebody who is neither root nor author tries."""


def _entities() -> Iterator[Case]:
    scene = Scene()
    words = {"body": "Hello."}
    say = "comment.added.v1"
    yield scene.case("entity-unknown", "never heard of", scene.draft("bob", say, words, entity=bytes(32)))
    other = Story(nonce=b"another" + bytes(9))
    there = other.issue("bob")
    log = (*scene.events, *other.events)
    yield Case("entity-unknown", "in another stream", scene.draft("bob", say, words, on=there).raw, log)
    yield Case("entity-unknown", "a genesis of a kind that acts on something", begin("root", say, words).raw)
    yield scene.case("entity-mismatch", "a comment on a comment", scene.draft("bob", say, words, on=scene.comment))
    yield scene.case("entity-mismatch", "a comment on a repository", scene.draft("bob", say, words, on=scene.genesis))
    made = {"name": "again"}
    yield scene.case("entity-mismatch", "a second creation", scene.draft("root", "repository.created.v1", made))
    closed = scene.write("bob", "issue.closed.v1", {"reason": "", "replaces": [scene.one.id]}, on=scene.one)
    yield scene.case("entity-mismatch", "on what creates nothing", scene.draft("bob", say, words, on=closed))
    nothing = scene.write("bob", "issue.opened.v1", {"title": "Two", "number": 0})
    yield scene.case("entity-void", "a comment on a void issue", scene.draft("bob", say, words, on=nothing))
    early = scene.draft("root", say, words, on=scene.one, after=[scene.genesis], prev=scene.genesis)
    assert early.lamport == scene.one.lamport
    yield scene.case("entity-later", "signed from before the issue", early)


def _redactions() -> Iterator[Case]:
    scene = Scene()
    forget = "event.redacted.v1"
    label = scene.write("root", "label.created.v1", {"name": "bug", "colour": "ff0000"})
    move: dict[str, Any] = {"ref": "refs/heads/main", "old": None, "new": bytes(20), "replaces": []}
    moved = scene.write("root", "refs.moved.v1", {"moves": [move]})
    closed = scene.write("bob", "issue.closed.v1", {"reason": "", "replaces": []}, on=scene.one)
    other = scene.issue("carol", "Two")
    for name, who, target, on in (
        ("a genesis", "root", scene.genesis, scene.genesis),
        ("a label", "root", label, scene.genesis),
        ("a move of refs", "root", moved, scene.genesis),
        ("a closing", "root", closed, scene.one),
        ("what is not part of the thing", "root", other, scene.one),
        ("somebody else's comment on one's own issue", "bob", scene.comment, scene.one),
    ):
        yield scene.case("redaction-invalid", name, scene.draft(who, forget, {"events": [target.id]}, on=on))
    mixed = {"events": [scene.one.id, bytes(32)]}
    yield scene.case("redaction-invalid", "one that is not here", scene.draft("bob", forget, mixed, on=scene.one))
    unseen = scene.write("bob", "comment.added.v1", {"body": "One more."}, on=scene.one)
    early = scene.draft("root", forget, {"events": [unseen.id]}, on=scene.one, after=[scene.comment])
    yield scene.case("redaction-invalid", "one that its signer had not seen", early)
    picture = {"name": "dust.png", "size": 68, "sha256": bytes(32)}
    attached = scene.write("bob", "attachment.added.v1", picture)
    theirs = {"events": [attached.id]}
    yield scene.case("no-authority", "somebody else's attachment", scene.draft("eve", forget, theirs, on=attached))
    taken = scene.write("bob", forget, {"events": [scene.one.id]}, on=scene.one)
    again = {"events": [taken.id]}
    yield scene.case("redaction-invalid", "a redaction", scene.draft("root", forget, again, on=scene.one))


def _sizes() -> Iterator[Case]:
    scene = Scene()
    base = {"base": [scene.one.id]}
    scene.write("bob", "body.edited.v1", {**base, "splices": [{"at": 0, "cut": 0, "text": "a"}]}, on=scene.one)
    cuts = [{"at": 0, "cut": DOCUMENT_CHARS_MAX, "text": ""}] * (DOCUMENT_MERGE_STEPS_MAX // DOCUMENT_CHARS_MAX)
    edit = scene.draft("bob", "body.edited.v1", {**base, "splices": cuts}, on=scene.one)
    yield scene.case("too-large", "a concurrent edit that cuts 4 Mi characters", edit)
