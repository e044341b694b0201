"""What an adapter is: a `Provider`, a value made of pure functions."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import msgspec

from llm_pure.core.adaptations import Adaptation
from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.media_operations import (
    ImageRequest,
    ImagesResponse,
    ListModelsRequest,
    ModelPage,
    ModerationRequest,
    ModerationResponse,
    Speech,
    SpeechRequest,
    Transcription,
    TranscriptionRequest,
)
from llm_pure.types.operations import Embeddings, EmbedLimit, EmbedRequest, TokenCount
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import LLMResult

Q = TypeVar("Q")
A = TypeVar("A")


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is ready but for its credentials: there is no secret in it.

    adaptations: what was dropped, clamped or renamed of what was asked, and why.
    """

    request: HttpRequest
    adaptations: tuple[Adaptation, ...] = ()


class StreamDecoder(Protocol):
    """Bytes of one streamed answer in, events out. It never raises, and once it failed it stays failed.

    A fault inside the bytes of one `feed` does not eat the events before it: they are returned, and the Failure comes
    from the next call.
    """

    def feed(self, data: bytes) -> LLMResult[tuple[StreamEvent, ...]]:
        """The events that these bytes complete; they may be cut anywhere."""
        ...

    def close(self) -> LLMResult[tuple[StreamEvent, ...]]:
        """The body is over: the last events, or StreamInterrupted when the answer was not."""
        ...

    def partial(self) -> Completion:
        """The answer as far as it has come; after a good `close`, the answer."""
        ...


class SpeechDecoder(Protocol):
    """Bytes of one spoken answer in, its sound out, as it comes. It never raises, and once it failed it stays failed.

    The sound before a fault is given first; an error holds all of it in `partial`.
    """

    def feed(self, data: bytes) -> LLMResult[tuple[bytes, ...]]:
        """The sound in these bytes; they may be cut anywhere."""
        ...

    def close(self) -> LLMResult[tuple[bytes, ...]]:
        """The body is over: StreamInterrupted where the answer tells that it was not."""
        ...

    def abort(self) -> LLMResult[tuple[bytes, ...]]:
        """The connection broke: StreamInterrupted, unless the answer has told its own end."""
        ...

    def partial(self) -> Speech:
        """The sound as far as it has come; after a good `close`, all of it."""
        ...


class BuildChat(Protocol):
    """`strict`: an adaptation that loses something is a Failure (UnsupportedFeature) in place of a note."""

    def __call__(
        self, config: LLMConfig, request: ChatRequest, *, strict: bool = False
    ) -> LLMResult[Built]: ...


Authorize = Callable[[LLMConfig, HttpRequest, datetime], LLMResult[HttpRequest]]


class Operation(msgspec.Struct, Generic[Q, A], frozen=True):
    """One more thing that a provider does: a request built, and its answer parsed."""

    build: Callable[[LLMConfig, Q], LLMResult[Built]]
    parse: Callable[[HttpResponse], LLMResult[A]]


NO_ENV_VARS: Mapping[str, tuple[str, ...]] = {}


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """One service, as functions without state.

    name: as in the registry. dialect: the wire API it speaks. base_url: its own, "" when it has none.
    api_key_env: environment variables that hold its key, first one first; empty when it wants none.
    base_url_env: those that move it elsewhere. variables: further fields of LLMConfig, each with the environment
    variables that hold it. source: where this was read, with its date.
    authorize: adds the credentials; `now` is an aware datetime. None marks an operation that the service lacks.
    open_speech: reads a streamed answer to `speech`. embed_limits: how much one call of `embed` takes, by model.
    """

    name: str
    dialect: str
    base_url: str
    build_chat: BuildChat
    authorize: Authorize
    parse_chat: Callable[[HttpResponse], LLMResult[Completion]]
    open_stream: Callable[[ResponseHead], StreamDecoder]
    api_key_env: tuple[str, ...] = ()
    base_url_env: tuple[str, ...] = ()
    env_vars: Mapping[str, tuple[str, ...]] = NO_ENV_VARS
    source: str = ""
    count_tokens: Operation[ChatRequest, TokenCount] | None = None
    embed: Operation[EmbedRequest, Embeddings] | None = None
    embed_limits: tuple[EmbedLimit, ...] = ()
    images: Operation[ImageRequest, ImagesResponse] | None = None
    speech: Operation[SpeechRequest, Speech] | None = None
    open_speech: Callable[[ResponseHead], SpeechDecoder] | None = None
    transcribe: Operation[TranscriptionRequest, Transcription] | None = None
    moderate: Operation[ModerationRequest, ModerationResponse] | None = None
    models: Operation[ListModelsRequest, ModelPage] | None = None
    is_last_message: Callable[[bytes], bool] | None = None
    """For APIs over a websocket: true for the message that ends a response. The service may leave the connection open."""
