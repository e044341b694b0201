"""ChatRequest -> POST {base_url}/chat/completions of the Llama API.

The body is a chat completion's but for the assistant's turns: they say why they stopped, and calls have no `type`.
Source: llama-api-client 0.6.0, types/chat/completion_create_params.py and message_param.py, read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.common.rewrite_body import rearranged
from llm_pure.core.provider import Built
from llm_pure.core.urls import UrlFor
from llm_pure.types.config import LLMConfig
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import LLMResult

QUIRKS = openai_chat.Quirks(
    max_tokens_key="max_completion_tokens",
    unsupported=openai_chat.unsupported_by(
        "the Llama API",
        "presence_penalty",
        "frequency_penalty",
        "stop",
        "seed",
        "n",
        "logprobs",
        "metadata",
        "parallel_tool_calls",
    ),
    json_formats=("json_schema",),
    strict_formats=False,
    document_form="none",
    empty_content="",
    message_names=False,
    include_usage=False,
)
"""What differs from OpenAI's chat completions in the request."""


def build_chat(
    name: str, url_for: UrlFor, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> LLMResult[Built]:
    """POST {base_url}/chat/completions.

    Body: {model, messages[], max_completion_tokens?, temperature?, top_p?, top_k?, repetition_penalty?, tools[]?,
    tool_choice?, response_format?, stream?}; `extra` adds user and others.
    Fails as the chat completions' build_chat does.
    """
    built = openai_chat.build_chat(name, url_for, QUIRKS, config, request, strict=strict)
    return built.bind(lambda one: rearranged(name, one, _arranged))


def _arranged(body: dict[str, Any]) -> dict[str, Any]:
    messages = body.get("messages")
    if not isinstance(messages, list):  # `extra` may have put anything there
        return body
    return {**body, "messages": [_turn(message) for message in messages]}


def _turn(message: Any) -> Any:
    if not isinstance(message, dict) or message.get("role") != "assistant":
        return message
    calls = [
        {key: value for key, value in call.items() if key != "type"}
        for call in message.get("tool_calls") or ()
    ]
    told = {"stop_reason": "tool_calls" if calls else "stop", **message}
    return {**told, "tool_calls": calls} if calls else told
