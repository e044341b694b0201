"""The service's own count of a request's tokens: the vendor's body in base64, to POST /model/{modelId}/count-tokens."""

import msgspec

from llm_pure.adapters.dialects.bedrock_converse.count import post_count
from llm_pure.adapters.dialects.bedrock_invoke.request import chat_body
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import resolve_request
from llm_pure.framing.json_codec import encode
from llm_pure.types.config import LLMConfig
from llm_pure.types.media import base64_text
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult


def build_count(name: str, config: LLMConfig, request: ChatRequest) -> LLMResult[Built]:
    """Body: {input: {invokeModel: {body: base64}}}. Fails as `build_chat` does."""
    asked = msgspec.structs.replace(request, stream=None)
    drafted = resolve_request(config, asked, provider=name)
    if isinstance(drafted, Failure):
        return Failure(drafted.failure())
    call = drafted.unwrap()
    made = chat_body(name, config, asked, call)
    if isinstance(made, Failure):
        return Failure(made.failure())
    fields, told = made.unwrap()
    body = encode(fields, provider=name)
    if isinstance(body, Failure):
        return Failure(body.failure())
    counted = {"invokeModel": {"body": base64_text(body.unwrap())}}
    return post_count(name, config, call.model, counted, told)
