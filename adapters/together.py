"""Together AI: open models named `author/name`.

Docs: docs.together.ai; together 3.1.1 (PyPI), types/chat/completion_create_params.py; read 2026-11-20.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import profiles_of, unsupported_by
from llm_pure.core.provider import Provider
from llm_pure.core.urls import with_default_path

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi

_BASE_URL = "https://api.together.xyz/v1"


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.dialects.openai_common.batch import FileBatches, file_batches  # late
    from llm_pure.core.batch_api import BatchLimits

    limits = BatchLimits(
        max_requests=50_000,
        max_bytes=100_000_000,
        discount=None,  # up to half, for some models
        source="docs.together.ai and together 3.1.1, by wire/batch.md 9, read 2026-11-29",
    )
    return file_batches(
        provider,
        FileBatches(
            limits=limits, purpose="batch-api", key_field="", short_lines=True, signed_upload=True
        ),
    )


PROVIDER = replace(
    openai_chat.provider(
        name="together",
        base_url=_BASE_URL,
        url_for=with_default_path("together", _BASE_URL),
        api_key_env=("TOGETHER_API_KEY",),
        base_url_env=("TOGETHER_BASE_URL",),
        embeddings=True,
        list_models=True,
        quirks=openai_chat.Quirks(
            options={
                "logit_bias": "logit_bias"
            },  # together 3.1.1, completion_create_params.py, read 2026-11-29
            # together 3.1.1, completion_create_params.py, read 2026-11-30; its temperature "from 0-1" is no limit
            ranges={
                "presence_penalty": (-2, 2),
                "frequency_penalty": (-2, 2),
                "logprobs": (0, 20),
            },
            unsupported=unsupported_by("together", "metadata", "parallel_tool_calls"),
            logprobs_is_count=True,
            # docs.together.ai, Reasoning models: always, switched, or with an effort; gpt-oss refuses none and max, DeepSeek V4 has
            # high and max (litellm#38263); read 2026-11-30
            profiles=(
                *profiles_of(
                    ("gpt-oss",),
                    reasoning="always",
                    efforts=("low", "medium", "high"),
                    traits={"reasoning_style": "effort"},
                ),
                *profiles_of(
                    ("DeepSeek-V4",), efforts=("none", "high", "max"), traits={"effort_words": {}}
                ),
                *profiles_of(
                    ("MiniMax-M2", "DeepSeek-R1", "Kimi-K2-Thinking"),
                    reasoning="always",
                    traits={"reasoning_style": "none"},
                ),
            ),
            reasoning_style="reasoning_enabled",
            effort_words={"minimal": "low", "xhigh": "high", "max": "high"},
            reasoning_replay="reasoning",
            tool_strict=False,
            refusal_key=False,
            videos=True,
            image_detail=False,
            document_form="none",
        ),
        source="docs.together.ai and together 3.1.1, read 2026-11-20",
    ),
    make_batch=_make_batch,
)
