"""Requests and results besides chat: embeddings, token counts, images, speech, transcription, moderation, model lists."""

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

import msgspec

from llm_pure.types.completion import Completion, JsonObject, Usage
from llm_pure.types.messages import Audio, Message, SafeRepr, safe_repr


class EmbedRequest(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """Texts to embed as vectors."""

    input: str | tuple[str, ...]
    model: str = ""
    """The empty string takes the configuration's."""
    dimensions: int | None = None
    """The length of a vector, for models where it can be chosen."""
    task: str | None = None
    """The purpose of the vectors, in the provider's terms ("search_query", "RETRIEVAL_DOCUMENT" ...)."""
    encoding: Literal["float", "base64"] | None = None
    """Encoding on the wire: "base64" takes a third of the bytes. The result holds floats either way."""
    extra: JsonObject | None = None
    """Merged last into the body."""

    @property
    def texts(self) -> tuple[str, ...]:
        """The input as a tuple."""
        return (self.input,) if isinstance(self.input, str) else tuple(self.input)


class Embeddings(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """One vector per text, in the order of the texts."""

    vectors: tuple[tuple[float, ...], ...]
    model: str = ""
    provider: str = ""
    usage: Usage = Usage()
    extra: JsonObject = {}


class EmbedLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Upper bounds of one embedding call; None: not documented."""

    max_texts: int | None = None
    max_tokens: int | None = None
    """All texts together."""
    prefix: str = ""
    """Applies to models whose names begin with it."""
    source: str = ""
    """Where the limit is documented, with the date."""


class TokenCount(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """The number of input tokens of a request."""

    input_tokens: int
    provider: str = ""
    method: str = "provider"
    """Either "provider", or the local method, with its `encoding`."""
    encoding: str = ""
    extra: JsonObject = {}


class ImageRequest(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """Images to generate from text, from other images, or from both."""

    prompt: str = ""
    images: tuple[bytes, ...] = ()
    """Images to edit as the prompt describes; a single image without a prompt requests variations."""
    mask: bytes | None = None
    """The editable area of the first image: transparent pixels of a PNG."""
    model: str = ""
    """The empty string takes the configuration's."""
    n: int | None = None
    size: str | None = None
    """Such as "1024x1024", or the provider's own value."""
    quality: str | None = None
    style: str | None = None
    background: str | None = None
    output_format: str | None = None
    response_format: Literal["url", "b64_json"] | None = None
    extra: JsonObject | None = None
    """Merged last into the body."""


class _Media(msgspec.Struct, frozen=True, kw_only=True):
    """A result with bytes; its repr shows their number only."""

    def __repr__(self) -> str:
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        fields = [
            f"{name}=<{len(value):,} bytes>"
            if isinstance(value, bytes)
            else f"{name}={safe_repr(value)}"
            for name, value in values.items()
        ]
        return f"{type(self).__name__}({', '.join(fields)})"


class GeneratedImage(_Media, frozen=True, kw_only=True):
    """A generated image: its bytes, or a URL that is valid for a while."""

    data: bytes | None = None
    url: str | None = None
    media_type: str | None = None
    """Detected from the bytes."""
    revised_prompt: str | None = None
    """The prompt as the provider rewrote it."""


class ImagesResponse(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """The generated images, in order."""

    images: tuple[GeneratedImage, ...]
    model: str = ""
    provider: str = ""
    usage: Usage = Usage()
    extra: JsonObject = {}


class SpeechRequest(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """Text to convert to speech."""

    input: str
    voice: str = "alloy"
    model: str = ""
    instructions: str | None = None
    response_format: str | None = None
    """One of "mp3", "wav", "opus", "aac", "flac", "pcm"."""
    speed: float | None = None
    """1 is normal."""
    stream_format: Literal["audio", "sse"] | None = None
    """With "audio" only the bytes are streamed, with "sse" events that also report the usage."""
    extra: JsonObject | None = None


class Speech(_Media, frozen=True, kw_only=True):
    """Generated audio."""

    data: bytes
    media_type: str | None = None
    """Detected from the bytes, else the response's content type."""
    provider: str = ""
    usage: Usage = Usage()

    @property
    def completion(self) -> Completion:
        """The audio as the only part of a Completion: the `partial` of an error."""
        audio = Audio(data=self.data, media_type=self.media_type)
        message = Message("assistant", (audio,) if self.data else ())
        return Completion(provider=self.provider, message=message, usage=self.usage)


TranscriptionFormat: TypeAlias = Literal[
    "json", "text", "srt", "verbose_json", "vtt", "diarized_json"
]


class FilePath(Protocol):
    """A path of a file, such as pathlib.Path."""

    def __fspath__(self) -> str: ...


class TranscriptionRequest(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """Audio to transcribe."""

    audio: bytes
    filename: str | None = None
    """Its extension is corrected if the bytes are of another type."""
    model: str = ""
    language: str | None = None
    """Such as "en"."""
    prompt: str | None = None
    """Text that helps to spell names."""
    temperature: float | None = None
    response_format: TranscriptionFormat | None = None
    timestamps: tuple[str, ...] = ()
    """Any of "word", "segment"; for verbose_json."""
    extra: JsonObject | None = None


class Transcription(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """The text of a recording."""

    text: str
    """The text; for "srt" and "vtt" the complete file."""
    format: Literal["json", "text", "srt", "vtt"] = "json"
    """Detected from the response."""
    language: str | None = None
    duration_s: float | None = None
    segments: tuple[JsonObject, ...] = ()
    """With timestamps, as the provider sent them; as are `words`."""
    words: tuple[JsonObject, ...] = ()
    provider: str = ""
    usage: Usage = Usage()
    extra: JsonObject = {}


class ModerationRequest(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """Texts to classify."""

    input: str | tuple[str, ...]
    model: str = ""
    """The empty string takes the provider's default; the configuration's model is a chat model."""
    extra: JsonObject | None = None


class ModerationResult(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """The classification of one text; categories under the provider's names, such as "harassment/threatening"."""

    flagged: bool
    categories: dict[str, bool] = {}
    scores: dict[str, float] = {}
    extra: JsonObject = {}


class ModerationResponse(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """One result per text, in the order of the texts."""

    results: tuple[ModerationResult, ...]
    id: str = ""
    model: str = ""
    provider: str = ""
    usage: Usage = Usage()
    extra: JsonObject = {}

    @property
    def flagged(self) -> bool:
        """True if any text is flagged."""
        return any(result.flagged for result in self.results)


class ListModelsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request for one page of the provider's models."""

    page: str = ""
    """`next_page` of the page before; "" is the first."""


class ModelInfo(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """One model of a provider."""

    id: str
    created_s: int | None = None
    """Seconds since 1970."""
    owned_by: str | None = None
    extra: JsonObject = {}


class ModelPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of models, in the provider's order."""

    models: tuple[ModelInfo, ...]
    next_page: str = ""
    """The next `ListModelsRequest.page`; "" on the last page."""
    provider: str = ""


ImageInput: TypeAlias = ImageRequest | str
SpeechInput: TypeAlias = SpeechRequest | str
TranscribeInput: TypeAlias = TranscriptionRequest | bytes | FilePath
"""A request, the audio's bytes, or a Path of its file, which the client reads."""
ModerateInput: TypeAlias = ModerationRequest | str | Sequence[str]
