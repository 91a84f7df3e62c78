"""The application: every route, behind one shell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from litestar import Litestar, Request, Response, Router
from litestar.datastructures import State
from litestar.routes import HTTPRoute

from api.asking import Asking
from api.deprecated import marks_of
from api.live.feed import Feed
from api.openapi import describe, once
from api.problems import PROBLEM_JSON, trouble, with_head
from api.routes import (
    activity,
    agents,
    apart,
    archives,
    attachments,
    audit,
    auth,
    blame,
    capabilities,
    collaborators,
    comments,
    commits,
    conversations,
    deploy_keys,
    devices,
    diffs,
    events,
    files,
    followers,
    forks,
    held,
    imports,
    issue_actions,
    issue_lists,
    issues,
    labels,
    languages,
    names,
    network,
    overlay,
    pausing,
    places,
    protections,
    pushes,
    refs,
    registry,
    repos,
    search,
    sessions,
    stream,
    system,
    templates,
    tokens,
    users,
)
from api.scopes import within
from api.shell import Shell
from api.site import SITE, Site
from api.tally import Tally

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

    from api.ports import ApiPorts

HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    system.show_health,
    system.show_live,
    system.show_ready,
    system.show_metrics,
    system.show_did,
    system.show_status,
    system.show_version,
    system.show_openapi,
    repos.list_repos,
    repos.create_repo,
    repos.show_repo,
    repos.edit_repo,
    repos.delete_repo,
    places.undelete_repo,
    places.offer_repo,
    places.withdraw_offer,
    places.accept_repo,
    places.name_successor,
    places.unname_successor,
    followers.list_stars,
    followers.star_repo,
    followers.unstar_repo,
    followers.show_subscription,
    followers.set_subscription,
    followers.drop_subscription,
    followers.set_topics,
    collaborators.list_collaborators,
    collaborators.add_collaborator,
    collaborators.remove_collaborator,
    collaborators.block_user,
    collaborators.unblock_user,
    collaborators.admit_events,
    collaborators.revoke_device,
    collaborators.revoke_custodian,
    held.list_held,
    held.admit_held,
    held.block_held,
    held.drop_held,
    held.drop_all_held,
    held.show_rule,
    held.choose_rule,
    protections.list_protections,
    protections.show_protection,
    protections.set_protection,
    protections.remove_protection,
    audit.list_all,
    audit.show_act,
    audit.list_audit,
    audit.list_alarms,
    forks.list_forks,
    forks.fork_repo,
    imports.start_import,
    imports.show_import,
    imports.cancel_import,
    refs.list_refs,
    refs.list_branches,
    refs.create_branch,
    refs.delete_branch,
    refs.resolve_ref,
    refs.clone_source,
    files.list_files,
    files.show_file,
    files.show_raw,
    blame.show_blame,
    archives.show_archive,
    languages.list_languages,
    files.show_object,
    search.search_code,
    commits.list_commits,
    commits.show_commit,
    commits.show_parents,
    diffs.show_diff,
    diffs.show_patch,
    issue_lists.list_issues,
    issue_lists.search_issues,
    issues.open_issue,
    issues.show_issue,
    issues.edit_issue,
    issues.edit_issues,
    templates.list_templates,
    issue_actions.close_issue,
    issue_actions.reopen_issue,
    issue_actions.set_issue_labels,
    issue_actions.set_issue_assignees,
    conversations.list_pinned,
    conversations.list_timeline,
    conversations.react_to_issue,
    conversations.unreact_to_issue,
    conversations.react_to_comment,
    conversations.unreact_to_comment,
    conversations.lock_issue,
    conversations.unlock_issue,
    conversations.pin_issue,
    conversations.unpin_issue,
    comments.list_comments,
    comments.add_comment,
    comments.edit_comment,
    comments.redact_comment,
    labels.list_labels,
    labels.create_label,
    labels.edit_label,
    labels.delete_label,
    attachments.show_attachment,
    attachments.show_named_attachment,
    attachments.redact_attachment,
    auth.register,
    auth.login,
    auth.logout,
    auth.reset_password,
    auth.show_profile,
    auth.edit_profile,
    users.list_users,
    users.show_user,
    users.edit_user,
    users.delete_user,
    users.set_password,
    users.offer_reset,
    users.export_user,
    sessions.list_sessions,
    sessions.end_session,
    sessions.end_sessions,
    tokens.list_tokens,
    tokens.create_token,
    tokens.revoke_token,
    deploy_keys.list_deploy_keys,
    deploy_keys.create_deploy_key,
    deploy_keys.revoke_deploy_key,
    names.list_names,
    activity.list_activity,
    network.list_peers,
    network.add_peer,
    network.show_peer,
    network.remove_peer,
    network.block_peer,
    network.unblock_peer,
    network.list_follows,
    network.add_follow,
    network.remove_follow,
    network.show_sync,
    network.show_network,
    network.compare_now,
    apart.keep_apart,
    apart.end_apart,
    apart.remove_copy,
    overlay.show_overlay,
    overlay.show_bootstrap,
    overlay.list_shared_events,
    overlay.discover,
    pausing.pause_peer,
    pausing.resume_peer,
    pausing.pause_network,
    pausing.resume_network,
    events.list_events,
    stream.stream_events,
    events.show_event,
    registry.list_agents,
    agents.resolve_agent,
    capabilities.generate_did,
    capabilities.verify_token,
    agents.show_agent,
    agents.edit_agent,
    agents.forget_profile,
    agents.enroll_device,
    registry.describe_agent,
    registry.attest_agent,
    registry.list_attestations,
    capabilities.delegate,
    capabilities.list_revocations,
    capabilities.revoke_delegation,
    devices.list_devices,
    devices.add_device,
    devices.end_device,
    agents.show_repo_heads,
    agents.show_agent_heads,
    events.submit_event,
)
PUSHES: Final[tuple[ControllerRouterHandler, ...]] = (pushes.push_objects, pushes.push_packfile)
"""The routes whose bodies may be large."""
UPLOADS: Final[tuple[ControllerRouterHandler, ...]] = (attachments.upload_attachment, attachments.list_attachments)
"""The routes whose bodies are files, with what else is at their paths."""
FORM_BYTES: Final = 64 << 10
"""What a form may hold around a file."""


def create_app(ports: ApiPorts) -> Litestar:
    """The API and the pages as one ASGI application: every path but git's, which are dispatched before it."""
    tally = Tally(ports.metrics_dir)
    settings = ports.settings
    handlers = (
        *HANDLERS,
        Router("/", route_handlers=PUSHES, request_max_body_size=settings.push_body_bytes_max),
        Router("/", route_handlers=UPLOADS, request_max_body_size=settings.attachment_bytes_max + FORM_BYTES),
    )
    app = Litestar(
        handlers,
        request_class=Asking,
        guards=[within],
        request_max_body_size=ports.settings.body_bytes_max,
        exception_handlers={Exception: _problem},
        openapi_config=None,
        logging_config=None,
        debug=False,
        pdb_on_exception=False,
        on_shutdown=[tally.flush],
        state=State(
            {
                system.TALLY: tally,
                system.OPENAPI: once(lambda: describe(handlers, ports.node.version)),
                stream.FEED: Feed(ports, tally.count_stream),
            }
        ),
    )
    api = Shell(app.asgi_handler, ports, tally, _allowed(app), marks_of(app))
    app.asgi_handler = app.state[SITE] = Site(api, ports, tally)
    return app


def _allowed(app: Litestar) -> dict[str, bytes]:
    """What `Allow` says of each route."""
    methods: dict[str, set[str]] = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            methods.setdefault(route.path_format, set()).update(route.methods)
    return {path: with_head(each).encode() for path, each in methods.items()}


def _problem(request: Request[Any, Any, Any], exc: Exception) -> Response[bytes]:
    found = trouble(exc, cast("dict[str, Any]", request.scope))
    return Response(found.body, status_code=found.status, headers=dict(found.headers), media_type=PROBLEM_JSON)
