"""xAI (Grok). Reasoning tokens are not part of completion_tokens, and errors may have status 200.

Docs: docs.x.ai; vercel/ai packages/xai; pydantic-ai profiles/grok.py; read 2026-11-20.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import unsupported_by
from llm_pure.adapters.dialects.openai_media import ImageQuirks, MediaQuirks, with_media
from llm_pure.core.adaptations import ModelProfile, Word
from llm_pure.core.provider import Provider
from llm_pure.schema.profiles import XAI
from llm_pure.types.errors import Overloaded

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi

_SOURCE = (
    "vercel/ai packages/xai, read 2026-11-20; efforts: pydantic-ai-slim 2.68.0 profiles/grok.py (live checks: 4.5 and"
    " later refuse none, 4.7 takes xhigh), read 2026-11-29; docs.x.ai, REST: what reasoning models refuse, read 2026-11-30"
)
_REFUSED: Mapping[str, str] = dict.fromkeys(
    ("stop", "presence_penalty", "frequency_penalty"), "Grok's reasoning models refuse it"
)

_NO_PRESENCE = {"presence_penalty": "grok-3 refuses it"}
_NO_PENALTIES: Mapping[str, str] = dict.fromkeys(
    ("presence_penalty", "frequency_penalty"), "Grok refuses it from 4.1 on"
)
"""\"Model xxx does not support parameter presencePenalty": grok-3 (uni-api#105), grok-4-1-fast-non-reasoning (lobehub#13332),
grok-4.20-0309-non-reasoning and all newer ones (NativeTavern#83); QuantumNous/new-api#6081 leaves out both. Read 2026-11-30."""


def _model(
    prefix: str,
    reasoning: Literal["none", "on", "always"],
    efforts: tuple[str, ...] = (),
    *,
    refused: Mapping[str, str] = MappingProxyType({}),
    is_fallback: bool = False,
) -> ModelProfile:
    """A profile. A model without efforts rejects fields that control reasoning."""
    return ModelProfile(
        prefix=prefix,
        unsupported=refused if reasoning == "none" else _REFUSED,
        reasoning=reasoning,
        efforts=efforts,
        traits={} if efforts else {"reasoning_style": "none"},
        is_fallback=is_fallback,
        source=_SOURCE,
    )


_UP_TO_HIGH = ("low", "medium", "high")

_CHAT = openai_chat.provider(
    name="xai",
    base_url="https://api.x.ai/v1",
    api_key_env=("XAI_API_KEY",),
    list_models=True,
    quirks=openai_chat.Quirks(
        # docs.x.ai, REST, chat_get_completion, and xai_sdk 1.21.0, chat.py: stop up to 4, the ranges, "A max of 128 functions",
        # parallel_tool_calls, user, no other settings; service_tier is of the SDK; read 2026-11-30
        max_stop_sequences=4,
        max_tools=128,
        ranges={
            "temperature": (0, 2),
            "presence_penalty": (-2, 2),
            "frequency_penalty": (-2, 2),
            "logprobs": (0, 8),
        },
        options={
            "user": "user",
            "service_tier": Word(
                path="service_tier",
                values=frozenset({"default", "priority"}),
                source="docs.x.ai, Priority Processing, read 2026-11-30",
            ),
        },
        # docs.x.ai, Image understanding: jpg/jpeg or png, read 2026-11-30
        image_types=frozenset({"image/png", "image/jpeg"}),
        max_tokens_key="max_completion_tokens",
        unsupported=unsupported_by("xai", "top_k", "repetition_penalty", "metadata"),
        profiles=(
            _model("grok-4.20-0309-non-reasoning", "none", refused=_NO_PENALTIES),
            _model("grok-4.20-non-reasoning", "none", refused=_NO_PENALTIES),
            _model("grok-4.20", "on"),
            _model("grok-4.3", "on", ("none", *_UP_TO_HIGH)),
            _model("grok-latest", "on", ("none", *_UP_TO_HIGH)),
            _model("grok-4.5", "always", _UP_TO_HIGH),
            _model("grok-4.6", "always", _UP_TO_HIGH),
            _model("grok-build", "always", _UP_TO_HIGH),
            _model("grok-4.", "always", (*_UP_TO_HIGH, "xhigh")),
            _model("grok-4-fast-non-reasoning", "none"),
            _model("grok-4-1-fast-non-reasoning", "none", refused=_NO_PENALTIES),
            _model("grok-4", "always"),
            _model("grok-3-mini", "always", ("low", "high")),
            _model("grok-code", "always"),
            _model("grok-3", "none", refused=_NO_PRESENCE),
            _model("grok-2", "none"),
            _model("grok-", "always", (*_UP_TO_HIGH, "xhigh"), is_fallback=True),
        ),
        reasoning_style="effort",
        tool_strict=False,
        schemas=XAI,
        empty_content="",  # null beside tool_calls is refused by some versions
        refusal_key=False,
        error_codes={"The service is currently unavailable": Overloaded},
    ),
    source="docs.x.ai and vercel/ai packages/xai, read 2026-11-20",
)

_IMAGES = ImageQuirks(
    unsupported={
        "size": "xAI has no size; extra may hold aspect_ratio and resolution",
        **unsupported_by("xai", "style", "background", "output_format"),
    },
    edits=False,  # its /images/edits takes JSON (docs.x.ai, read 2026-11-20), which is not supported yet
)


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.dialects.openai_chat.batch_pages import paged_batches  # late
    from llm_pure.core.batch_api import BatchLimits

    limits = BatchLimits(
        max_bytes=25_000_000,
        discount=0.5,
        one_model=False,
        source="docs.x.ai; xai-sdk 1.21.0, by wire/batch.md 11; 25 MB is the limit of one request, read 2026-11-29",
    )
    return paged_batches(provider, limits)


PROVIDER = replace(
    with_media(_CHAT, ("images",), quirks=MediaQuirks(images=_IMAGES)),
    make_batch=_make_batch,
)
