"""MessageEncoder: base of the message encoders of APIs with alternating `user` and `assistant` turns and separate system text.

Consecutive turns of one role become one turn. A dialect subclasses MessageEncoder and writes `add`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from llm_pure.adapters.dialects.common.adaptations import changed, dropped
from llm_pure.adapters.dialects.common.turn_rules import Placed, Turn, TurnRules
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.dialect import Service
from llm_pure.framing.json_codec import json_object
from llm_pure.types.messages import CacheMark, Message, ProviderMetadata, Text
from llm_pure.types.rejection import UnsupportedPart

Q = TypeVar("Q")


def turns_of(
    messages: Sequence[Message],
    service: str,
    rules: TurnRules,
    adaptations: list[Adaptation],
    *,
    model: str = "",
) -> list[Turn]:
    """The turns to encode, after all rules of the service. Raises UnsupportedPart."""
    plain = None if rules.alternating else _plain_turns(messages)
    if plain is not None:
        return plain
    from llm_pure.adapters.dialects.common.conversation import arrange  # imported late: start-up

    return arrange(messages, service, rules, adaptations, model=model)


def _plain_turns(messages: Sequence[Message]) -> list[Turn] | None:
    """The turns of a conversation of text that begins and ends with the user, to which no rule applies; else None."""
    turns: list[Turn] = []
    begun = False
    for index, message in enumerate(messages):
        role = message.role
        begun = begun or role == "user"
        if role == "tool" or message.prefix or message.cache is not None or not message.parts:
            return None
        if role == "assistant" and not begun:
            return None
        path = f"messages/{index}"
        placed: list[Placed] = []
        for part in message.parts:
            if type(part) is not Text or part.provider_metadata is not None:
                return None
            if part.cache is not None or not part.text or part.text.isspace():
                return None
            placed.append((f"{path}/parts/{len(placed)}", part))
        turns.append(Turn(role, path, tuple(placed), message.name))
    return turns if turns and turns[-1].role == "user" else None


class MessageEncoder(ABC, Generic[Q]):
    """Encodes the messages of one request, in order, into `turns` and `system`."""

    content_key = "content"
    """The field of a turn that holds its blocks; Gemini calls it "parts"."""

    def __init__(
        self,
        service: Service[Q],
        adaptations: list[Adaptation],
        rules: TurnRules,
        *,
        model: str = "",
    ) -> None:
        self.service = service
        self.adaptations = adaptations
        self.rules = rules
        self.model = model
        self.turns: list[dict[str, Any]] = []
        self.system: list[Any] = []

    @abstractmethod
    def add(self, turn: Turn) -> None:
        """Encode one turn. Raises UnsupportedPart."""

    def add_all(self, messages: Sequence[Message]) -> list[Turn]:
        """Encode all messages; returns them as arranged by the rules.

        Raises Rejected, with the provider's name, for a part that is not supported.
        """
        try:
            turns = turns_of(
                messages, self.service.name, self.rules, self.adaptations, model=self.model
            )
            for turn in turns:
                self.add(turn)
        except UnsupportedPart as part:
            raise part.of_provider(self.service.name) from None
        return turns

    def add_turn(self, role: str, blocks: list[Any]) -> None:
        """Append the blocks to the last turn if it has this role, else as a new turn. No blocks, no turn."""
        if not blocks:
            return
        if self.turns and self.turns[-1]["role"] == role:
            self.turns[-1][self.content_key] += blocks
        else:
            self.turns.append({"role": role, self.content_key: blocks})

    def drop(self, path: str, reason: str, before: object = None) -> None:
        """Report something that is not sent."""
        self.adaptations.append(dropped(path, reason, before))

    def change(self, path: str, reason: str, before: object = None, after: object = None) -> None:
        """Report something that is sent in a form that loses information."""
        self.adaptations.append(changed(path, reason, before, after))

    def understands(self, provider: str) -> bool:
        """Return true if metadata and opaque parts of this provider may be sent to the service."""
        return provider == self.service.name or provider in self.rules.compatible_providers

    def own_fields(self, provider_metadata: ProviderMetadata | None) -> dict[str, Any]:
        """The wire fields that this provider sent with a part, to be sent back; none of another provider's."""
        if provider_metadata is None or not self.understands(provider_metadata.provider):
            return {}
        return json_object(provider_metadata.json) or {}


def mark_fields(mark: CacheMark | None) -> dict[str, Any]:
    """`cache_control` of a part with a cache mark; the rules have removed marks that cannot be sent.

    >>> mark_fields(CacheMark("1h"))
    {'cache_control': {'type': 'ephemeral', 'ttl': '1h'}}
    """
    if mark is None:
        return {}
    ttl = {} if mark.ttl is None else {"ttl": mark.ttl}
    return {"cache_control": {"type": "ephemeral", **ttl}}
