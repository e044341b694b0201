"""MessageEncoder: the part of encoding messages that dialects with merged turns have in common.

For APIs that want turns of `user` and `assistant` in alternation, with the system text apart from them: consecutive turns
of one role become one turn. A dialect subclasses it and writes `add`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from llm_pure.adapters.dialects.common.adaptations import changed, dropped
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.dialect import Service
from llm_pure.framing.json_codec import json_object
from llm_pure.types.messages import Message, Opaque, Part, ProviderMetadata
from llm_pure.types.rejection import UnsupportedPart

Q = TypeVar("Q")


class MessageEncoder(ABC, Generic[Q]):
    """Encodes messages one after another into `turns` and `system`. One for each request."""

    content_key = "content"
    """The field of a turn that holds its blocks; Gemini calls it "parts"."""

    def __init__(self, service: Service[Q], adaptations: list[Adaptation]) -> None:
        self.service = service
        self.adaptations = adaptations
        self.turns: list[dict[str, Any]] = []
        self.system: list[dict[str, Any]] = []

    @abstractmethod
    def add(self, message: Message, path: str) -> None:
        """Encode one message. Raises UnsupportedPart."""

    def add_all(self, messages: tuple[Message, ...]) -> None:
        """Encode all messages. Raises Rejected, with the provider's name, for a part that is not supported."""
        try:
            for index, message in enumerate(messages):
                self.add(message, f"messages/{index}")
        except UnsupportedPart as part:
            raise part.of_provider(self.service.name) from None

    def add_turn(self, role: str, blocks: list[dict[str, Any]]) -> None:
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
        """Return true if metadata and opaque parts of this provider may be sent to the service: only its own may."""
        return provider == self.service.name

    def own_fields(self, provider_metadata: ProviderMetadata | None) -> dict[str, Any]:
        """The wire fields that this provider sent with a part, to be sent back; none of another provider's."""
        if provider_metadata is None or not self.understands(provider_metadata.provider):
            return {}
        return json_object(provider_metadata.json) or {}

    def own_parts(self, message: Message, path: str) -> Iterator[tuple[str, Part]]:
        """The message's parts with their paths, but for opaque parts of other providers, which are dropped."""
        for index, part in enumerate(message.parts):
            part_path = f"{path}/parts/{index}"
            if isinstance(part, Opaque) and not self.understands(part.provider):
                self.drop(part_path, f"{part.kind} is for {part.provider} only")
            else:
                yield part_path, part
