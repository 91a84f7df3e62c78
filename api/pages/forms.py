"""What a form sends: `application/x-www-form-urlencoded`, read into the same values that the API takes as JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar, final
from urllib.parse import parse_qsl

import msgspec

from api.faults import Malformed, UnsupportedMedia
from api.wording import plain
from domain.errors import Forbidden, InvalidInput, Unauthenticated

if TYPE_CHECKING:
    from api.asking import Asking

FIELDS_MAX: Final = 600
DIGITS_MAX: Final = 15
_KIND: Final = "application/x-www-form-urlencoded"
_FIELD: Final = re.compile(r"\$\.([a-z_]+)")
Wanted = TypeVar("Wanted")


@final
class Form:
    r"""The fields of one form. Line ends are `\n`: browsers send `\r\n`, which would make every text differ."""

    def __init__(self, pairs: list[tuple[str, str]] | None = None) -> None:
        self._fields: dict[str, list[str]] = {}
        for name, value in pairs or []:
            self._fields.setdefault(name, []).append(value.replace("\r\n", "\n"))

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def text(self, name: str, default: str = "") -> str:
        """One field."""
        return self._fields.get(name, [default])[0]

    def line(self, name: str) -> str:
        """One field, without the spaces around it."""
        return self.text(name).strip()

    def all(self, name: str) -> list[str]:
        """Every field of a name that is not empty."""
        return [value for value in self._fields.get(name, []) if value]

    def number(self, name: str) -> int:
        """One field as a whole number, 0 if it is empty; raises `InvalidInput` for anything else."""
        text = self.line(name) or "0"
        if not text.isascii() or not text.isdigit() or len(text) > DIGITS_MAX:
            raise InvalidInput(f"{name.replace('_', ' ')} is a whole number", field=name)
        return int(text)

    def flag(self, name: str) -> bool:
        """Whether a box was ticked."""
        return bool(self.text(name))


async def form_of(request: Asking) -> Form:
    """The form that came with a request; raises a fault for what is none."""
    kind = request.header(b"content-type").partition(";")[0].strip().lower()
    if kind != _KIND:
        raise UnsupportedMedia(f"a form is {_KIND}", hint="programs use /api/v1, which takes JSON")
    try:
        pairs = parse_qsl(
            (await request.body()).decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict"
        )
    except UnicodeDecodeError:
        raise Malformed("the form is not UTF-8") from None
    except ValueError:
        raise Malformed(f"the form is broken, or has over {FIELDS_MAX} fields") from None
    return Form(pairs)


def check_person(request: Asking) -> None:
    """Raise unless whoever sends a form is signed in with a session of their own: tokens are for the API."""
    if request.actor.did is None:
        raise Unauthenticated("you are not signed in (any more)", hint="sign in, then send this again")
    if request.actor.door != "session":
        raise Forbidden("forms are for people who are signed in", hint="programs use /api/v1")


def check_operator(request: Asking) -> None:
    """Raise unless it is the operator of this node who asks."""
    if not request.actor.operator:
        raise Forbidden("only the operator of this node may do this", hint="sign in as operator, with its token")


def checked(kind: type[Wanted], **values: Any) -> Wanted:
    """Values as the API's own form for them; raises `InvalidInput` naming the field that is wrong."""
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as fault:
        found = _FIELD.search(str(fault))
        field = found[1] if found else ""
        said = plain(str(fault).partition(" - at")[0], kind, field)
        raise InvalidInput(f"{field.replace('_', ' ')} {said}".strip(), field=field) from None


def lifetime(form: Form) -> dict[str, Any]:
    """After how many days a token ends, or that it never does, as the API's form for it has it."""
    if form.line("days") in {"", "never"}:
        return {"never": True} if form.line("days") else {}
    return {"days": form.number("days")}


def sure(form: Form) -> None:
    """Raise unless the box is ticked beside what cannot be taken back."""
    if not form.flag("sure"):
        raise InvalidInput("tick the box if you are sure: this cannot be taken back", field="sure")


def local_path(text: str) -> str:
    """Where to go on: a path of this node, or its front page for anything else."""
    return text if text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() else "/"
