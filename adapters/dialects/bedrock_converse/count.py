"""The service's own count of a request's tokens: POST /model/{modelId}/count-tokens.

Only the foundation model's own id counts, so the geography of an inference profile is left out. In practice Claude only.
Source: botocore 1.44.5 (CountTokensRequest) and recorded answers; read 2026-11-20.
"""

from typing import Any

import msgspec

from llm_pure.adapters.dialects.bedrock_converse.errors import find_error, undecodable
from llm_pure.adapters.dialects.bedrock_converse.models import bare_id
from llm_pure.adapters.dialects.bedrock_converse.request import chat_body
from llm_pure.adapters.dialects.bedrock_converse.urls import call_url
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import resolve_request
from llm_pure.core.urls import post_json
from llm_pure.framing.json_codec import decode, decode_any
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import TokenCount
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success

_COUNTED = ("messages", "system", "toolConfig", "additionalModelRequestFields")


class _Count(msgspec.Struct):
    inputTokens: int


_COUNT = msgspec.json.Decoder(_Count)


def build_count(name: str, config: LLMConfig, request: ChatRequest) -> LLMResult[Built]:
    """Body: {input: {converse: {messages[], system[]?, toolConfig?, additionalModelRequestFields?}}}.

    Fails as `build_chat` does.
    """
    drafted = resolve_request(config, request, provider=name)
    if isinstance(drafted, Failure):
        return drafted
    call = drafted.unwrap()
    made = chat_body(name, config, call)
    if isinstance(made, Failure):
        return Failure(made.failure())
    body, adaptations = made.unwrap()
    counted = {key: body[key] for key in _COUNTED if key in body}
    return post_count(name, config, call.model, {"converse": counted}, adaptations)


def post_count(
    name: str,
    config: LLMConfig,
    model: str,
    counted: dict[str, Any],
    adaptations: tuple[Adaptation, ...] = (),
) -> LLMResult[Built]:
    """The request that counts. counted: {"converse": {...}}, or {"invokeModel": {"body": base64}}."""
    own = model if model.startswith("arn:") else bare_id(model)
    if own != model:
        reason = "only the foundation model's own id counts tokens"
        adaptations += (
            Adaptation(field="model", action="renamed", reason=reason, before=model, after=own),
        )
    url = call_url(name, config, own, "count-tokens")
    if isinstance(url, Failure):
        return Failure(url.failure())
    return post_json(config, url.unwrap(), {"input": counted}, provider=name).map(
        lambda sent: Built(request=sent, adaptations=adaptations)
    )


def parse_count(name: str, response: HttpResponse) -> LLMResult[TokenCount]:
    """{inputTokens} -> TokenCount; any other answer is the error that it tells, or a ProtocolError."""
    decoded = decode_any(response.body, provider=name)
    if isinstance(decoded, Failure):
        return Failure(undecodable(name, response))
    raw = decoded.unwrap()
    told = find_error(name, raw, response)
    if told is not None:
        return Failure(told)
    typed = decode(_COUNT, response.body, provider=name)
    if isinstance(typed, Failure):
        return Failure(typed.failure())
    extra = {key: value for key, value in raw.items() if key != "inputTokens"}
    return Success(TokenCount(input_tokens=typed.unwrap().inputTokens, provider=name, extra=extra))
