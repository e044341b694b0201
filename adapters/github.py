"""GitHub Models. The service was retired on 30 July 2026; this reads gateways and recordings with its API.

Docs: docs.github.com/rest/models/inference; pydantic-ai providers/github.py; read 2026-11-20.
"""

import msgspec

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import unsupported_by
from llm_pure.adapters.shared.openai_models import LIMITS, RULES
from llm_pure.types.errors import ContextLengthExceeded, NotFound, RateLimited
from llm_pure.types.operations import EmbedLimit

_LIMIT = {"max_tokens_key": "max_completion_tokens"}

PROVIDER = openai_chat.provider(
    name="github",
    base_url="https://models.github.ai/inference",
    api_key_env=("GITHUB_TOKEN", "GITHUB_API_KEY"),
    embeddings=True,
    embed_limits=(
        EmbedLimit(max_texts=2048, source="OpenAI's models, unconfirmed for this host, 2026-11-20"),
    ),
    quirks=openai_chat.Quirks(
        **LIMITS,
        unsupported=unsupported_by(
            "github",
            "n",
            "logprobs",
            "top_k",
            "repetition_penalty",
            "metadata",
            "parallel_tool_calls",
        ),
        profiles=tuple(
            [
                rule
                if rule.reasoning == "none"
                else msgspec.structs.replace(rule, traits={**rule.traits, **_LIMIT})
                for rule in RULES
            ]
        ),
        reasoning_style="effort",
        json_word=True,
        error_codes={
            "unknown_model": NotFound,
            "unavailable_model": NotFound,
            "tokens_limit_reached": ContextLengthExceeded,
            "RateLimitReached": RateLimited,
        },
    ),
    source="docs.github.com/rest/models/inference, read 2026-11-20",
)
