"""Pages of issues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from api.pages.issues import acts, completing, history, labels, lists, one, opening, words

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    lists.show_mine,
    lists.show_list,
    lists.change_many,
    labels.show_labels,
    labels.change_labels,
    opening.show_new,
    opening.open_issue,
    one.show_issue,
    one.say,
    acts.edit,
    acts.label,
    acts.assign,
    acts.settle,
    acts.do,
    acts.react,
    words.show_comment_edit,
    words.edit_comment,
    words.redact_comment,
    words.settle_comment,
    history.show_issue_history,
    history.show_comment_history,
    words.tick,
    words.preview,
    completing.complete,
)
