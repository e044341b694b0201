"""Volcengine Ark (Doubao and others): `model` is an endpoint id `ep-...` or a model name.

Docs: volcengine/volcengine-python-sdk of July 2026 and volcengine.com/docs/82379, "error codes"; read 2026-11-20.
"""

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import unconfirmed_for
from llm_pure.types.errors import ContentFiltered, NotFound, Overloaded, QuotaExceeded, RateLimited

PROVIDER = openai_chat.provider(
    name="ark",
    base_url="https://ark.cn-beijing.volces.com/api/v3",
    api_key_env=("ARK_API_KEY",),
    embeddings=True,
    quirks=openai_chat.Quirks(
        # as generally known on 2026-11-30, unconfirmed
        max_stop_sequences=4,
        options={
            "user": "user",
            "service_tier": "service_tier",
            "logit_bias": "logit_bias",
        },  # volcengine-ark-runtime 5.0.54, chat completions, read 2026-11-29
        reasoning_style="thinking_effort",
        effort_words={"xhigh": "high", "max": "high"},
        reasoning_replay="reasoning_content",
        unsupported={
            **unconfirmed_for("ark", "seed", "top_k", "metadata"),
        },
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
