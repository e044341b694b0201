"""`Provider`: the interface of an adapter, a value made of pure functions."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec

from llm_pure.core.adaptations import Adaptation
from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.operations import (
    Embeddings,
    EmbedLimit,
    EmbedRequest,
    ImageRequest,
    ImagesResponse,
    ListModelsRequest,
    ModelPage,
    ModerationRequest,
    ModerationResponse,
    Speech,
    SpeechRequest,
    TokenCount,
    Transcription,
    TranscriptionRequest,
)
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import LLMResult

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi

Q = TypeVar("Q")
A = TypeVar("A")


_TOOL_NAME = re.compile(r"tools/\d+/name|messages/.*/tool_name")
"""Adaptation.field of a renamed tool."""


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """A request without credentials."""

    request: HttpRequest
    adaptations: tuple[Adaptation, ...] = ()
    """What differs from the ChatRequest, and why."""

    @property
    def tool_names(self) -> dict[str, str]:
        """Sent name of a tool -> the caller's, for the names that the service does not accept.

        `parse_chat` and `open_stream` return the sent names; `core.tool_names.restore_completion` and `restore_decoder`
        put the caller's in their place, as the client does.
        """
        return tool_names(self.adaptations)


def tool_names(adaptations: Iterable[Adaptation]) -> dict[str, str]:
    """Return sent name -> the caller's of the tools that were renamed."""
    return {
        change.after: change.before
        for change in adaptations
        if change.action == "renamed" and _TOOL_NAME.fullmatch(change.field)
    }


class StreamDecoder(Protocol):
    """Decodes one streamed response: bytes -> events. It never raises, and a failed decoder stays failed.

    If the bytes of one `feed` contain events and then an error, the events are returned; the next call fails.
    """

    def feed(self, data: bytes) -> LLMResult[tuple[StreamEvent, ...]]:
        """Return the events that these bytes complete; the bytes may be split anywhere."""
        ...

    def close(self) -> LLMResult[tuple[StreamEvent, ...]]:
        """End the body: return the last events. Fails with StreamInterrupted if the response is incomplete."""
        ...

    def partial(self) -> Completion:
        """Return the Completion so far; after a successful `close` the complete one."""
        ...


class SpeechDecoder(Protocol):
    """Decodes one streamed speech response: bytes -> audio. It never raises, and a failed decoder stays failed.

    The audio before an error is returned first; the error holds all of it in `partial`.
    """

    def feed(self, data: bytes) -> LLMResult[tuple[bytes, ...]]:
        """Return the audio in these bytes; the bytes may be split anywhere."""
        ...

    def close(self) -> LLMResult[tuple[bytes, ...]]:
        """End the body. Fails with StreamInterrupted if the response is known to be incomplete."""
        ...

    def abort(self) -> LLMResult[tuple[bytes, ...]]:
        """The connection broke. Fails with StreamInterrupted unless the response has marked its end."""
        ...

    def partial(self) -> Speech:
        """Return the audio so far; after a successful `close` all of it."""
        ...


class BuildChat(Protocol):
    """Builds the chat request. With `strict`, fails with UnsupportedFeature if an adaptation loses information."""

    def __call__(
        self, config: LLMConfig, request: ChatRequest, *, strict: bool = False
    ) -> LLMResult[Built]: ...


Authorize = Callable[[LLMConfig, HttpRequest, datetime], LLMResult[HttpRequest]]
"""(config, built request, now: an aware datetime) -> the request with credentials."""


class Operation(msgspec.Struct, Generic[Q, A], frozen=True):
    """An operation besides chat: builds its request and parses its response."""

    build: Callable[[LLMConfig, Q], LLMResult[Built]]
    parse: Callable[[HttpResponse], LLMResult[A]]


NO_ENV_VARS: Mapping[str, tuple[str, ...]] = {}


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """One service, as functions without state. An operation is None if the service does not have it."""

    name: str
    """The name in the registry."""
    dialect: str
    """The package of its wire API in adapters/dialects."""
    base_url: str
    """The service's own base URL, "" if it has none."""
    build_chat: BuildChat
    authorize: Authorize
    """Adds the credentials."""
    parse_chat: Callable[[HttpResponse], LLMResult[Completion]]
    open_stream: Callable[[ResponseHead], StreamDecoder]
    api_key_env: tuple[str, ...] = ()
    """Environment variables for the API key, in order of precedence; empty if it needs none."""
    base_url_env: tuple[str, ...] = ()
    """Environment variables for the base URL."""
    env_vars: Mapping[str, tuple[str, ...]] = NO_ENV_VARS
    """Other fields of LLMConfig -> their environment variables."""
    source: str = ""
    """Where the API is documented, with the date."""
    count_tokens: Operation[ChatRequest, TokenCount] | None = None
    embed: Operation[EmbedRequest, Embeddings] | None = None
    embed_limits: tuple[EmbedLimit, ...] = ()
    """Maximum input of one `embed` call, by model."""
    images: Operation[ImageRequest, ImagesResponse] | None = None
    speech: Operation[SpeechRequest, Speech] | None = None
    open_speech: Callable[[ResponseHead], SpeechDecoder] | None = None
    """Decodes a streamed response to `speech`."""
    transcribe: Operation[TranscriptionRequest, Transcription] | None = None
    moderate: Operation[ModerationRequest, ModerationResponse] | None = None
    models: Operation[ListModelsRequest, ModelPage] | None = None
    is_last_message: Callable[[bytes], bool] | None = None
    """For APIs over a websocket: true for the message that ends a response. The service may leave the connection open."""
    make_batch: Callable[["Provider"], Any] | None = None
    """Makes the BatchApi of `batch`, and loads its modules: no other call uses them."""

    @property
    def batch(self) -> "BatchApi | None":
        """The batch service: jobs of many requests at a lower price. None if the service has none."""
        api: BatchApi | None = None if self.make_batch is None else self.make_batch(self)
        return api
