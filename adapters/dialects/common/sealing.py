"""What an encoder carries of another vendor's parts in the fields that a dialect's clients send back unchanged.

    signatures   Gemini: each part may have a signature
    blocks       Anthropic, Responses: the signature of reasoning; parts of their own, which clients do not read; ids of calls
    ids          chat completions: ids of calls, the only field that comes back; reasoning before a call goes with it
    none         Ollama: clients make ids of their own

Source: ../shared/wire/server-side.md section 10 (measured with agents and packages), read 2026-11-29.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

from llm_pure.adapters.dialects.common.envelope import SealedPart, checksum, seal, seal_id
from llm_pure.adapters.dialects.common.sent_parts import Sent
from llm_pure.core.server import VENDORS, ReceivedRequest
from llm_pure.framing.json_codec import json_text
from llm_pure.types.events import ProviderMetadataReceived, StreamEvent
from llm_pure.types.messages import Opaque

Carrier: TypeAlias = Literal["signatures", "blocks", "ids", "none"]

SIGNATURE = "thoughtSignature"
"""The field of metadata that is a signature: Gemini's, of any part."""

_SAME_SIGNATURES: Mapping[str, frozenset[str]] = {
    "anthropic": frozenset({"claude", "vertex_anthropic"}),
}
"""Vendor -> other providers whose signatures are the vendor's. Those of Gemini and Vertex AI, and of OpenAI and Azure, are not."""

_REPLACEABLE = frozenset({"functionCall", "id", "index", "item", "status"})
"""Fields of metadata with which a provider knows a part again; it takes the part without them too."""


class Sealer:
    """Seals the parts of one answer, if their provider is another one than the vendor of the client's dialect."""

    def __init__(self, received: ReceivedRequest, carrier: Carrier) -> None:
        provider, vendor = received.upstream_provider, VENDORS.get(received.dialect, "")
        is_vendor = provider == vendor or provider in _SAME_SIGNATURES.get(vendor, ())
        has_fields = received.native and carrier in ("ids", "none")
        """Services of these dialects have fields of their own for what goes back."""
        self.provider = provider
        self.is_native = received.native
        self.carrier = carrier
        self.is_active = bool(provider) and not is_vendor and not has_fields and carrier != "none"
        self._early: dict[tuple[int, int], list[str]] = {}

    def look_ahead(self, events: Iterable[StreamEvent]) -> None:
        """Note the metadata in these events, since the id of a call is sent before they are read."""
        self._early.clear()
        for event in events:
            if isinstance(event, ProviderMetadataReceived):
                self._early.setdefault((event.choice, event.index), []).append(event.json)

    def early_metadata(self, part: Sent) -> list[str]:
        """The metadata of a part in the events that are being read."""
        return self._early.get((part.choice, part.index), [])

    def carries_text(self, part: Sent) -> bool:
        """Whether the metadata of a text have a signature."""
        return self.is_active and part.kind == "text" and SIGNATURE in part.metadata

    def envelope(self, part: Sent) -> str | None:
        """The envelope of one part."""
        return seal((self.sealed(part),))

    def call_id(self, part: Sent, before: list[Sent]) -> str | None:
        """The id of a call with the envelope of its metadata, and of the parts before it. None if there is nothing to carry."""
        sealed = [self.sealed(other) for other in before]
        if is_signed(part):
            sealed.append(self.sealed(part))
        return seal_id(part.id, sealed) if sealed else None

    def sealed(self, part: Sent) -> SealedPart:
        """What is carried of a part."""
        opaque = part.complete
        if isinstance(opaque, Opaque):
            return SealedPart(
                provider=opaque.provider, kind="opaque", metadata=opaque.json, name=opaque.kind
            )
        kind: Any = part.kind
        return SealedPart(
            provider=self.provider,
            kind=kind,
            checksum=0 if kind == "tool_call" else part.checksum,
            length=0 if kind == "tool_call" else part.length,
            signature=part.signature if kind == "reasoning" else None,
            metadata=json_text(part.metadata) if part.metadata else "",
            native=self.is_native,
        )


def is_signed(part: Sent) -> bool:
    """Whether the metadata have more than what a provider can do without."""
    return bool(part.metadata.keys() - _REPLACEABLE)


def is_worth_carrying(part: Sent) -> bool:
    """Whether the provider misses something without what this part has."""
    if isinstance(part.complete, Opaque):
        return True
    if part.kind == "reasoning":
        return part.signature is not None
    return part.kind == "text" and SIGNATURE in part.metadata


def add_to_checksum(part: Sent, text: str) -> None:
    """Count more text of a part."""
    part.checksum = checksum(text, part.checksum)
    part.length += len(text)
