"""The differences between providers of OpenAI's media operations, as data."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from llm_pure.core.service import Service


class ImageQuirks(msgspec.Struct, frozen=True, kw_only=True):
    """The differences of image generation."""

    names: Mapping[str, str] = MappingProxyType({})
    """Field of ImageRequest -> the provider's name of it."""
    unsupported: Mapping[str, str] = MappingProxyType({})
    """Field of ImageRequest -> the reason why it is dropped."""
    edits: bool = True
    """The provider can edit images."""


class MediaQuirks(msgspec.Struct, frozen=True, kw_only=True):
    """The differences of one provider."""

    images: ImageQuirks = ImageQuirks()
    transcription_unsupported: Mapping[str, str] = MappingProxyType({})
    """Field of TranscriptionRequest -> the reason why it is dropped."""
    transcription_formats: tuple[str, ...] | None = None
    """The formats that the provider has; None: those of OpenAI's models."""
    speech_unsupported: Mapping[str, str] = MappingProxyType({})
    """Field of SpeechRequest -> the reason why it is dropped."""
    moderation_model: str = ""
    """The default model, for providers that require one."""


NO_QUIRKS = MediaQuirks()

MediaService: TypeAlias = Service[MediaQuirks]
