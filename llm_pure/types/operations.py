"""What is asked of providers beside chat: embeddings, and the count of a request's tokens."""

from typing import Literal, TypeAlias

import msgspec

from llm_pure.types.completion import Completion, JsonObject, Usage
from llm_pure.types.messages import Audio, Message


class EmbedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Texts to be turned into vectors.

    model: "" takes the configuration's. dimensions: the length of a vector, where the model lets one choose.
    task: what the vectors are for, in the provider's own words ("search_query", "RETRIEVAL_DOCUMENT" ...).
    encoding: "base64" has the vectors sent in a third of the bytes, where the provider can; they are floats all the same.
    extra: merged last into the body.
    """

    input: str | tuple[str, ...]
    model: str = ""
    dimensions: int | None = None
    task: str | None = None
    encoding: Literal["float", "base64"] | None = None
    extra: JsonObject | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The input as a tuple."""
        return (self.input,) if isinstance(self.input, str) else tuple(self.input)


class Embeddings(msgspec.Struct, frozen=True, kw_only=True):
    """One vector for each text, in the order of the texts."""

    vectors: tuple[tuple[float, ...], ...]
    model: str = ""
    provider: str = ""
    usage: Usage = Usage()
    extra: JsonObject = {}


class EmbedLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How much one call takes. prefix: of the models' names, "" for all others. None: nobody says so.

    tokens: of all texts together. source: where this is said, with its date.
    """

    max_texts: int | None = None
    max_tokens: int | None = None
    prefix: str = ""
    source: str = ""


class TokenCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many input tokens a request has. method: "provider", or how it was counted here, with which encoding."""

    input_tokens: int
    provider: str = ""
    method: str = "provider"
    encoding: str = ""
    extra: JsonObject = {}


class ImageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures to be made from words, from other pictures, or from both.

    images: what is edited as the prompt says; one picture without a prompt asks for variations of it. mask: where the first
    of them may change (transparent pixels of a PNG). model: "" takes the configuration's. size: "1024x1024" or the
    provider's own word. quality, style, background, output_format: as the model has them. response_format: "url" or
    "b64_json". extra: merged last into the body.
    """

    prompt: str = ""
    images: tuple[bytes, ...] = ()
    mask: bytes | None = None
    model: str = ""
    n: int | None = None
    size: str | None = None
    quality: str | None = None
    style: str | None = None
    background: str | None = None
    output_format: str | None = None
    response_format: Literal["url", "b64_json"] | None = None
    extra: JsonObject | None = None


class GeneratedImage(msgspec.Struct, frozen=True, kw_only=True):
    """A picture: its bytes, with the media type that they show, or where it can be fetched for a while.

    revised_prompt: what the provider made of the prompt.
    """

    data: bytes | None = None
    url: str | None = None
    media_type: str | None = None
    revised_prompt: str | None = None

    def __repr__(self) -> str:
        """Without the bytes, which may be millions."""
        return _shown(self)


class ImagesResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The pictures that were made, in order."""

    pictures: tuple[GeneratedImage, ...]
    model: str = ""
    provider: str = ""
    usage: Usage = Usage()
    extra: JsonObject = {}


class SpeechRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Words to be spoken. response_format: "mp3", "wav", "opus", "aac", "flac" or "pcm". speed: 1 is as people talk.

    stream_format: "audio", the bytes as they are, or "sse", events that also tell the usage.
    """

    input: str
    voice: str = "alloy"
    model: str = ""
    instructions: str | None = None
    response_format: str | None = None
    speed: float | None = None
    stream_format: Literal["audio", "sse"] | None = None
    extra: JsonObject | None = None


class Speech(msgspec.Struct, frozen=True, kw_only=True):
    """Sound. media_type: what the bytes show, else what the provider says. usage: where the provider tells it."""

    data: bytes
    media_type: str | None = None
    provider: str = ""
    usage: Usage = Usage()

    def __repr__(self) -> str:
        """Without the bytes, which may be millions."""
        return _shown(self)

    @property
    def completion(self) -> Completion:
        """The sound as the one part of an answer: so do errors carry what had come."""
        sound = Audio(data=self.data, media_type=self.media_type)
        message = Message("assistant", (sound,) if self.data else ())
        return Completion(provider=self.provider, message=message, usage=self.usage)


TranscriptionFormat: TypeAlias = Literal[
    "json", "text", "srt", "verbose_json", "vtt", "diarized_json"
]


class TranscriptionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Sound to be written down. filename: its ending is mended where the bytes show another kind.

    language: such as "en". prompt: words that help with names. timestamps: "word", "segment", for verbose_json.
    """

    audio: bytes
    filename: str | None = None
    model: str = ""
    language: str | None = None
    prompt: str | None = None
    temperature: float | None = None
    response_format: TranscriptionFormat | None = None
    timestamps: tuple[str, ...] = ()
    extra: JsonObject | None = None


class Transcription(msgspec.Struct, frozen=True, kw_only=True):
    """What was said. text: the words; of "srt" and "vtt" the whole file. format: as the answer shows it.

    segments, words: with their times, as the provider sent them.
    """

    text: str
    format: Literal["json", "text", "srt", "vtt"] = "json"
    language: str | None = None
    duration_s: float | None = None
    segments: tuple[JsonObject, ...] = ()
    words: tuple[JsonObject, ...] = ()
    provider: str = ""
    usage: Usage = Usage()
    extra: JsonObject = {}


class ModerationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Texts to be judged. model: "" leaves it to the provider, and not to the configuration, whose model chats."""

    input: str | tuple[str, ...]
    model: str = ""
    extra: JsonObject | None = None


class ModerationResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one text. categories, scores: under the provider's own names, "harassment/threatening" ..."""

    flagged: bool
    categories: dict[str, bool] = {}
    scores: dict[str, float] = {}
    extra: JsonObject = {}


class ModerationResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One judgement for each text, in the order of the texts."""

    results: tuple[ModerationResult, ...]
    id: str = ""
    model: str = ""
    provider: str = ""

    @property
    def flagged(self) -> bool:
        """Is anything wrong with any of them?"""
        return any(result.flagged for result in self.results)


class ListModelsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which models are there? page: what the page before this one said comes next; "" is the first."""

    page: str = ""


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One model. created_s: seconds since 1970. extra: what else the provider says of it."""

    id: str
    created_s: int | None = None
    owned_by: str | None = None
    extra: JsonObject = {}


class ModelPage(msgspec.Struct, frozen=True, kw_only=True):
    """The models that a provider lists, in its order. next_page: of ListModelsRequest; "" when this is all."""

    models: tuple[ModelInfo, ...]
    next_page: str = ""
    provider: str = ""


def _shown(value: msgspec.Struct) -> str:
    """The value's repr, with the length of its bytes in their place."""
    fields = [(name, getattr(value, name)) for name in value.__struct_fields__]
    told = [
        f"{name}=<{len(one):,} bytes>" if isinstance(one, bytes) else f"{name}={one!r}"
        for name, one in fields
    ]
    return f"{type(value).__name__}({', '.join(told)})"
