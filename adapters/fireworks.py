"""Fireworks AI: open models named `accounts/fireworks/models/...`. Batches need `account_id`.

Docs: docs.fireworks.ai; vercel/ai packages/fireworks; anomalyco/models.dev providers/fireworks-ai; read 2026-11-20.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import profiles_of
from llm_pure.core.adaptations import FieldRule
from llm_pure.core.provider import Provider
from llm_pure.core.urls import with_default_path

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi

_BASE_URL = "https://api.fireworks.ai/inference/v1"


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.dialects.openai_chat.batch_datasets import dataset_batches  # late
    from llm_pure.core.batch_api import BatchLimits

    limits = BatchLimits(
        max_bytes=150_000_000,  # of one upload; a dataset may be larger
        discount=0.5,
        source="docs.fireworks.ai, Batch API and Upload dataset files, by copies, read 2026-11-30; by wire/batch.md 10, read"
        " 2026-11-29",
    )
    return dataset_batches(provider, limits)


PROVIDER = replace(
    openai_chat.provider(
        name="fireworks",
        base_url=_BASE_URL,
        url_for=with_default_path("fireworks", _BASE_URL),
        api_key_env=("FIREWORKS_API_KEY",),
        base_url_env=("FIREWORKS_BASE_URL",),
        embeddings=True,
        quirks=openai_chat.Quirks(
            options={
                "user": "user",
                "service_tier": "service_tier",
                "prompt_cache_key": "prompt_cache_key",
                "logit_bias": "logit_bias",
                "prediction": lambda text: {"prediction": {"type": "content", "content": text}},
            },  # fireworks-ai 1.2.30, completion_create_params.py, read 2026-11-29
            # fireworks-ai 1.2.30, completion_create_params.py: "Up to 4 sequences", "Required range"; read 2026-11-30
            max_stop_sequences=4,
            ranges={
                "temperature": (0, 2),
                "n": (1, 128),
                "top_k": (0, 100),
                "presence_penalty": (-2, 2),
                "frequency_penalty": (-2, 2),
                "repetition_penalty": (0, 2),
                "logprobs": (0, 5),
            },
            rules=(
                FieldRule(
                    field="max_tokens",
                    setting="max_tokens",
                    excluded_by={"max_completion_tokens": ()},
                    reason="extra has max_completion_tokens, and the API refuses both",
                    source='fireworks-ai 1.2.30: "Cannot be specified together with max_tokens", read 2026-11-30',
                ),
            ),
            # anomalyco/models.dev#2132, probed live: neither can be switched off; read 2026-11-30
            profiles=profiles_of(
                ("gpt-oss", "minimax-m2"), reasoning="always", efforts=("low", "medium", "high")
            ),
            reasoning_style="effort_or_budget",
            effort_words={"minimal": "low", "xhigh": "high", "max": "high"},
            budget_bounds=(1024, 10**9),
            reasoning_replay="reasoning_content",
            tool_strict=False,
            refusal_key=False,
        ),
        source="docs.fireworks.ai and vercel/ai packages/fireworks, read 2026-11-20",
    ),
    make_batch=_make_batch,
    env_vars={"account_id": ("FIREWORKS_ACCOUNT_ID",)},
)
