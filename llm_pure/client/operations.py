"""Calls of operations that are not chat: which request to build for a target and how to parse the response. No I/O.

Embeddings, token counts, images, speech, transcription, moderation and the list of models.
"""

from collections.abc import Generator, Mapping
from operator import attrgetter, methodcaller
from typing import Any, TypeAlias, TypeVar

from msgspec import Struct

from llm_pure.client.arguments import as_texts, invalid_argument
from llm_pure.client.call import CallSpec, ChatInput, chat_request
from llm_pure.client.stream_reader import Decoder, StreamKind
from llm_pure.client.targets import Target
from llm_pure.core.provider import Built, Operation
from llm_pure.types.errors import ProtocolError, UnsupportedFeature
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.operations import (
    Embeddings,
    EmbedRequest,
    ImageInput,
    ImageRequest,
    ImagesResponse,
    ListModelsRequest,
    ModelInfo,
    ModelPage,
    ModerateInput,
    ModerationRequest,
    ModerationResponse,
    Speech,
    SpeechInput,
    SpeechRequest,
    TokenCount,
    TranscribeInput,
    Transcription,
    TranscriptionRequest,
)
from llm_pure.types.result import Failure, LLMResult, Success

A = TypeVar("A")

MAX_MODEL_PAGES = 1000
"""A longer list of models is treated as endless."""

_OPERATIONS = {
    "embed": ("embeddings", "embeddings"),
    "count_tokens": (
        "endpoint that counts tokens; count_tokens(request, local=True) counts them here",
        "token counts",
    ),
    "images": ("image generation", "images"),
    "speech": ("speech", "speech"),
    "transcribe": ("transcription", "transcribe"),
    "moderate": ("moderation", "moderate"),
    "models": ("list of models", "models"),
}
"""Field of Provider that holds an Operation -> its name in messages, and the feature that an error names."""


_REQUESTS: Mapping[str, tuple[type[Struct], str]] = {
    "embed": (EmbedRequest, "a text, texts or an EmbedRequest"),
    "images": (ImageRequest, "a text or an ImageRequest"),
    "speech": (SpeechRequest, "a text or a SpeechRequest"),
    "transcribe": (TranscriptionRequest, "bytes, a pathlib.Path or a TranscriptionRequest"),
    "moderate": (ModerationRequest, "a text, texts or a ModerationRequest"),
}
"""Field of Provider -> the type of its request, and what callers may pass."""


class OperationCall(CallSpec[A], frozen=True, kw_only=True):
    """An operation that is not chat. Fails with UnsupportedFeature if the provider lacks it, or lacks its stream."""

    operation: str

    def build(self, target: Target) -> LLMResult[Built]:
        provider = target.provider
        operation: Operation[Any, A] | None = getattr(provider, self.operation)
        label, feature = _OPERATIONS[self.operation]
        kind, inputs = _REQUESTS.get(self.operation, (Struct, ""))
        if operation is None:
            message = f"{provider.name} has no {label}"
        elif self.stream is not None and provider.open_speech is None:
            message, feature = f"{provider.name} does not stream speech", "stream"
        elif not isinstance(self.request, kind):
            return invalid_argument("request", inputs, self.request)
        else:
            return operation.build(target.config, self.request)
        return Failure(UnsupportedFeature(message=message, provider=provider.name, feature=feature))

    def parse(self, target: Target, response: HttpResponse) -> LLMResult[A]:
        operation: Operation[Any, A] = getattr(target.provider, self.operation)
        return operation.parse(response)


def embed_call(request: EmbedRequest) -> OperationCall[Embeddings]:
    """Return the call that embeds texts."""
    return OperationCall(request, request, operation="embed")


def count_call(value: ChatInput) -> OperationCall[TokenCount]:
    """Return the call that lets the provider count the tokens of a request."""
    return OperationCall(chat_request(value, stream=False), operation="count_tokens")


def image_call(value: ImageInput) -> OperationCall[ImagesResponse]:
    """Return the call that generates images from a prompt."""
    request = ImageRequest(prompt=value) if isinstance(value, str) else value
    return OperationCall(request, operation="images")


def speech_call(value: SpeechInput, *, stream: bool = False) -> OperationCall[Speech]:
    """Return the call that converts a text to speech."""
    request = SpeechRequest(input=value) if isinstance(value, str) else value
    return OperationCall(request, stream=SPEECH if stream else None, operation="speech")


def transcribe_call(value: TranscribeInput) -> OperationCall[Transcription]:
    """Return the call that transcribes audio. A Path is read before, by `media.load_audio`."""
    request = TranscriptionRequest(audio=value) if isinstance(value, bytes) else value
    return OperationCall(request, operation="transcribe")


def moderate_call(value: ModerateInput) -> OperationCall[ModerationResponse]:
    """Return the call that moderates texts."""
    if isinstance(value, ModerationRequest):
        return OperationCall(value, operation="moderate")
    return OperationCall(ModerationRequest(input=as_texts(value)), operation="moderate")


def _open_speech(target: Target, head: ResponseHead) -> Decoder[bytes, Speech]:
    open_speech = target.provider.open_speech
    assert open_speech is not None  # OperationCall.build fails without one
    return open_speech(head)


SPEECH: StreamKind[bytes, Speech] = StreamKind(
    open_decoder=_open_speech,
    on_disconnect=methodcaller("abort"),
    is_content=bool,
    to_completion=attrgetter("completion"),
)

ModelListing: TypeAlias = Generator[
    OperationCall[ModelPage], LLMResult[ModelPage], LLMResult[ModelPage]
]


def list_all_pages() -> ModelListing:
    """Yield the call for each page and receive its Result; return all models in one list, or the first error."""
    models: list[ModelInfo] = []
    page = provider = ""
    for _ in range(MAX_MODEL_PAGES):
        result = yield OperationCall(ListModelsRequest(page=page), operation="models")
        if isinstance(result, Failure):
            return result
        listed = result.unwrap()
        models += listed.models
        provider = listed.provider
        if listed.next_page in ("", page):
            return Success(ModelPage(models=tuple(models), provider=provider))
        page = listed.next_page
    message = f"the list of models has more than {MAX_MODEL_PAGES} pages"
    return Failure(ProtocolError(message=message, provider=provider, where="next_page"))


def check_one_for_each(
    request: ModerationRequest, moderation: ModerationResponse
) -> LLMResult[ModerationResponse]:
    """Return the moderation. Fails with ProtocolError unless each text has one result."""
    count = 1 if isinstance(request.input, str) else len(request.input)
    if len(moderation.results) == count or "input" in (request.extra or {}):
        return Success(moderation)
    message = f"{count} texts were sent, and {len(moderation.results)} judgements came"
    return Failure(ProtocolError(message=message, provider=moderation.provider, where="$.results"))
