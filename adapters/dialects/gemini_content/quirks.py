"""Differences between the services that speak generateContent, as data."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from llm_pure.core.adaptations import Word
from llm_pure.core.resolved_request import OptionField

OPTIONS: Mapping[str, OptionField] = {
    "service_tier": Word(
        path="serviceTier",
        values=frozenset(
            word
            for tier in ("unspecified", "flex", "standard", "priority")
            for word in (tier, tier.upper())
        ),
        source="google-genai 3.6.1, types.py, ServiceTier, read 2026-11-30",
    ),
    "cached_content": "cachedContent",
    "safety_settings": lambda settings: {
        "safetySettings": [
            {"category": category, "threshold": threshold}
            for category, threshold in settings.items()
        ]
    },
    "audio": lambda audio: {
        "generationConfig/responseModalities": ["AUDIO"],
        "generationConfig/speechConfig": {
            "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": audio.voice}}
        },
    },
    "modalities": lambda names: {
        "generationConfig/responseModalities": [name.upper() for name in names]
    },
}
"""Optional fields of ChatRequest. Source: google-genai 3.6.1, models.py, read 2026-11-29."""

EmbedForm: TypeAlias = Literal["batch", "content", "predict"]
"""How a model takes the request for vectors; see `embed`."""


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """How one service differs from the others of this dialect."""

    options: Mapping[str, OptionField] = msgspec.field(default_factory=lambda: OPTIONS)
    """The optional fields of ChatRequest that the service has."""
    unsupported: Mapping[str, str] = {}
    """Setting -> the reason why the service does not take it for models that can think."""
    tier_header: Word | None = None
    """The header that has the service tier, where the body may not."""
    several_candidates: bool = True
    """Models from Gemini 3 on answer with several candidates."""
    combines_hosted_tools: bool = False
    """Functions beside hosted tools need `includeServerSideToolInvocations`."""
    labels: bool = False
    """A request's metadata is sent, as `labels`."""
    files_url: str = ""
    """The URL before a file's id; "" for a service that stores no files."""
    result_urls: bool = True
    """Function responses may hold URLs of files."""
    media_type_required: bool = False
    """A file's URL is rejected without a media type."""
    count_wrapped: bool = False
    """The request whose tokens are counted is inside `generateContentRequest`."""
    embed_forms: tuple[tuple[str, EmbedForm], ...] = (("", "batch"),)
    """(model prefix, form); the first prefix that matches decides."""
    file_names: bool = False
    """A file's name is sent, as `displayName`."""


def model_path(model: str) -> str:
    """The resource name of a model: "models/..." unless it has a folder, as tuned models have."""
    return model if "/" in model else f"models/{model}"
