"""ChatRequest -> POST {base_url}/chat/completions of the Llama API.

The body is that of a chat completion but for the assistant's turns: they have a `stop_reason`, and calls have no `type`.
Source: llama-api-client 0.6.0, types/chat/completion_create_params.py and message_param.py, read 2026-11-20.
"""

from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import request as openai_request
from llm_pure.core.provider import Built
from llm_pure.core.service import Service
from llm_pure.framing.json_codec import decode_any, encode
from llm_pure.types.config import LLMConfig
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import ChatRequest

QUIRKS = openai_chat.Quirks(
    max_tokens_key="max_completion_tokens",
    unsupported=openai_chat.unsupported_by(
        "the Llama API", "presence_penalty", "frequency_penalty", "stop", "seed", "n", "logprobs", "metadata",
        "parallel_tool_calls",
    ),
    json_formats=("json_schema",),
    strict_formats=False,
    document_form="none",
    audio=False,
    refusal_key=False,
    empty_content="",
    message_names=False,
    include_usage=False,
)  # fmt: skip
"""The differences from the request of OpenAI's chat completions."""


@returns_failure
def build_chat(
    service: Service[openai_chat.Quirks],
    config: LLMConfig,
    request: ChatRequest,
    *,
    strict: bool = False,
) -> Built:
    """POST {base_url}/chat/completions.

    Body: {model, messages[], max_completion_tokens?, temperature?, top_p?, top_k?, repetition_penalty?, tools[]?,
    tool_choice?, response_format?, stream?}; `extra` adds user and others.
    Fails as the build_chat of chat completions does.
    """
    built = ok(openai_request.build_chat(service, config, request, strict=strict))
    body = ok(decode_any(built.request.body, provider=service.name))
    if isinstance(body.get("messages"), list):  # `extra` may have put anything there
        body["messages"] = [_turn(message) for message in body["messages"]]
    data = ok(encode(body, provider=service.name))
    return replace(built, request=replace(built.request, body=data))


def _turn(message: Any) -> Any:
    if not isinstance(message, dict) or message.get("role") != "assistant":
        return message
    calls = [
        {key: value for key, value in call.items() if key != "type"}
        for call in message.get("tool_calls") or ()
    ]
    turn = {"stop_reason": "tool_calls" if calls else "stop", **message}
    return {**turn, "tool_calls": calls} if calls else turn
