"""Envelopes in a client's messages -> the parts of the providers that they came from. Nothing else in them is changed.

What comes back damaged, or with another text than it was sealed with, is left out with an adaptation: a signature without
its text is refused, and a text without its signature is not.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.adaptations import dropped
from llm_pure.adapters.dialects.common.envelope import (
    PREFIX,
    SealedPart,
    checksum,
    unseal,
    unseal_id,
)
from llm_pure.adapters.dialects.common.sealing import SIGNATURE
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.server import VENDORS
from llm_pure.framing.json_codec import json_object
from llm_pure.types.messages import (
    Message,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)

DAMAGED = "the envelope of another provider's signature came back damaged"
_MAX_SPLITS = 64
"""Of the reasoning of one message; each takes the time of its text."""
_VENDORS = frozenset(VENDORS.values())
CHANGED = "its text is not the one that was signed"


def has_envelopes(body: bytes) -> bool:
    """Whether there may be an envelope in a body."""
    return PREFIX.encode() in body


def unsealed_messages(messages: Sequence[Message], adaptations: list[Adaptation]) -> list[Message]:
    """The messages with the parts that were in envelopes."""
    return [
        _Unsealing(adaptations, f"messages/{index}").message(message)
        for index, message in enumerate(messages)
    ]


class _Unsealing:
    """Unseals one message."""

    def __init__(self, adaptations: list[Adaptation], path: str) -> None:
        self.adaptations = adaptations
        self.path = path
        self.parts: list[Part] = []
        self.leading: list[Part] = []
        """Reasoning without a text that came back with a call: it was before all else."""
        self.unsigned: dict[tuple[type, int, int], int] = {}
        """Type, length and checksum of a text -> index of its part."""
        self.joined = 0
        """The index from which parts of reasoning may still be joined."""
        self.splits = 0
        self.provider = ""
        """The provider of the reasoning so far, to which the parts after it belong."""

    def message(self, message: Message) -> Message:
        for index, part in enumerate(message.parts):
            self.path, before = f"{self.path}/parts/{index}", self.path
            self._add(part)
            self.path = before
        if self.provider:
            self.parts = [_of_provider(part, self.provider) for part in self.parts]
        if self.leading:
            at = _after_reasoning(self.parts)
            self.parts[at:at] = self.leading
        is_same = len(self.parts) == len(message.parts) and all(
            part is old for part, old in zip(self.parts, message.parts, strict=True)
        )
        return message if is_same else replace(message, parts=tuple(self.parts))

    def _add(self, part: Part) -> None:
        match part:
            case Reasoning(signature=str() as text):
                sealed = unseal(text)
                if sealed is None:
                    self._keep(part)
                elif not sealed:
                    self._drop(DAMAGED)
                    self._keep(Reasoning(part.text))
                else:
                    self._unseal_into(Reasoning(part.text), sealed)
            case Opaque(kind="redacted_thinking", json=json):
                data = (json_object(json) or {}).get("data")
                self._replace(part, unseal(data) if isinstance(data, str) else None)
            case ToolResult(tool_call_id=call_id):
                plain, _ = unseal_id(call_id)
                self._keep(part if plain == call_id else replace(part, tool_call_id=plain))
            case ToolCall(id=call_id):
                plain, records = unseal_id(call_id)
                if plain != call_id:
                    part = replace(part, id=plain)
                    if not records:
                        self._drop(DAMAGED)
                for record in records:
                    if record.kind != "tool_call":
                        self._restore(record)
                own = next((record for record in records if record.kind == "tool_call"), None)
                if own is None:
                    self._signed(part)
                else:
                    self.parts.append(replace(part, provider_metadata=_metadata(own)))
            case Text():
                self._signed(part)
            case _:
                self._keep(part)

    def _signed(self, part: Text | ToolCall) -> None:
        """A part whose metadata may have an envelope in place of Gemini's signature."""
        metadata = part.provider_metadata
        if metadata is None or PREFIX not in metadata.json:
            self._keep(part)
            return
        signature = (json_object(metadata.json) or {}).get(SIGNATURE)
        records = unseal(signature) if isinstance(signature, str) else None
        if records is None:
            self._keep(part)
        elif not records:
            self._drop(DAMAGED)
            self._keep(replace(part, provider_metadata=None))
        elif records[0].kind == part.__struct_config__.tag:
            self.parts.append(replace(part, provider_metadata=_metadata(records[0])))
        else:
            if not isinstance(part, Text) or part.text:
                self._keep(replace(part, provider_metadata=None))
            for record in records:
                self._restore(record)

    def _replace(self, part: Opaque, records: tuple[SealedPart, ...] | None) -> None:
        """An opaque part that only carried an envelope."""
        if records is None:
            self._keep(part)
        elif not records:
            self._drop(DAMAGED)
        else:
            for record in records:
                self._restore(record)

    def _unseal_into(self, part: Reasoning, records: Iterable[SealedPart]) -> None:
        """Reasoning whose signature was an envelope: its own, or of parts that have no place of their own."""
        if part.text:
            self._append(part)
        for record in records:
            if record.kind == "reasoning" and not record.length:
                self._restore_empty(part, record)
            else:
                self._restore(record)

    def _restore_empty(self, part: Reasoning, record: SealedPart) -> None:
        """Reasoning that was signed without a text."""
        if part.text:
            self._drop(CHANGED)
            return
        self.parts.append(Reasoning("", record.signature, _metadata(record)))
        self._belongs_to(record)

    def _belongs_to(self, record: SealedPart) -> None:
        """The parts that follow are of the same provider."""
        self.provider = "" if record.native else record.provider

    def _restore(self, record: SealedPart) -> None:
        """Put what a record carries where it belongs: at its text, or as a part of its own."""
        match record.kind:
            case "opaque":
                self.parts.append(Opaque(record.provider, record.name, record.metadata))
            case "reasoning":
                self._restore_reasoning(record)
            case _:
                self._restore_text(record)
        self._belongs_to(record)

    def _restore_reasoning(self, record: SealedPart) -> None:
        """Sign the reasoning of this text, which may have come back in several parts, or as the beginning of a longer one."""
        signed = Reasoning("", record.signature, _metadata(record))
        if not record.length:
            self.leading.append(signed)
            return
        index = self._find(Reasoning, record)
        if index is None:
            index = self._join(record)
        if index is None:
            index = self._split(record)
        if index is None:
            self._drop(CHANGED)
            return
        text = self.parts[index].text  # type: ignore[union-attr]
        self.parts[index] = replace(signed, text=text)

    def _join(self, record: SealedPart) -> int | None:
        """Join the last parts of reasoning that make this text; the index of the joined part."""
        start, texts, length = len(self.parts), [""], 0
        while (
            start > self.joined and _is_unsigned(self.parts[start - 1]) and length < record.length
        ):
            start -= 1
            text = self.parts[start].text  # type: ignore[union-attr]
            texts.append(text)
            length += len(text)
        self.joined = len(self.parts)  # nothing is looked at twice
        text = "".join(reversed(texts))
        if length != record.length or checksum(text) != record.checksum:
            return None
        self.parts[start:] = [Reasoning(text)]
        self.joined = start + 1
        return start

    def _split(self, record: SealedPart) -> int | None:
        """Cut this text off the beginning of the first reasoning; the index of its part."""
        index = next((at for at, part in enumerate(self.parts) if _is_unsigned(part)), None)
        if index is None or self.splits >= _MAX_SPLITS:
            return None
        self.splits += 1
        text_before = self.parts[index].text  # type: ignore[union-attr]
        text, rest = text_before[: record.length], text_before[record.length :]
        if not rest or checksum(text) != record.checksum:
            return None
        self.parts[index : index + 1] = [Reasoning(text), Reasoning(rest)]
        self._index_unsigned()
        return index

    def _restore_text(self, record: SealedPart) -> None:
        index = self._find(Text, record)
        if index is None:
            self._drop(CHANGED)
        else:
            self.parts[index] = replace(self.parts[index], provider_metadata=_metadata(record))

    def _find(self, kind: type, record: SealedPart) -> int | None:
        """The index of the part of this kind with the text that was sealed, and without a signature."""
        key = (kind, record.length, record.checksum)
        index = self.unsigned.pop(key, len(self.parts))
        if index >= len(self.parts) or _key(self.parts[index]) != key:
            return None
        return index

    def _append(self, part: Part) -> None:
        if isinstance(part, Text) or _is_unsigned(part):
            self.unsigned[_key(part)] = len(self.parts)
        self.parts.append(part)

    def _index_unsigned(self) -> None:
        """Index the parts again, whose indexes have changed."""
        self.unsigned = {
            _key(part): index
            for index, part in enumerate(self.parts)
            if isinstance(part, Text) or _is_unsigned(part)
        }

    def _keep(self, part: Part) -> None:
        """Keep a part. After one that its provider has signed, the client's fields of a part are those of our own encoding."""
        if self.provider and isinstance(part, Text | ToolCall):
            metadata = part.provider_metadata
            if metadata is None or metadata.provider in _VENDORS:
                part = replace(part, provider_metadata=ProviderMetadata(self.provider))
        self._append(part)

    def _drop(self, reason: str) -> None:
        self.adaptations.append(dropped(f"{self.path}/signature", reason))


def _of_provider(part: Part, provider: str) -> Part:
    """A text or a call with the name of the provider that made the message."""
    if not isinstance(part, Text | ToolCall) or part.provider_metadata is not None:
        return part
    return replace(part, provider_metadata=ProviderMetadata(provider))


def _metadata(record: SealedPart) -> ProviderMetadata:
    return ProviderMetadata(record.provider, record.metadata or "{}")


def _key(part: Part) -> tuple[type, int, int]:
    text = part.text if isinstance(part, Text | Reasoning) else ""
    return type(part), len(text), checksum(text)


def _is_unsigned(part: Part) -> bool:
    return isinstance(part, Reasoning) and part.signature is None


def _after_reasoning(parts: Sequence[Part]) -> int:
    """The index after the reasoning and the opaque parts that a message begins with."""
    return next(
        (at for at, part in enumerate(parts) if not isinstance(part, Reasoning | Opaque)),
        len(parts),
    )
