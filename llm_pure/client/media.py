"""Methods of the client for pictures, speech, transcription, moderation and the list of models."""

from collections.abc import Generator, Sequence
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, cast

from llm_pure.client.call import Course
from llm_pure.client.jobs import Job
from llm_pure.client.stream_reader import Decoder, Manner
from llm_pure.client.streams import AsyncSpeechStream, Opening, SpeechStream
from llm_pure.client.targets import Lane
from llm_pure.client.transport_manager import LinkKeeper
from llm_pure.core.provider import Built, Operation
from llm_pure.types.errors import ProtocolError, UnsupportedFeature
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.media_operations import (
    ImageRequest,
    ImagesResponse,
    ListModelsRequest,
    ModelInfo,
    ModelPage,
    ModerationRequest,
    ModerationResponse,
    Speech,
    SpeechRequest,
    Transcription,
    TranscriptionRequest,
)
from llm_pure.types.result import Failure, LLMResult, Success

A = TypeVar("A")

ImageInput: TypeAlias = ImageRequest | str
SpeechInput: TypeAlias = SpeechRequest | str
TranscribeInput: TypeAlias = TranscriptionRequest | bytes
ModerateInput: TypeAlias = ModerationRequest | str | Sequence[str]
Medium = Literal["images", "speech", "transcribe", "moderate", "models"]

_WORDS = {
    "images": "picture generation",
    "speech": "speech",
    "transcribe": "transcription",
    "moderate": "moderation",
    "models": "list of models",
}


def media_job(medium: Medium, request: Any) -> Job[Any]:
    """One call of such an operation; UnsupportedFeature where the provider has none."""

    def operation(lane: Lane) -> Operation[Any, Any] | None:
        found: Operation[Any, Any] | None = getattr(lane.provider, medium)
        return found

    def lacking(lane: Lane) -> Failure[UnsupportedFeature]:
        name, what = lane.provider.name, _WORDS[medium]
        return Failure(
            UnsupportedFeature(message=f"{name} has no {what}", provider=name, feature=medium)
        )

    def build(lane: Lane) -> LLMResult[Built]:
        found = operation(lane)
        return lacking(lane) if found is None else found.build(lane.config, request)

    def parse(lane: Lane, response: HttpResponse) -> LLMResult[Any]:
        found = operation(lane)
        return lacking(lane) if found is None else found.parse(response)

    return Job(build, parse)


def _open_speech(lane: Lane, head: ResponseHead) -> Decoder[bytes, Speech]:
    opened = lane.provider.open_speech
    assert opened is not None  # `_speech_opening` builds no request where it is
    return opened(head)


SPEECH: Manner[bytes, Speech] = Manner(
    open=_open_speech,
    cut=lambda decoder: cast("LLMResult[tuple[bytes, ...]]", decoder.abort()),
    tells=bool,
    completion=lambda speech: speech.completion,
)

MODEL_PAGES = 1000
"""A list of models with more pages than that is one that never ends."""

Listing: TypeAlias = Generator[ListModelsRequest, LLMResult[ModelPage], LLMResult[ModelPage]]


def all_pages() -> Listing:
    """Asks for page after page, and gives all models in one list, or the first error."""
    found: list[ModelInfo] = []
    page = provider = ""
    for _ in range(MODEL_PAGES):
        got = yield ListModelsRequest(page=page)
        if isinstance(got, Failure):
            return got
        listed = got.unwrap()
        found += listed.models
        provider = listed.provider
        if listed.next_page in ("", page):
            return Success(ModelPage(models=tuple(found), provider=provider))
        page = listed.next_page
    what = f"the list of models has more than {MODEL_PAGES} pages"
    return Failure(ProtocolError(message=what, provider=provider, where="next_page"))


def one_for_each(
    request: ModerationRequest, judged: ModerationResponse
) -> LLMResult[ModerationResponse]:
    """The judgements, if there is one for each text: else nobody knows which is whose."""
    count = 1 if isinstance(request.input, str) else len(request.input)
    if len(judged.results) == count or "input" in (request.extra or {}):
        return Success(judged)
    what = f"{count} texts were sent, and {len(judged.results)} judgements came"
    return Failure(ProtocolError(message=what, provider=judged.provider, where="$.results"))


class Runs(Protocol):
    """What these methods need of a client."""

    _keeper: LinkKeeper

    def _course(self, timeout_s: float | None) -> LLMResult[Course]: ...

    def _run(self, job: Job[A], timeout_s: float | None) -> LLMResult[A]: ...

    async def _arun(self, job: Job[A], timeout_s: float | None) -> LLMResult[A]: ...


