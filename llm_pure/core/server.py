"""The server side of a dialect as values: what a client's request says, and how the answer to it is encoded.

    HttpRequest --parse_request--> ReceivedRequest        Completion --build_response--> HttpResponse
                                                          events --open_encoder(received).encode--> bytes

The dialects fill a `ServerDialect` each, in their `server.py`; `llm_pure.server.server_dialects` has them by name.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Protocol, TypeAlias

import msgspec

from llm_pure.core.adaptations import Adaptation
from llm_pure.types.completion import Completion, JsonObject
from llm_pure.types.config import Secret
from llm_pure.types.errors import LLMError
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.messages import Message, SafeRepr
from llm_pure.types.operations import Embeddings, EmbedRequest, ModelPage, TokenCount
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import LLMResult

VENDORS: Mapping[str, str] = {
    "anthropic_messages": "anthropic",
    "gemini_content": "gemini",
    "ollama_native": "ollama",
    "openai_chat": "openai",
    "openai_responses": "openai_responses",
}
"""Dialect with a server side -> the provider of its vendor, whose metadata, signatures and native tools its clients send."""

ServedOperation: TypeAlias = Literal["chat", "count_tokens", "embed", "models", "health"]


class ReceivedRequest(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """A request of a client, and how it wants the answer."""

    dialect: str
    """The dialect that the client speaks."""
    operation: ServedOperation = "chat"
    chat: ChatRequest = ChatRequest(messages=())
    """The request to a model, for "chat" and "count_tokens"."""
    embed: EmbedRequest | None = None
    """The texts, for "embed"."""
    model: str = ""
    """The model's name as the client sent it; for "models" the one that it looks up, "" for all."""
    stream: bool = False
    usage_in_stream: bool = True
    """A stream ends with the usage. OpenAI's chat completions send it only if the request asks for it."""
    framing: Literal["sse", "json_array", "ndjson"] = "sse"
    """How a stream is divided: Gemini has two forms."""
    form: Literal["", "text", "running"] = ""
    """Another form of the answer: "text" for a prompt of OpenAI's older API, and for a probe that reads a line of text;
    "running" for a list of the models that are loaded."""
    credentials: tuple[Secret, ...] = ()
    """The client's keys: some send two at once, in different headers."""
    unread: JsonObject = {}
    """Fields of the body that this library has none for; for a provider of the same dialect they may go into `chat.extra`."""
    adaptations: tuple[Adaptation, ...] = ()
    """What of the request has no field here."""
    upstream_dialect: str = ""
    """The dialect of the provider that answers, "" for the same. Its metadata, signatures and opaque parts are sent to the
    client if it is the same, else they are dropped with an adaptation, or sealed if `upstream_provider` is set."""
    upstream_provider: str = ""
    """The name of that provider. Signatures that the client's vendor did not make are sealed in envelopes with this name, so
    that the next request brings them back to this provider and to no other."""
    session: str = ""
    """The client's id of the conversation, from its headers; "" without one."""
    shows_reasoning: bool = True
    """False: reasoning is left out of the answer, with an adaptation."""
    response_id: str = ""
    """The id of the answer if its Completion has none. The server chooses it, as it does the time."""
    created_s: int = 0
    """The time of the answer in seconds since 1970, for answers that have one."""

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages of `chat`, which are values here."""
        messages = self.chat.messages
        turns = messages if isinstance(messages, list | tuple) else ()
        return tuple([turn for turn in turns if isinstance(turn, Message)])

    @property
    def credential(self) -> Secret | None:
        """The client's key, None without one."""
        return self.credentials[0] if self.credentials else None

    @property
    def native(self) -> bool:
        """True if the provider that answers speaks the client's dialect."""
        return self.upstream_dialect in ("", self.dialect)


OperationResult: TypeAlias = Embeddings | TokenCount | ModelPage | None
"""The result of an operation besides chat; None for "health"."""


class StreamEncoder(Protocol):
    """Encodes one streamed answer: events -> bytes. It never raises."""

    @property
    def adaptations(self) -> tuple[Adaptation, ...]:
        """What of the answer so far the dialect cannot say."""
        ...

    def encode(self, events: Iterable[StreamEvent]) -> bytes:
        """Return the bytes of these events; the end of the answer waits for `close`."""
        ...

    def keep_alive(self) -> bytes:
        """Return bytes that every client of the dialect ignores, to be sent while nothing else comes."""
        ...

    def close(self, outcome: LLMResult[Any]) -> bytes:
        """Return the end of the stream. A Failure becomes the dialect's error, and so does an answer that has not finished."""
        ...


class ServerDialect(msgspec.Struct, frozen=True, kw_only=True):
    """The server side of a dialect, as functions without state."""

    name: str
    parse_request: Callable[[HttpRequest], LLMResult[ReceivedRequest]]
    """Any request -> what it says. Fails with InvalidRequest, with the path of the field, or with NotFound for another URL."""
    build_response: Callable[[Completion, ReceivedRequest], HttpResponse]
    """The buffered answer."""
    build_result: Callable[[OperationResult, ReceivedRequest], HttpResponse]
    """The answer to "embed", "count_tokens", "models" and "health". The lookup of a model that the page does not have is a
    NotFound, as the vendor sends it."""
    build_error: Callable[[LLMError, ReceivedRequest], HttpResponse]
    """Status, body and retry headers as the vendor's clients act on them. The error is sent as it is: a gateway must not
    send the client an AuthenticationFailed of its own upstream."""
    open_encoder: Callable[[ReceivedRequest], StreamEncoder]
    """Encodes a streamed answer, with status 200 and the content type `stream_type(received)`."""
    response_adaptations: Callable[[Completion, ReceivedRequest], tuple[Adaptation, ...]]
    """What of a Completion the dialect cannot say: `build_response` leaves it out or changes it."""
    stream_type: Callable[[ReceivedRequest], str]
    """The content type of a stream."""
