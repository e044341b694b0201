"""Perplexity (Sonar): responses based on a web search, with citations in `extra`; reasoning models put <think> tags in the text.

Docs: docs.perplexity.ai; perplexityai 0.46.1 (PyPI); vercel/ai packages/perplexity; read 2026-11-20.
"""

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.common.turn_rules import TurnRules
from llm_pure.adapters.dialects.openai_chat import profiles_of, unsupported_by
from llm_pure.core.adaptations import FieldRule, ModelProfile
from llm_pure.types.errors import NotFound

_SOURCE = "docs.perplexity.ai and perplexityai 0.46.1, read 2026-11-20"
_EFFORTS = ("minimal", "low", "medium", "high")

PROVIDER = openai_chat.provider(
    name="perplexity",
    base_url="https://api.perplexity.ai",
    api_key_env=("PERPLEXITY_API_KEY",),
    base_url_env=("PERPLEXITY_BASE_URL",),
    quirks=openai_chat.Quirks(
        unsupported={
            **unsupported_by("perplexity", "tools", "logprobs", "repetition_penalty", "metadata"),
            # perplexityai 0.46.1, types/chat/completion_create_params.py: it has n and stop, and no seed; read 2026-11-30
            **unsupported_by("perplexity", "seed"),
        },
        # docs.perplexity.ai, chat completions, read 2026-11-30; temperature is below 2
        ranges={
            "temperature": (0, 1.99),
            "top_k": (0, 2048),
            "presence_penalty": (-2, 2),
            "frequency_penalty": (0, 2),
        },
        rules=(
            FieldRule(
                field="frequency_penalty",
                setting="frequency_penalty",
                excluded_by={"presence_penalty": ()},
                reason="it cannot stand beside presence_penalty",
                source='docs.perplexity.ai, chat completions: "Incompatible with presence_penalty", read 2026-11-30',
            ),
        ),
        profiles=(
            *profiles_of(
                ("sonar-reasoning", "sonar-deep-research"),
                reasoning="always",
                efforts=_EFFORTS,
                source=_SOURCE,
            ),
            ModelProfile(prefix="sonar", reasoning="none", source=_SOURCE),
        ),
        reasoning_style="effort",
        json_formats=("json_schema",),
        turns=TurnRules(alternating=True, first_is_user=True, final_assistant="refused"),
        message_names=False,
        refusal_key=False,
        image_detail=False,
        document_form="file_url",
        include_usage=False,
        error_codes={"invalid_model": NotFound},  # lobehub issue 3280, read 2026-11-29
        think_tags=True,
    ),
    source=_SOURCE,
)