class MediaCalls:
    """`gen_image`, `text_to_speech`, `stream_speech`, `speech_to_text`, `moderation` and `list_models`, each with its twin."""

    def gen_image(
        self: Runs, request: ImageInput, *, timeout_s: float | None = None
    ) -> LLMResult[ImagesResponse]:
        """Pictures of a prompt, as bytes or URLs; UnsupportedFeature where the provider makes none."""
        return self._run(media_job("images", image_request(request)), timeout_s)

    async def agen_image(
        self: Runs, request: ImageInput, *, timeout_s: float | None = None
    ) -> LLMResult[ImagesResponse]:
        """`gen_image`, async."""
        return await self._arun(media_job("images", image_request(request)), timeout_s)

    def text_to_speech(
        self: Runs, request: SpeechInput, *, timeout_s: float | None = None
    ) -> LLMResult[Speech]:
        """A text, spoken."""
        return self._run(media_job("speech", speech_request(request)), timeout_s)

    async def atext_to_speech(
        self: Runs, request: SpeechInput, *, timeout_s: float | None = None
    ) -> LLMResult[Speech]:
        """`text_to_speech`, async."""
        return await self._arun(media_job("speech", speech_request(request)), timeout_s)

    def speech_to_text(
        self: Runs, request: TranscribeInput, *, timeout_s: float | None = None
    ) -> LLMResult[Transcription]:
        """What is said in a sound; bytes, since reading a file is the caller's."""
        return self._run(media_job("transcribe", transcribe_request(request)), timeout_s)

    async def aspeech_to_text(
        self: Runs, request: TranscribeInput, *, timeout_s: float | None = None
    ) -> LLMResult[Transcription]:
        """`speech_to_text`, async."""
        return await self._arun(media_job("transcribe", transcribe_request(request)), timeout_s)

    def moderation(
        self: Runs, request: ModerateInput, *, timeout_s: float | None = None
    ) -> LLMResult[ModerationResponse]:
        """What is wrong with a text, or with each of several; ProtocolError where not each has its judgement."""
        asked = moderate_request(request)
        got = self._run(media_job("moderate", asked), timeout_s)
        return got.bind(lambda judged: one_for_each(asked, judged))

    async def amoderation(
        self: Runs, request: ModerateInput, *, timeout_s: float | None = None
    ) -> LLMResult[ModerationResponse]:
        """`moderation`, async."""
        asked = moderate_request(request)
        got = await self._arun(media_job("moderate", asked), timeout_s)
        return got.bind(lambda judged: one_for_each(asked, judged))

    def stream_speech(
        self: Runs, request: SpeechInput, *, timeout_s: float | None = None
    ) -> SpeechStream:
        """A text, spoken: pieces of the sound as they come; `.result()` after the last of them is all of it.

        What is cut off is an error that holds the sound so far. stream_format "sse" of the request brings the usage too.
        """
        return SpeechStream(_speech_opening(self, request, timeout_s))

    def astream_speech(
        self: Runs, request: SpeechInput, *, timeout_s: float | None = None
    ) -> AsyncSpeechStream:
        """`stream_speech`, async; `async with` closes one that is left early."""
        return AsyncSpeechStream(_speech_opening(self, request, timeout_s))

    def list_models(self: Runs, *, timeout_s: float | None = None) -> LLMResult[ModelPage]:
        """The models that the provider lists, on all of its pages. timeout_s: for each."""
        listing = all_pages()
        try:
            asked = next(listing)
            while True:
                asked = listing.send(self._run(media_job("models", asked), timeout_s))
        except StopIteration as end:
            return cast("LLMResult[ModelPage]", end.value)

    async def alist_models(self: Runs, *, timeout_s: float | None = None) -> LLMResult[ModelPage]:
        """`list_models`, async."""
        listing = all_pages()
        try:
            asked = next(listing)
            while True:
                asked = listing.send(await self._arun(media_job("models", asked), timeout_s))
        except StopIteration as end:
            return cast("LLMResult[ModelPage]", end.value)


def _speech_opening(
    client: Runs, request: SpeechInput, timeout_s: float | None
) -> Opening[bytes, Speech]:
    asked: Job[Speech] = media_job("speech", speech_request(request))

    def build(lane: Lane) -> LLMResult[Built]:
        provider = lane.provider
        if provider.speech is not None and provider.open_speech is None:
            message = f"{provider.name} speaks, but not in a stream"
            return Failure(
                UnsupportedFeature(message=message, provider=provider.name, feature="stream")
            )
        return asked.build(lane)

    job = Job(build, asked.parse)
    return Opening(SPEECH, job, client._course(timeout_s), client._keeper)


def image_request(given: ImageInput) -> ImageRequest:
    """A prompt as a request."""
    return ImageRequest(prompt=given) if isinstance(given, str) else given


def speech_request(given: SpeechInput) -> SpeechRequest:
    """A text as a request."""
    return SpeechRequest(input=given) if isinstance(given, str) else given


def transcribe_request(given: TranscribeInput) -> TranscriptionRequest:
    """A sound as a request."""
    return TranscriptionRequest(audio=given) if isinstance(given, bytes) else given


def moderate_request(given: ModerateInput) -> ModerationRequest:
    """Texts as a request."""
    if isinstance(given, ModerationRequest):
        return given
    return ModerationRequest(input=given if isinstance(given, str) else tuple(given))
