"""Embeddings: POST {base_url}/embeddings/{endpoint}.

Source: qianfan 0.4.12.3, resources/llm/embedding.py; the response is OpenAI's; read 2026-11-20.
"""

from llm_pure.adapters.dialects.common.adaptations import dropped
from llm_pure.adapters.dialects.common.embed import check_embed_request, drop_base64
from llm_pure.adapters.dialects.openai_common import embed as openai_embed
from llm_pure.adapters.dialects.qianfan_v1.errors import find_error
from llm_pure.adapters.dialects.qianfan_v1.models import endpoint_of
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.service import AnyService, build_post, decode_error
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import Embeddings, EmbedRequest
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.result import Failure, LLMResult


@returns_failure
def build_embed(service: AnyService, config: LLMConfig, request: EmbedRequest) -> Built:
    """Body: {input[]}; the model is in the URL.

    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (no text, or an empty one).
    """
    model = check_embed_request(service, config, request)
    url = ok(service.url_for(config, model, f"/embeddings/{endpoint_of(config, model)}"))
    adaptations: list[Adaptation] = []
    for field, value in (("dimensions", request.dimensions), ("task", request.task)):
        if value is not None:
            adaptations.append(dropped(field, "qianfan v1 has no such choice", value))
    drop_base64(service, request, adaptations)
    body = {"input": list(request.texts), **(request.extra or {})}
    return build_post(service, config, url, body, adaptations)


def parse_embed(service: AnyService, response: HttpResponse) -> LLMResult[Embeddings]:
    """One vector for each text. Fails with the error in the body, which has status 200 here."""
    error = decode_error(service, find_error, response)
    return openai_embed.parse_embed(service, response) if error is None else Failure(error)
