"""The models of each provider, by its tables, and the official checker of its bodies."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec

from llm_pure import LLMConfig
from llm_pure.adapters import registry
from llm_pure.adapters.dialects.anthropic_messages import models as claude_models
from llm_pure.adapters.dialects.bedrock_converse import models as bedrock_models
from llm_pure.adapters.dialects.dashscope_generation import quirks as dashscope_quirks
from llm_pure.adapters.dialects.gemini_content import models as gemini_models
from llm_pure.core.service import AnyService, Service
from tests.support import official_types
from tests.support.acceptance.bodies import Sent
from tests.support.cassettes import config_for
from tests.support.official_types import Check

_CLAUDE = tuple([f"anthropic.{profile.prefix}-v1:0" for profile in claude_models.PROFILES])
_BEDROCK = tuple([f"{profile.prefix}-v1:0" for profile in bedrock_models.PROFILES])
_INVOKE = (
    "amazon.nova-lite-v1:0", "amazon.titan-text-express-v1", "meta.llama3-8b-v1:0", "mistral.mistral-7b-instruct-v0:2",
    "cohere.command-r-v1:0", "deepseek.r1-v1:0", "openai.gpt-oss-120b-1:0",
)  # fmt: skip
_MORE: Mapping[str, tuple[str, ...]] = {
    "bedrock": (*_BEDROCK, *_CLAUDE, "us.meta.llama4-scout-17b-instruct-v1:0", "some-model"),
    "bedrock_invoke": (*_INVOKE, *_CLAUDE),
    "cohere": ("command-a-03-2025", "command-r-plus", "command-a-reasoning-08-2025"),
    "gemini": tuple([profile.prefix or "some-model" for profile in gemini_models.PROFILES]),
    "vertex": tuple([profile.prefix or "some-model" for profile in gemini_models.PROFILES]),
    "dashscope": (*[profile.prefix for profile in dashscope_quirks.PROFILES], "qwen3-32b"),
    "vertex_anthropic": tuple([profile.prefix for profile in claude_models.PROFILES]),
    "ollama": ("llama3.2", "gpt-oss", "qwen3"),
}


@cache
def models_of(name: str) -> tuple[str, ...]:
    """A model for each row of the provider's table, and one that it does not know."""
    if name in _MORE:
        return tuple([model for model in _MORE[name] if model])
    service = next(_services(registry.get(name).unwrap().build_chat), None)
    profiles = getattr(getattr(service, "quirks", None), "profiles", ())
    return (*[profile.prefix for profile in profiles if profile.prefix], "some-model")


def _services(function: Any) -> Iterator[AnyService]:
    """The services that a function was bound to, by itself or by a function that it was bound to."""
    for bound in (*getattr(function, "args", ()), getattr(function, "func", None)):
        if isinstance(bound, Service):
            yield bound
        elif bound is not None:
            yield from _services(bound)


@cache
def config_of(name: str, model: str) -> LLMConfig:
    """A configuration that names the model, at the service's own address; media are held back for none."""
    every: Any = ("image", "audio", "document")
    return msgspec.structs.replace(config_for(name), model=model, input_modalities=every)


_BY_PROVIDER: Mapping[str, Check] = {
    "openai": official_types.openai_chat,
    "azure": official_types.openai_chat,
    "openai_responses": official_types.openai_responses,
    "azure_responses": official_types.openai_responses,
    "anthropic": official_types.anthropic,
    "claude": official_types.anthropic,
    "gemini": official_types.gemini,
    "cohere": official_types.cohere,
    "ollama": official_types.ollama_chat,
    "ollama.generate": official_types.ollama_generate,
    "mistral": official_types.mistral,
    "groq": official_types.groq,
    "llama_api": official_types.llama_api,
    "bedrock": official_types.converse,
}


def official_error(sent: Sent) -> str | None:
    """What the official package says of the body, None if nothing."""
    check = _BY_PROVIDER.get(sent.provider)
    if sent.provider == "bedrock_invoke" and "claude" in sent.model:
        check = official_types.anthropic_on_bedrock
    if check is None:
        return None
    unary = {
        key: value for key, value in sent.body.items() if key not in ("stream", "stream_options")
    }
    # its types of schemas are older than its server's, which a rule has
    if sent.dialect == "ollama_native":
        unary.pop("tools", None)
    try:
        check(unary)
    except (ValueError, AssertionError, TypeError) as error:  # pydantic's error is a ValueError
        return str(error)
    return None
