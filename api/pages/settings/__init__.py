"""Pages where people set things: of their account, of a repository, of the node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from api.pages.settings import account, devices, keys, node, node_settings, profile, protections, repository, strangers

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    account.show_account,
    account.change_account,
    account.make_token,
    devices.show_devices,
    devices.change_devices,
    repository.show_settings,
    repository.change_settings,
    repository.change_members,
    repository.delete_repo,
    repository.follow,
    keys.show_keys,
    keys.change_keys,
    protections.show_protections,
    protections.change_protections,
    strangers.show_strangers,
    strangers.decide,
    node.show_node,
    node.change_people,
    node_settings.show_settings,
    profile.show_person,
)
