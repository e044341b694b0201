"""ChatRequest -> POST {base_url}/api/generate: one prompt, for a model that only completes.

Source: ollama/ollama v0.33.0-rc2, api/types.go (GenerateRequest), read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.common.adaptations import changed, dropped
from llm_pure.adapters.dialects.common.message_encoder import turns_of
from llm_pure.adapters.dialects.common.turn_rules import TurnRules
from llm_pure.adapters.dialects.ollama_native.messages import encode_parts
from llm_pure.adapters.dialects.ollama_native.request import common_fields, post_chat
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import resolve_request
from llm_pure.core.service import AnyService
from llm_pure.types.config import LLMConfig
from llm_pure.types.messages import Message
from llm_pure.types.rejection import UnsupportedPart, ok, returns_failure
from llm_pure.types.request import ChatRequest


@returns_failure
def build_generate(
    service: AnyService, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> Built:
    """POST {base_url}/api/generate.

    Body: {model, prompt, system?, images[]?, stream, format?, think?, logprobs?, top_logprobs?, options?}; suffix, template,
    context, raw and keep_alive come by `extra`. Several user turns become one prompt, joined by blank lines.
    Fails as `build_chat` does, and with UnsupportedFeature for a message of the assistant: a prompt holds no conversation.
    """
    adaptations: list[Adaptation] = []
    resolved = ok(resolve_request(config, request, provider=service.name))
    try:
        prompt = _prompt(service, resolved.messages, adaptations)
    except UnsupportedPart as part:
        raise part.of_provider(service.name) from None
    for field, value in (("tools", resolved.tools), ("tool_choice", resolved.tool_choice)):
        if value:
            reason = "/api/generate does not support tools; api_type ollama does"
            adaptations.append(dropped(field, reason))
    body = {
        "model": resolved.model,
        **prompt,
        "stream": resolved.stream,
        **common_fields(config, resolved, adaptations),
    }
    return post_chat(service, config, "generate", resolved, body, adaptations, strict=strict)


_RULES = TurnRules(paired_results=False, left_out_if_empty=frozenset())


def _prompt(
    service: AnyService, messages: tuple[Message, ...], adaptations: list[Adaptation]
) -> dict[str, Any]:
    """{prompt, system?, images?}. Raises UnsupportedPart."""
    turns: dict[str, list[dict[str, Any]]] = {"system": [], "user": []}
    for message in turns_of(messages, service.name, _RULES, adaptations):
        path = message.path
        if message.role not in turns:
            raise UnsupportedPart(
                f"{path}: /api/generate takes one prompt, and no message of role {message.role};"
                " use api_type ollama for conversations"
            )
        if message.name is not None:
            adaptations.append(dropped(f"{path}/name", "a prompt has no name", message.name))
        turns[message.role].append(encode_parts(service, message.parts, adaptations))
    if len(turns["user"]) > 1:
        adaptations.append(changed("messages", "several messages are joined into one prompt"))
    encoded: dict[str, Any] = {"prompt": _join(turns["user"])}
    if turns["system"]:
        encoded["system"] = _join(turns["system"])
    images = [
        image for turn in (*turns["system"], *turns["user"]) for image in turn.get("images", ())
    ]
    if images:
        encoded["images"] = images
    return encoded


def _join(turns: list[dict[str, Any]]) -> str:
    return "\n\n".join([turn["content"] for turn in turns])
