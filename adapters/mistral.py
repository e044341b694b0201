"""Mistral AI (La Plateforme): reasoning is a part of the content, tool call ids are nine letters and digits.

Unknown fields cause a 422, so only the fields of mistralai's own types are sent.
Docs: mistralai 3.7.0 (PyPI), client/models/chatcompletionrequest.py; traffic recorded by pydantic-ai; read 2026-11-20.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.common.turn_rules import CallIds, TurnRules
from llm_pure.adapters.dialects.openai_chat import profiles_of, unsupported_by
from llm_pure.adapters.dialects.openai_media import MediaQuirks, with_media
from llm_pure.core.adaptations import ModelProfile, Word
from llm_pure.core.provider import Provider
from llm_pure.types.errors import NotFound
from llm_pure.types.operations import EmbedLimit

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi

_NO_REASONING = (
    "codestral", "devstral", "ministral", "pixtral", "voxtral", "open-mistral", "open-mixtral",
)  # fmt: skip

_OLDER = (
    "mistral-large", "mistral-saba", "mistral-nemo", "mistral-tiny", "mistral-medium-2505", "mistral-medium-2508",
    "mistral-small-2402", "mistral-small-2409", "mistral-small-2501", "mistral-small-2503", "mistral-small-2506",
)  # fmt: skip

_CHAT = openai_chat.provider(
    name="mistral",
    base_url="https://api.mistral.ai/v1",
    api_key_env=("MISTRAL_API_KEY",),
    embeddings=True,
    embed_limits=(
        EmbedLimit(
            max_texts=32, source="vercel/ai packages/mistral, maxEmbeddingsPerCall, read 2026-11-20"
        ),
    ),
    embed_names={"dimensions": "output_dimension", "encoding": "encoding_format"},
    list_models=True,
    quirks=openai_chat.Quirks(
        options={
            "service_tier": Word(
                path="service_tier",
                values=frozenset({"auto", "standard_only"}),
                source="mistralai 3.7.0, requestedservicetier.py, read 2026-11-30",
            ),
            "prompt_cache_key": "prompt_cache_key",
            "prediction": lambda text: {"prediction": {"type": "content", "content": text}},
        },  # mistralai 3.7.0, chatcompletionrequest.py, read 2026-11-29
        # the service's 400 "top_p must be 1 when using greedy sampling." (devoxx/DevoxxGenieIDEAPlugin#338) is the text of vLLM's
        # SamplingParams, which has the same for n; read 2026-11-30
        greedy_excludes=("top_p", "n"),
        renames={"seed": "random_seed"},
        # docs.mistral.ai, chat completions: the penalties; "Input should be less than or equal to 1.5" is the service's 422 for
        # temperature (in public code and logs); the seed as generally known, unconfirmed; read 2026-11-30
        ranges={
            "seed": (0, 2**63 - 1),
            "temperature": (0, 1.5),
            "top_p": openai_chat.VLLM_TOP_P,
            "presence_penalty": (-2, 2),
            "frequency_penalty": (-2, 2),
        },
        profiles=(
            ModelProfile(
                prefix="magistral",
                reasoning="always",
                traits={"reasoning_style": "prompt_mode"},
                source="mistralai 3.7.0, prompt_mode; pydantic-ai cassettes, read 2026-11-20",
            ),
            *profiles_of(
                _OLDER,
                reasoning="none",
                traits={"reasoning_replay": None},
                source="docs.mistral.ai: adjustable reasoning is of small 4 and medium 3.5 alone (vercel/ai#20587,"
                " truefoundry/models#488), read 2026-11-30",
            ),
            ModelProfile(
                prefix="mistral-",
                reasoning="off",
                efforts=("none", "high"),
                source="pydantic-ai models/mistral.py: none or high in practice, read 2026-11-20",
            ),
            *profiles_of(
                _NO_REASONING,
                reasoning="none",
                traits={"reasoning_replay": None},
                source='docs.mistral.ai, read 2026-11-20; "Reasoning input is not enabled for this model" (mistralai/mistral-vibe#758,'
                " suitenumerique/conversations#402), read 2026-11-30",
            ),
        ),
        reasoning_style="effort",
        reasoning_replay="thinking_parts",
        tool_choice_values={"auto": "auto", "required": "any", "named": "named"},
        empty_content="",
        turns=TurnRules(
            after_results="nothing",
            final_assistant="prefix_required",
            call_ids=CallIds(nine_characters=True, description="nine letters and digits"),
        ),
        message_names=False,
        tool_names=True,
        refusal_key=False,
        document_form="document_url",
        audio_as_base64_string=True,
        include_usage=False,
        done_required=True,
        error_codes={"invalid_model": NotFound},
    ),
    source="mistralai 3.7.0 and pydantic-ai models/mistral.py, read 2026-11-20",
)


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.dialects.openai_chat.batch_jobs import batch_jobs  # late
    from llm_pure.core.batch_api import BatchLimits

    limits = BatchLimits(
        max_requests=1_000_000,
        max_bytes=512_000_000,
        inline_bytes=10_000_000,  # no limit is stated
        discount=0.5,
        source="docs.mistral.ai, batch; mistralai 3.7.0, by wire/batch.md 7, read 2026-11-29",
    )
    return batch_jobs(provider, limits)


PROVIDER = replace(
    with_media(
        _CHAT,
        ("transcribe", "moderate"),
        quirks=MediaQuirks(
            transcription_unsupported=unsupported_by("mistral", "prompt", "response_format"),
            moderation_model="mistral-moderation-latest",
        ),
    ),
    make_batch=_make_batch,
)
