"""Moonshot AI (Kimi), the international service; use base_url https://api.moonshot.cn/v1 for the one in China.

Docs: platform.moonshot.ai; vercel/ai packages/moonshotai (checked live by its authors); pydantic-ai
providers/moonshotai.py; read 2026-11-20.
"""

from msgspec.structs import replace

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.common.turn_rules import TurnRules
from llm_pure.adapters.dialects.openai_chat import unconfirmed_for, unsupported_by
from llm_pure.core.adaptations import ModelProfile
from llm_pure.schema.profiles import MOONSHOT, MOONSHOT_TOOL_NAME
from llm_pure.types.errors import (
    AuthenticationFailed,
    NotFound,
    Overloaded,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
)

_FIXED: dict[str, str] = dict.fromkeys(
    ("temperature", "top_p", "presence_penalty", "frequency_penalty"),
    "kimi models fix it; other values are refused",
)
_PAGE = (
    "platform.kimi.com, OpenAPI, MoonshotV1ChatRequest: one result where the temperature is close to 0;"
    " read 2026-11-30"
)
_SOURCE = "vercel/ai packages/moonshotai, pydantic-ai providers/moonshotai.py, read 2026-11-20"


def _kimi(
    prefix: str, reasoning: str, style: str = "thinking", efforts: tuple[str, ...] = ()
) -> ModelProfile:
    return ModelProfile(
        prefix=prefix,
        unsupported=_FIXED,
        unsupported_while_reasoning={"n": "only one choice while it reasons"},
        reasoning="always" if reasoning == "always" else "on" if reasoning == "on" else "none",
        efforts=efforts,
        traits={"reasoning_style": style, "replay_required": reasoning != "none"},
        source=_SOURCE,
    )


PROVIDER = openai_chat.provider(
    name="moonshot",
    base_url="https://api.moonshot.ai/v1",
    api_key_env=("MOONSHOT_API_KEY", "MOONSHOTAI_API_KEY", "KIMI_API_KEY"),
    list_models=True,
    quirks=openai_chat.Quirks(
        # platform.kimi.com, OpenAPI, ChatRequestBase and MoonshotV1ChatRequest, read 2026-11-30: stop, tools, strict, ranges
        max_stop_sequences=5,
        max_stop_length=(32, "bytes"),
        max_tools=128,
        ranges={"presence_penalty": (-2, 2), "frequency_penalty": (-2, 2)},
        # no other choice: in public code for it, read 2026-11-30
        tool_choice_values={"auto": "auto", "none": "none"},
        options={"user": "safety_identifier", "prompt_cache_key": "prompt_cache_key"},
        unsupported={
            **unsupported_by("moonshot", "seed", "top_k"),
            **unconfirmed_for("moonshot", "logprobs", "repetition_penalty", "metadata"),
        },
        profiles=(
            _kimi("kimi-k3", "always", "effort", ("low", "high", "max")),
            _kimi("kimi-k2.7-code", "always"),
            _kimi("kimi-k2.6", "on"),
            _kimi("kimi-k2.5", "on"),
            _kimi("kimi-k2-thinking", "always", "none"),
            _kimi("kimi-k2", "none"),
            replace(_kimi("kimi-", "always", "effort", ("low", "high", "max")), is_fallback=True),
            ModelProfile(
                prefix="moonshot-v1",
                reasoning="none",
                ranges={"temperature": (0, 1), "n": (1, 5)},
                traits={"greedy_excludes": ("n",)},
                source=_PAGE,
            ),
        ),
        reasoning_style="thinking",
        reasoning_replay="reasoning_content",
        forced_tool_with_reasoning=False,
        refusal_key=False,
        schemas=MOONSHOT,
        strict_schemas=MOONSHOT,
        tool_name=MOONSHOT_TOOL_NAME,
        fetches_images=False,
        document_form="none",  # its files are read by its Files API alone (platform.kimi.com, by felinics/twilight#46), read 2026-11-30
        videos=True,
        turns=TurnRules(
            final_assistant="partial",
            left_out_if_empty=frozenset({"system", "user", "assistant"}),  # kimi-code#1985
            reasoning_alone=False,  # opencode#37887 (Kimi K3), read 2026-11-29
        ),
        image_file_scheme="ms://",
        error_codes={
            "exceeded_current_quota_error": QuotaExceeded,
            "engine_overloaded_error": Overloaded,
            "rate_limit_reached_error": RateLimited,
            "resource_not_found_error": NotFound,
            "permission_denied_error": PermissionDenied,
            "incorrect_api_key_error": AuthenticationFailed,  # platform.kimi.ai, "Errors", read 2026-11-29
        },
    ),
    source="platform.moonshot.ai and vercel/ai packages/moonshotai, read 2026-11-20",
)
