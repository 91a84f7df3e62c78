"""What an identity says of itself as an agent, and of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from domain.commands.identities import own
from domain.commands.scene import Done, Scene, check, heads, match, settle, signer
from domain.errors import InvalidInput
from domain.identity.agent_described import AgentDescribed, card_of
from domain.identity.attestation_given import AttestationGiven
from domain.identity.state import Attestation
from domain.ids import Did, StreamId

if TYPE_CHECKING:
    from domain.actor import Actor


class DescribeAgent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The whole of what an agent says of itself."""

    did: str
    purpose: str = ""
    owner: str = ""
    capabilities: list[str] = []
    retired: bool = False
    if_match: str = ""


def describe(scene: Scene, actor: Actor, args: DescribeAgent) -> Done:
    """Say that one is an agent, or say it anew; what is the same changes nothing."""
    state = own(scene, actor, args.did)
    match(scene, state.key, args.if_match)
    owner = scene.principal(args.owner) if args.owner else ""
    if owner is None:
        raise InvalidInput(f"nobody here is called {args.owner[:100]!r}", field="owner")
    payload = AgentDescribed(
        replaces=heads(state.agent.heads),
        purpose=args.purpose,
        owner=owner,
        capabilities=sorted(set(args.capabilities)),
        retired=args.retired,
    )
    if not state.agent.current or state.agent.conflict or card_of(payload) != state.agent.value:
        settle(scene, "agent.described.v1", StreamId(state.key), state.key, check(payload))
    return Done(state.key)


class Attest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What somebody thinks of `about` (a did): `value` is 1, -1 or 0."""

    about: str
    value: int
    statement: str = ""


def attest(scene: Scene, actor: Actor, args: Attest) -> Done:
    """Say it, in place of what was said of the same one before."""
    me = signer(scene, actor)
    if args.about == me:
        raise InvalidInput("nobody attests to themselves", field="about")
    state = own(scene, actor, me)
    register = state.attested.get(Did(args.about))
    payload = AttestationGiven(
        about=args.about,
        value=args.value,
        replaces=[] if register is None else heads(register.heads),
        statement=args.statement,
    )
    said = Attestation(args.value, args.statement)
    if register is None or not register.current or register.conflict or register.value != said:
        settle(scene, "attestation.given.v1", StreamId(state.key), state.key, check(payload))
    return Done(state.key)
