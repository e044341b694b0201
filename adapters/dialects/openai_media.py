"""A provider with OpenAI's operations beside chat: pictures, speech, transcription, moderation, the list of models."""

from functools import partial
from typing import Literal

import msgspec

from llm_pure.adapters.dialects.openai_listings import (
    build_models,
    build_moderate,
    parse_models,
    parse_moderate,
)
from llm_pure.adapters.dialects.openai_pictures import (
    OPENAI,
    PictureQuirks,
    build_images,
    parse_images,
)
from llm_pure.adapters.dialects.openai_speech import build_speech, open_speech, parse_speech
from llm_pure.adapters.dialects.openai_transcription import build_transcribe, parse_transcribe
from llm_pure.endpoint import Locate
from llm_pure.provider import Operation, Provider

Medium = Literal["images", "speech", "transcribe", "moderate", "models"]

EVERYTHING: tuple[Medium, ...] = ("images", "speech", "transcribe", "moderate", "models")


def with_media(
    provider: Provider,
    locate: Locate,
    media: tuple[Medium, ...] = EVERYTHING,
    *,
    pictures: PictureQuirks = OPENAI,
) -> Provider:
    """The provider, with those of the operations that the service has. locate: where they are."""
    name = provider.name
    operations = {
        "images": Operation(
            partial(build_images, name, locate, pictures), partial(parse_images, name)
        ),
        "speech": Operation(partial(build_speech, name, locate), partial(parse_speech, name)),
        "transcribe": Operation(
            partial(build_transcribe, name, locate), partial(parse_transcribe, name)
        ),
        "moderate": Operation(partial(build_moderate, name, locate), partial(parse_moderate, name)),
        "models": Operation(partial(build_models, name, locate), partial(parse_models, name)),
    }
    chosen = {key: operations[key] for key in media}
    streamed = partial(open_speech, name) if "speech" in media else None
    return msgspec.structs.replace(provider, open_speech=streamed, **chosen)
