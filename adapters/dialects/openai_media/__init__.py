"""OpenAI's operations beside chat: images, speech, transcription, moderation."""

from functools import partial
from typing import Literal

from msgspec.structs import replace

from llm_pure.adapters.dialects.openai_media.images import build_images, parse_images
from llm_pure.adapters.dialects.openai_media.moderation import build_moderate, parse_moderate
from llm_pure.adapters.dialects.openai_media.quirks import NO_QUIRKS, ImageQuirks, MediaQuirks
from llm_pure.adapters.dialects.openai_media.speech import build_speech, parse_speech
from llm_pure.adapters.dialects.openai_media.speech_stream import open_speech
from llm_pure.adapters.dialects.openai_media.transcription import build_transcribe, parse_transcribe
from llm_pure.core.dialect import Service, operation
from llm_pure.core.provider import Provider
from llm_pure.core.urls import UrlFor, under_base_url

Medium = Literal["images", "speech", "transcribe", "moderate"]

EVERYTHING: tuple[Medium, ...] = ("images", "speech", "transcribe", "moderate")


def with_media(
    provider: Provider,
    media: tuple[Medium, ...] = EVERYTHING,
    *,
    url_for: UrlFor | None = None,
    quirks: MediaQuirks = NO_QUIRKS,
) -> Provider:
    """The provider with these operations, at the URLs of `url_for`, or below its base URL."""
    name, base_url = provider.name, provider.base_url
    service = Service(
        name=name,
        base_url=base_url,
        url_for=url_for or under_base_url(name, base_url),
        quirks=quirks,
    )
    operations = {
        "images": operation(service, build_images, parse_images),
        "speech": operation(service, build_speech, parse_speech),
        "transcribe": operation(service, build_transcribe, parse_transcribe),
        "moderate": operation(service, build_moderate, parse_moderate),
    }
    return replace(
        provider,
        open_speech=partial(open_speech, service) if "speech" in media else None,
        **{medium: operations[medium] for medium in media},
    )


__all__ = ["EVERYTHING", "ImageQuirks", "MediaQuirks", "Medium", "with_media"]
