"""OpenAI's operations beside chat: images, speech, transcription, moderation."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

from msgspec.structs import replace

from llm_pure.adapters.dialects.openai_media.quirks import (
    NO_QUIRKS,
    ImageQuirks,
    MediaQuirks,
    MediaService,
)
from llm_pure.core.dialect import late_operation, operation
from llm_pure.core.provider import Operation, Provider, SpeechDecoder
from llm_pure.core.service import Service
from llm_pure.core.urls import UrlFor, under_base_url
from llm_pure.types.http import ResponseHead
from llm_pure.types.operations import (
    ImageRequest,
    ImagesResponse,
    ModerationRequest,
    ModerationResponse,
    Speech,
    SpeechRequest,
    Transcription,
    TranscriptionRequest,
)

Medium = Literal["images", "speech", "transcribe", "moderate"]

EVERYTHING: tuple[Medium, ...] = ("images", "speech", "transcribe", "moderate")


def with_media(
    provider: Provider,
    media: tuple[Medium, ...] = EVERYTHING,
    *,
    url_for: UrlFor | None = None,
    quirks: MediaQuirks = NO_QUIRKS,
) -> Provider:
    """The provider with these operations, at the URLs of `url_for`, or below its base URL. They are imported when called."""
    name, base_url = provider.name, provider.base_url
    service = Service(
        name=name,
        base_url=base_url,
        url_for=url_for or under_base_url(name, base_url),
        quirks=quirks,
    )
    operations = {
        medium: late_operation(partial(load, service)) for medium, load in _OPERATIONS.items()
    }
    return replace(
        provider,
        open_speech=partial(_open_speech, service) if "speech" in media else None,
        **{medium: operations[medium] for medium in media},
    )


def _images(service: MediaService) -> Operation[ImageRequest, ImagesResponse]:
    from llm_pure.adapters.dialects.openai_media import images  # imported late: start-up

    return operation(service, images.build_images, images.parse_images)


def _speech(service: MediaService) -> Operation[SpeechRequest, Speech]:
    from llm_pure.adapters.dialects.openai_media import speech  # imported late: start-up

    return operation(service, speech.build_speech, speech.parse_speech)


def _open_speech(service: MediaService, head: ResponseHead) -> SpeechDecoder:
    from llm_pure.adapters.dialects.openai_media import speech_stream  # imported late: start-up

    return speech_stream.open_speech(service, head)


def _transcribe(service: MediaService) -> Operation[TranscriptionRequest, Transcription]:
    from llm_pure.adapters.dialects.openai_media import transcription  # imported late: start-up

    return operation(service, transcription.build_transcribe, transcription.parse_transcribe)


def _moderate(service: MediaService) -> Operation[ModerationRequest, ModerationResponse]:
    from llm_pure.adapters.dialects.openai_media import moderation  # imported late: start-up

    return operation(service, moderation.build_moderate, moderation.parse_moderate)


_OPERATIONS: Mapping[Medium, Callable[[MediaService], Operation[Any, Any]]] = {
    "images": _images,
    "speech": _speech,
    "transcribe": _transcribe,
    "moderate": _moderate,
}

__all__ = ["ImageQuirks", "MediaQuirks", "with_media"]
