"""Embeddings: POST {base_url}/embeddings/{endpoint}.

Source: qianfan 0.4.12.3, resources/llm/embedding.py; the answer is OpenAI's; read 2026-11-20.
"""

from llm_pure.adapters.dialects.common.turn_order import dropped
from llm_pure.adapters.dialects.openai_common.embed import no_base64
from llm_pure.adapters.dialects.openai_common.embed import parse_embed as parse_openai_embed
from llm_pure.adapters.dialects.qianfan_v1.errors import read_error
from llm_pure.adapters.dialects.qianfan_v1.models import endpoint_of
from llm_pure.adapters.dialects.qianfan_v1.request import SERVER
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.dialect import Service
from llm_pure.core.provider import Built
from llm_pure.core.urls import post_json, with_default_path
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import Embeddings, EmbedRequest
from llm_pure.types.result import Failure, LLMResult


def build_embed(name: str, config: LLMConfig, request: EmbedRequest) -> LLMResult[Built]:
    """Body: {input[]}; the model is in the address.

    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (no text, or an empty one).
    """
    model = request.model or config.model
    if not model:
        return Failure(
            InvalidConfiguration(message="no model for embeddings", field="model", provider=name)
        )
    if not request.texts or "" in request.texts:
        message = "an empty text has no embedding" if request.texts else "no text to embed"
        return Failure(InvalidRequest(message=message, param="input", provider=name))
    url = with_default_path(name, SERVER)(
        config, model, f"/embeddings/{endpoint_of(config, model)}"
    )
    if isinstance(url, Failure):
        return url
    told: tuple[Adaptation, ...] = tuple(
        [
            dropped(field, "qianfan v1 has no such choice", value)
            for field, value in (("dimensions", request.dimensions), ("task", request.task))
            if value is not None
        ]
    )
    body = {"input": list(request.texts), **(request.extra or {})}
    made = post_json(config, url.unwrap(), body, provider=name)
    return made.map(lambda one: Built(request=one, adaptations=(*told, *no_base64(name, request))))


def parse_embed(name: str, response: HttpResponse) -> LLMResult[Embeddings]:
    """One vector for each text; an error with status 200 is an error."""
    told = read_error(name, response)
    if told is not None:
        return Failure(told)
    service = Service(
        name=name, base_url=SERVER, url_for=with_default_path(name, SERVER), quirks=None
    )
    return parse_openai_embed(service, response)
