"""A client's request as its upstream is to be sent it: the model's name, fields of the same API, whose metadata they are."""

from hashlib import sha256
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.custom_tools import (
    converts_custom_tools,
    functions_for_custom_tools,
    with_function_calls,
)
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Provider
from llm_pure.core.server import VENDORS, ReceivedRequest
from llm_pure.server.history import without_repeated_calls
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.messages import Message, Opaque, Part, ProviderMetadata, ToolResult
from llm_pure.types.operations import EmbedRequest
from llm_pure.types.rejection import reject
from llm_pure.types.request import ChatRequest, NativeTool, ReasoningRequest

A = TypeVar("A")

CACHE_KEY_PROVIDERS = frozenset(
    {
        "azure", "azure_responses", "cerebras", "fireworks", "mistral", "moonshot", "openai",
        "openai_responses", "openrouter",
    }
)  # fmt: skip
"""The providers that take `prompt_cache_key`, as its docstring in ChatRequest has them."""

STORING_PROVIDERS = frozenset(
    {"azure", "azure_responses", "gemini", "open_llm", "openai", "openai_responses"}
)
"""The providers that take `store`, as its docstring in ChatRequest has them."""

ROUTING_FIELDS = frozenset(
    {
        "apibase", "apikey", "apitype", "apiversion", "baseurl", "customllmprovider", "extraheaders", "extraquery", "headers",
        "organization", "proxy",
    }
)  # fmt: skip
"""Fields by which proxies let a client choose the upstream, its key or headers; they are never passed on.

Names without underscores, in lower case."""


_THINKS_UNASKED = ("anthropic_messages", "ollama_native")
"""(client, upstream): without `thinking` in the request Claude does not think, but a model of Ollama's does unless the request forbids it.
Source: ollama/ollama#15287, read 2026-11-29."""


class Outgoing(NamedTuple, Generic[A]):
    """What is sent, and what of the client's request is not."""

    value: A
    adaptations: tuple[Adaptation, ...]


def outgoing_chat(
    received: ReceivedRequest, provider: Provider, config: LLMConfig
) -> Outgoing[ChatRequest]:
    """The ChatRequest for the upstream. Its model is the configuration's, if that has one."""
    chat, adaptations = received.chat, list(received.adaptations)
    if not received.native:
        _check_stored(received)
    messages, tools = list(received.messages), tuple(chat.tools)
    fields: dict[str, Any] = {"model": "" if config.model else received.model}
    if received.native:
        fields["extra"], adaptations = _passed_fields(received)
        vendor = VENDORS.get(received.dialect, "")
        if provider.name != vendor:
            messages = [_relabelled(message, vendor, provider.name) for message in messages]
            tools = tuple([_native_tool(tool, vendor, provider.name) for tool in tools])
    if converts_custom_tools(received):
        messages = [with_function_calls(message) for message in messages]
        tools = functions_for_custom_tools(tools, adaptations)
    messages = without_repeated_calls(messages, adaptations)
    if chat.reasoning is None and (received.dialect, provider.dialect) == _THINKS_UNASKED:
        fields["reasoning"] = ReasoningRequest(enabled=False)
    if chat.store is False and provider.name not in STORING_PROVIDERS:
        fields["store"] = None  # nothing is stored there
    fields |= {"messages": messages, "tools": tools}
    if chat.prompt_cache_key is None and provider.name in CACHE_KEY_PROVIDERS:
        key = fields["prompt_cache_key"] = cache_key(received)
        if key is not None:
            reason = "requests of one session go to one server, whose prompt cache has them"
            adaptations.append(
                Adaptation(field="prompt_cache_key", action="added", reason=reason, after=key)
            )
    return Outgoing(replace(chat, **fields), tuple(adaptations))


_STORED = ("conversation", "previous_response_id", "prompt", "cachedContent", "item_reference")


def _check_stored(received: ReceivedRequest) -> None:
    """Raise Rejected for turns, or other content, that only the client's vendor has: the model would not know them."""
    chat = received.chat
    stored: dict[str, Any] = {
        **(received.unread if received.dialect == "openai_responses" else {}),
        "previous_response_id": chat.previous_response_id,
        "cachedContent": chat.cached_content,
        "item_reference": any(map(_has_reference, received.messages)),
    }
    name = next((name for name in _STORED if stored.get(name)), None)
    if name is not None:
        message = (
            f"{name}: the upstream does not have what another server has stored; send all of it"
        )
        reject(UnsupportedFeature(message=message, feature=name, status=400))


def _has_reference(message: Message) -> bool:
    return any(isinstance(part, Opaque) and part.kind == "item_reference" for part in message.parts)


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
) -> tuple[dict[str, Any] | None, list[Adaptation]]:
    """The fields that an upstream of the client's dialect understands, and the adaptations without theirs."""
    passed = {
        name: value
        for name, value in received.unread.items()
        if name.replace("_", "").lower() not in ROUTING_FIELDS
    }
    kept = [
        change
        for change in received.adaptations
        if not (change.field.partition("/")[0] in passed and "/" not in change.field)
        and not _is_inside(change.field, passed)
    ]
    return passed or None, kept


def _is_inside(path: str, fields: dict[str, Any]) -> bool:
    """Whether a field is one of an object that is passed on."""
    outer, _, inner = path.partition("/")
    value = fields.get(outer)
    return isinstance(value, dict) and inner in value


def _native_tool(tool: Any, before: str, after: str) -> Any:
    is_vendors = isinstance(tool, NativeTool) and tool.provider == before
    return NativeTool(after, tool.json) if is_vendors else tool


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
