"""The services of the loopback server, by the first segment of the path."""

from collections.abc import Mapping
from functools import partial

from tests.support.services import (
    anthropic,
    bedrock,
    cohere,
    dashscope,
    gemini,
    llama_api,
    model_lists,
    ollama,
    openai_chat,
    openai_media,
    qianfan,
    responses,
)
from tests.support.services.exchange import Service
from tests.support.services.shapes import SHAPES

SERVICES: Mapping[str, Service] = {
    **{name: partial(openai_chat.answer, shape) for name, shape in SHAPES.items()},
    "anthropic": anthropic.answer,
    "bedrock": bedrock.answer,
    "cohere": cohere.answer,
    "dashscope_native": dashscope.answer,
    "gemini": gemini.answer,
    "llama_api": llama_api.answer,
    "ollama": ollama.answer,
    "mistral_media": partial(openai_media.answer, "mistral"),
    "model_lists": model_lists.answer,
    "openai_media": partial(openai_media.answer, "openai"),
    "qianfan_v1": qianfan.answer,
    "responses": responses.answer,
    "siliconflow_media": partial(openai_media.answer, "siliconflow"),
}
