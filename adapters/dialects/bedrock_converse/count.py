"""Count of a request's tokens: POST /model/{modelId}/count-tokens.

The endpoint accepts the foundation model's id only, without the geography of an inference profile. In practice only Claude
is supported.
Source: botocore 1.44.5 (CountTokensRequest) and recorded responses; read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.bedrock_converse.errors import find_error, undecodable
from llm_pure.adapters.dialects.bedrock_converse.models import bare_id
from llm_pure.adapters.dialects.bedrock_converse.request import chat_body
from llm_pure.adapters.dialects.common.adaptations import renamed
from llm_pure.adapters.dialects.common.token_counts import read_token_count
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import resolve_request
from llm_pure.core.service import AnyService, build_post, read_json
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import TokenCount
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import ChatRequest

_COUNTED = ("messages", "system", "toolConfig", "additionalModelRequestFields")


@returns_failure
def build_count(service: AnyService, config: LLMConfig, request: ChatRequest) -> Built:
    """Body: {input: {converse: {messages[], system[]?, toolConfig?, additionalModelRequestFields?}}}.

    Fails as `build_chat` does.
    """
    adaptations: list[Adaptation] = []
    resolved = ok(resolve_request(config, request, provider=service.name))
    body = chat_body(service, config, resolved, adaptations)
    counted = {key: body[key] for key in _COUNTED if key in body}
    return post_count(service, config, resolved.model, {"converse": counted}, adaptations)


def post_count(
    service: AnyService,
    config: LLMConfig,
    model: str,
    counted: dict[str, Any],
    adaptations: list[Adaptation],
) -> Built:
    """The request for a count. `counted`: {"converse": {...}}, or {"invokeModel": {"body": base64}}."""
    model_id = model if model.startswith("arn:") else bare_id(model)
    if model_id != model:
        reason = "only the foundation model's own id counts tokens"
        adaptations.append(renamed("model", reason, model, model_id))
    url = ok(service.url_for(config, model_id, "count-tokens"))
    return build_post(service, config, url, {"input": counted}, adaptations)


@returns_failure
def parse_count(service: AnyService, response: HttpResponse) -> TokenCount:
    """{inputTokens} -> TokenCount."""
    raw = read_json(service, response, find_error, undecodable=undecodable)
    return read_token_count(service, response, raw, "inputTokens")
