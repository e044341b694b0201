"""Count of a request's tokens: the vendor's body in base64, to POST /model/{modelId}/count-tokens."""

from msgspec.structs import replace

from llm_pure.adapters.dialects.bedrock_converse.count import post_count
from llm_pure.adapters.dialects.bedrock_invoke.request import chat_body
from llm_pure.adapters.dialects.bedrock_invoke.vendors import Families
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import resolve_request
from llm_pure.core.service import Service
from llm_pure.framing.json_codec import encode
from llm_pure.types.config import LLMConfig
from llm_pure.types.media import base64_text
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import ChatRequest


@returns_failure
def build_count(service: Service[Families], config: LLMConfig, request: ChatRequest) -> Built:
    """Body: {input: {invokeModel: {body: base64}}}. Fails as `build_chat` does."""
    adaptations: list[Adaptation] = []
    request = replace(request, stream=None)
    resolved = ok(resolve_request(config, request, provider=service.name))
    fields = chat_body(service, config, request, resolved, adaptations)
    body = base64_text(ok(encode(fields, provider=service.name)))
    counted = {"invokeModel": {"body": body}}
    return post_count(service, config, resolved.model, counted, adaptations)
