"""Cerebras: open models, with reasoning in the field `reasoning` and flat error bodies.

Docs: inference-docs.cerebras.ai; cerebras_cloud_sdk 1.91.0 (PyPI); traffic recorded by pydantic-ai; read 2026-11-20.
"""

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import profiles_of, unsupported_by
from llm_pure.core.adaptations import ModelProfile
from llm_pure.core.urls import with_default_path
from llm_pure.schema.profiles import CEREBRAS_STRICT
from llm_pure.types.errors import AuthenticationFailed, RateLimited

_BASE_URL = "https://api.cerebras.ai/v1"
_SOURCE = "inference-docs.cerebras.ai and traffic recorded by pydantic-ai, read 2026-11-20"

PROVIDER = openai_chat.provider(
    name="cerebras",
    base_url=_BASE_URL,
    url_for=with_default_path("cerebras", _BASE_URL),
    api_key_env=("CEREBRAS_API_KEY",),
    base_url_env=("CEREBRAS_BASE_URL",),
    list_models=True,
    quirks=openai_chat.Quirks(
        # cerebras_cloud_sdk 1.91.0, completion_create_params.py: "Up to 4 sequences", the ranges; read 2026-11-30
        max_stop_sequences=4,
        ranges={
            "temperature": (0, 2),
            "presence_penalty": (-2, 2),
            "frequency_penalty": (-2, 2),
            "logprobs": (0, 20),
        },
        strict_schemas=CEREBRAS_STRICT,
        format_with_tools=False,  # "tools" is incompatible with "response_format" (litellm#31445), read 2026-11-30
        mixed_strict=False,  # 422 "Tools with mixed values for 'strict' are not allowed" (Roo-Code#10334), read 2026-11-30
        options={"user": "user", "service_tier": "service_tier", "prompt_cache_key": "prompt_cache_key", "logit_bias": "logit_bias", "prediction": lambda text: {"prediction": {"type": "content", "content": text}}},  # cerebras_cloud_sdk 1.91.0, completion_create_params.py, read 2026-11-29
        max_tokens_key="max_completion_tokens",
        unsupported={
            **unsupported_by(
                "cerebras", "repetition_penalty", "top_k", "metadata",
            ),
        },
        profiles=(
            ModelProfile(
                prefix="gpt-oss",
                reasoning="always",
                efforts=("low", "medium", "high"),
                source=_SOURCE,
            ),
            ModelProfile(
                prefix="zai-glm",
                reasoning="on",
                efforts=("none", "low", "medium", "high"),
                traits={
                    "reasoning_replay": "think_tags",
                    "replay_extra_fields": {"clear_thinking": False},
                },
                source=_SOURCE,
            ),
            *profiles_of(
                ("llama3", "llama-3", "llama-4", "qwen-3-coder", "qwen-3-235b-a22b-instruct"),
                reasoning="none",
                source=_SOURCE + "; a 400 for reasoning_effort (chatwise-releases#1325), read 2026-11-30",
            ),
        ),
        reasoning_style="effort",
        reasoning_replay="reasoning",
        refusal_key=False,
        document_form="none",
        include_usage=False,
        error_codes={
            "wrong_api_key": AuthenticationFailed,
            "too_many_requests_error": RateLimited,
        },
    ),
    source="inference-docs.cerebras.ai and cerebras_cloud_sdk 1.91.0, read 2026-11-20",
)  # fmt: skip
