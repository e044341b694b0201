"""A client's request as its upstream is to be sent it: the model's name, fields of the same API, whose metadata they are."""

from hashlib import sha256
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec.structs import replace

from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Provider
from llm_pure.core.server import VENDORS, ReceivedRequest
from llm_pure.types.config import LLMConfig
from llm_pure.types.messages import Message, Opaque, Part, ProviderMetadata, ToolResult
from llm_pure.types.operations import EmbedRequest
from llm_pure.types.request import ChatRequest, NativeTool

A = TypeVar("A")

CACHE_KEY_PROVIDERS = frozenset(
    {
        "azure", "azure_responses", "cerebras", "fireworks", "mistral", "moonshot", "openai",
        "openai_responses", "openrouter",
    }
)  # fmt: skip
"""The providers that take `prompt_cache_key`, as its docstring in ChatRequest has them."""

ROUTING_FIELDS = frozenset(
    {
        "api_base", "api_key", "api_type", "api_version", "base_url", "custom_llm_provider", "extra_headers", "extra_query",
        "headers", "organization", "proxy",
    }
)  # fmt: skip
"""Fields by which proxies let a client choose the upstream, its key or headers; they are never passed on."""


class Outgoing(NamedTuple, Generic[A]):
    """What is sent, and what of the client's request is not."""

    value: A
    adaptations: tuple[Adaptation, ...]


def outgoing_chat(
    received: ReceivedRequest, provider: Provider, config: LLMConfig
) -> Outgoing[ChatRequest]:
    """The ChatRequest for the upstream. Its model is the configuration's, if that has one."""
    chat, adaptations = received.chat, received.adaptations
    fields: dict[str, Any] = {"model": "" if config.model else received.model}
    if received.native:
        fields["extra"], adaptations = _passed_fields(received)
        vendor = VENDORS.get(received.dialect, "")
        if provider.name != vendor:
            fields["messages"] = [
                _relabelled(message, vendor, provider.name) for message in received.messages
            ]
            fields["tools"] = tuple(
                [
                    NativeTool(provider.name, tool.json)
                    if isinstance(tool, NativeTool) and tool.provider == vendor
                    else tool
                    for tool in chat.tools
                ]
            )
    if chat.prompt_cache_key is None and provider.name in CACHE_KEY_PROVIDERS:
        fields["prompt_cache_key"] = cache_key(received)
    return Outgoing(replace(chat, **fields), adaptations)


def outgoing_embed(received: ReceivedRequest, config: LLMConfig) -> Outgoing[EmbedRequest]:
    """The EmbedRequest for the upstream."""
    embed = received.embed or EmbedRequest(input=())
    model = "" if config.model else received.model
    extra = _passed_fields(received)[0] if received.native else None
    return Outgoing(replace(embed, model=model, extra=extra), received.adaptations)


def cache_key(received: ReceivedRequest) -> str | None:
    """A key for the upstream's prompt cache, of the client's session: the same for all requests of a conversation."""
    if not received.session:
        return None
    return sha256(received.session.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _passed_fields(
    received: ReceivedRequest,
) -> tuple[dict[str, Any] | None, tuple[Adaptation, ...]]:
    """The fields that an upstream of the client's dialect understands, and the adaptations without theirs."""
    passed = {name: value for name, value in received.unread.items() if name not in ROUTING_FIELDS}
    kept = [
        change
        for change in received.adaptations
        if not (change.field.partition("/")[0] in passed and "/" not in change.field)
        and not _is_inside(change.field, passed)
    ]
    return passed or None, tuple(kept)


def _is_inside(path: str, fields: dict[str, Any]) -> bool:
    """Whether a field is one of an object that is passed on."""
    outer, _, inner = path.partition("/")
    value = fields.get(outer)
    return isinstance(value, dict) and inner in value


def _relabelled(message: Message, before: str, after: str) -> Message:
    """The message with the metadata of the dialect's vendor as those of the provider that answers in this dialect."""
    parts = [_of_provider(part, before, after) for part in message.parts]
    return replace(message, parts=tuple(parts))


def _of_provider(part: Part, before: str, after: str) -> Part:
    if isinstance(part, Opaque):
        return replace(part, provider=after) if part.provider == before else part
    fields: dict[str, Any] = {}
    metadata = part.provider_metadata
    if metadata is not None and metadata.provider == before:
        fields["provider_metadata"] = ProviderMetadata(after, metadata.json)
    if isinstance(part, ToolResult):
        fields["content"] = tuple([_of_provider(item, before, after) for item in part.content])
    return replace(part, **fields) if fields else part
