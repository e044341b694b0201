"""Volcengine Ark (Doubao and others): `model` is an endpoint id `ep-...` or a model name.

Docs: volcengine/volcengine-python-sdk of July 2026 and volcengine.com/docs/82379, "error codes"; read 2026-11-20.
"""

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import profiles_of, unsupported_by
from llm_pure.types.errors import ContentFiltered, NotFound, Overloaded, QuotaExceeded, RateLimited

PROVIDER = openai_chat.provider(
    name="ark",
    base_url="https://ark.cn-beijing.volces.com/api/v3",
    api_key_env=("ARK_API_KEY",),
    embeddings=True,
    quirks=openai_chat.Quirks(
        # volcengine-ark-runtime 5.0.54, types/chat/completion_create_params.py, read 2026-11-30
        max_stop_sequences=4,
        ranges={
            "logprobs": (0, 20),
            "temperature": (0, 2),
            "presence_penalty": (-2, 2),
            "frequency_penalty": (-2, 2),
        },
        options={
            "user": "user",
            "service_tier": "service_tier",
            "logit_bias": "logit_bias",
        },  # volcengine-ark-runtime 5.0.54, chat completions, read 2026-11-29
        # "Unsupported thinking type for the current model: disabled" (cherry-studio#7593), read 2026-11-30
        profiles=profiles_of(
            ("doubao-seed-1-6-thinking", "doubao-1-5-thinking"), reasoning="always"
        ),
        reasoning_style="thinking_effort",
        effort_words={"xhigh": "high", "max": "high"},
        reasoning_replay="reasoning_content",
        # resources/chat/completions.py of the same package: `create` has none of these
        unsupported=unsupported_by("ark", "seed", "top_k", "metadata"),
        refusal_key=False,
        videos=True,
        error_codes={
            "SensitiveContentDetected": ContentFiltered,
            "InputTextSensitiveContentDetected": ContentFiltered,
            "InputImageSensitiveContentDetected": ContentFiltered,
            "OutputTextSensitiveContentDetected": ContentFiltered,
            "AccountOverdueError": QuotaExceeded,
            "OperationDenied.ServiceOverdue": QuotaExceeded,
            "QuotaExceeded": QuotaExceeded,
            "SetLimitExceeded": QuotaExceeded,
            "InvalidEndpointOrModel": NotFound,
            "ModelNotOpen": NotFound,
            "RateLimitExceeded": RateLimited,
            "ServerOverloaded": Overloaded,
        },
    ),
    source="volcengine-python-sdk of July 2026, read 2026-11-20",
)
