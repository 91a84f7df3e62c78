"""Rows of branch protections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from projections.show.form import encode_json
from projections.tables import PROTECTIONS

if TYPE_CHECKING:
    from domain.protection.state import BranchRules, ProtectionState
    from projections.canvas import Canvas


def document(state: ProtectionState, _: Canvas) -> bytes:
    """The JSON of one pattern's rules; rules written at the same time hold together, until somebody writes again."""
    standing = [write for write in state.rules.current if write.value is not None]
    if not standing:
        return b"{}"
    shown = standing[-1]
    assert shown.value is not None
    fields: dict[str, Any] = {
        "branch": state.pattern,
        **_rules(shown.value),
        "author": shown.author,
        "event": shown.event.hex(),
    }
    if len(state.rules.current) > 1:
        fields["conflicts"] = {
            "rules": [
                {"value": _rules(each.value) if each.value else None, "author": each.author, "event": each.event.hex()}
                for each in state.rules.current
            ]
        }
    return encode_json(fields)


def _rules(rules: BranchRules) -> dict[str, Any]:
    return {
        "push_role": rules.push_role,
        "pushers": rules.pushers,
        "allow_force": rules.allow_force,
        "allow_delete": rules.allow_delete,
        "approvals": rules.approvals,
        "dismiss_stale": rules.dismiss_stale,
        "checks": rules.checks,
    }


def show(state: ProtectionState, doc: bytes, canvas: Canvas) -> None:
    """Write a protection's row, or take it away when the pattern is protected no longer."""
    if all(write.value is None for write in state.rules.current):
        canvas.shelf.delete("DELETE FROM protections WHERE id=?", (state.key,))
        return
    canvas.shelf.put(PROTECTIONS, (state.key, state.stream, state.pattern, doc))


def hide(key: bytes, canvas: Canvas) -> None:
    """Take a protection away that counts no longer."""
    canvas.shelf.delete("DELETE FROM protections WHERE id=?", (key,))
