"""A provider with OpenAI's operations beside chat: pictures, speech, transcription, moderation."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Literal

import msgspec

from llm_pure.adapters.dialects.openai_media.images import ImageQuirks, build_images, parse_images
from llm_pure.adapters.dialects.openai_media.moderation import build_moderate, parse_moderate
from llm_pure.adapters.dialects.openai_media.speech import build_speech, parse_speech
from llm_pure.adapters.dialects.openai_media.speech_stream import open_speech
from llm_pure.adapters.dialects.openai_media.transcription import build_transcribe, parse_transcribe
from llm_pure.core.provider import Operation, Provider
from llm_pure.core.urls import UrlFor

Medium = Literal["images", "speech", "transcribe", "moderate"]

EVERYTHING: tuple[Medium, ...] = ("images", "speech", "transcribe", "moderate")


class MediaQuirks(msgspec.Struct, frozen=True, kw_only=True):
    """What a service that copies these operations does its own way.

    transcribe_refuses: fields of TranscriptionRequest that it lacks, and why. moderation_model: where it wants one named.
    """

    pictures: ImageQuirks = ImageQuirks()
    transcribe_refuses: Mapping[str, str] = MappingProxyType({})
    moderation_model: str = ""


def with_media(
    provider: Provider,
    url_for: UrlFor,
    media: tuple[Medium, ...] = EVERYTHING,
    quirks: MediaQuirks | None = None,
) -> Provider:
    """The provider, with those of the operations that the service has. locate: where they are."""
    name, own = provider.name, quirks or MediaQuirks()
    operations = {
        "images": Operation(
            partial(build_images, name, url_for, own.pictures), partial(parse_images, name)
        ),
        "speech": Operation(partial(build_speech, name, url_for), partial(parse_speech, name)),
        "transcribe": Operation(
            partial(build_transcribe, name, url_for, own.transcribe_refuses),
            partial(parse_transcribe, name),
        ),
        "moderate": Operation(
            partial(build_moderate, name, url_for, own.moderation_model),
            partial(parse_moderate, name),
        ),
    }
    chosen = {key: operations[key] for key in media}
    streamed = partial(open_speech, name) if "speech" in media else None
    return msgspec.structs.replace(provider, open_speech=streamed, **chosen)
