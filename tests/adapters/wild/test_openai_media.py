"""Streamed speech, transcripts and images, as services and gateways send them: complete, cut at every byte, with errors."""

import base64
from typing import Any

import pytest

from llm_pure import HttpResponse, ResponseHead, Usage
from llm_pure.adapters import registry
from llm_pure.types.errors import ContentFiltered, LLMError, RateLimited, StreamInterrupted
from llm_pure.types.http import Headers
from llm_pure.types.operations import GeneratedImage, ImagesResponse, Speech, Transcription
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.pieces import one_byte_at_a_time
from tests.support.wild_answers import SSE, sse

OPENAI = registry.get("openai").unwrap()
assert OPENAI.transcribe is not None
assert OPENAI.images is not None
assert OPENAI.speech is not None
TRANSCRIBE, IMAGES, SPEECH = OPENAI.transcribe, OPENAI.images, OPENAI.speech
USAGE = {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13}
READ_USAGE = Usage(input_tokens=9, output_tokens=4, raw=USAGE)
NO_LABEL: Headers = ()
ERROR = {"message": "slow down", "code": "rate_limit_exceeded"}


def delta(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "transcript.text.delta", "delta": text, **more}


SEGMENT = {"id": "s1", "start": 0.0, "end": 1.5, "speaker": "A", "text": "Hello you"}
DONE = {"type": "transcript.text.done", "text": "Hello you", "usage": USAGE}
TRANSCRIPT = Transcription(text="Hello you", provider="openai", usage=READ_USAGE)


def transcribe(body: bytes, headers: Headers = SSE) -> LLMResult[Transcription]:
    return TRANSCRIBE.parse(HttpResponse(200, headers, body))


@pytest.mark.parametrize("headers", [SSE, NO_LABEL, (("content-type", "text/plain"),)], ids=["SSE", "none", "text"])  # fmt: skip
@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((delta("Hel"), delta("lo you"), DONE), TRANSCRIPT),
        ((delta("Hel"), delta("lo"), DONE), TRANSCRIPT),
        ((DONE,), TRANSCRIPT),
        ((delta("Hello you"), {**DONE, "text": None}), TRANSCRIPT),
        ((delta("Hello "), {"type": "transcript.text.segment", **SEGMENT}, delta("you"), DONE),
         Transcription(text="Hello you", provider="openai", usage=READ_USAGE, segments=(SEGMENT,))),
        ((delta("Hello you", logprobs=[{"token": "x"}]), {**DONE, "languages": [{"code": "en"}]}),
         Transcription(text="Hello you", provider="openai", usage=READ_USAGE,
                       extra={"logprobs": [{"token": "x"}], "languages": [{"code": "en"}]})),
        ((b": ping\n\n", delta("Hel"), b"event: ping\ndata: 1\n\n", b"data: null\n\n", b"data: {}\n\n", DONE), TRANSCRIPT),
        (({"type": "transcription.language", "audio_language": "en"}, {"type": "transcription.text.delta", "text": "Hel"},
          {"type": "transcription.segment", **SEGMENT}, {**DONE, "type": "transcription.done", "segments": []}),
         Transcription(text="Hello you", provider="openai", usage=READ_USAGE, language="en", segments=(SEGMENT,))),
    ],
    ids=["deltas", "the end has more", "the end alone", "the end has no text", "segments", "logprobs", "heartbeats", "Mistral"],
)  # fmt: skip
@pytest.mark.parametrize("done", [False, True], ids=["", "[DONE]"])
def test_a_streamed_transcript_is_read(
    events: tuple[Any, ...], expected: Transcription, headers: Headers, done: bool
) -> None:
    assert transcribe(sse(*events, done=done, named=True), headers) == Success(expected)
    assert transcribe(b"\xef\xbb\xbf" + sse(*events, done=done), headers) == Success(expected)


def test_a_transcript_without_its_end_ends_with_done() -> None:
    parsed = transcribe(sse(delta("Hel"), delta("lo")))
    assert parsed == Success(Transcription(text="Hello", provider="openai"))


def test_a_transcript_that_is_cut_is_interrupted_with_the_text_so_far() -> None:
    body = sse(delta("Hel"), delta("lo you"), DONE, done=False, named=True)
    received = [""]
    for end in range(len(body.rstrip())):
        error = transcribe(body[:end]).failure()
        assert isinstance(error, StreamInterrupted), body[:end]
        received.append(error.partial.text if error.partial else "")
        assert "Hello you".startswith(received[-1])
    assert received[-1] == "Hello you"


@pytest.mark.parametrize(
    "event",
    [{"type": "error", "error": ERROR}, {"type": "error", **ERROR}, {"error": ERROR}, b'event: error\ndata: {"code":"rate_limit_exceeded"}\n\n'],
    ids=["nested", "flat", "bare", "by name"],
)  # fmt: skip
def test_an_error_in_a_streamed_transcript_comes_with_the_text_before_it(event: Any) -> None:
    error = transcribe(sse(delta("Hel"), event, delta("lo you"), DONE)).failure()
    assert isinstance(error, RateLimited)
    assert error.partial is not None
    assert error.partial.text == "Hel"


@pytest.mark.parametrize(
    "text", ["data: a plain transcript", "event: the party", ": hm", "Hello"], ids=str
)
def test_plain_text_stays_a_transcript(text: str) -> None:
    parsed = transcribe(text.encode(), (("content-type", "text/plain"),))
    assert parsed == Success(Transcription(text=text, format="text", provider="openai"))


PNG = b"\x89PNG\r\n\x1a\n"
B64 = base64.b64encode(PNG).decode()
HALF = base64.b64encode(PNG + b"half").decode()
FIELDS = {"created_at": 1, "size": "1024x1024", "quality": "low", "background": "opaque", "output_format": "png"}  # fmt: skip


def drawn(kind: str, data: str = B64, **more: Any) -> dict[str, Any]:
    return {"type": kind, "b64_json": data, **FIELDS, **more}


@pytest.mark.parametrize("operation", ["image_generation", "image_edit"])
def test_streamed_images_are_read(operation: str) -> None:
    partial = drawn(f"{operation}.partial_image", HALF, partial_image_index=0)
    complete = drawn(f"{operation}.completed", usage=USAGE)
    body = sse(partial, b": ping\n\n", complete, partial, complete, named=True)
    image = GeneratedImage(data=PNG, media_type="image/png")
    expected = ImagesResponse(
        images=(image, image),
        provider="openai",
        usage=READ_USAGE,
        extra={"created": 1, "size": "1024x1024", "quality": "low", "background": "opaque", "output_format": "png"},
    )  # fmt: skip
    assert IMAGES.parse(HttpResponse(200, SSE, body)) == Success(expected)
    assert IMAGES.parse(HttpResponse(200, NO_LABEL, body)) == Success(expected)
    unary = {"created": 1, **{k: v for k, v in FIELDS.items() if k != "created_at"}, "usage": USAGE, "data": [{"b64_json": B64}] * 2}  # fmt: skip
    assert IMAGES.parse(HttpResponse(200, NO_LABEL, sse(unary, done=False)[6:])) == Success(expected)  # fmt: skip


def test_streamed_images_that_are_cut_are_interrupted_with_the_last_partial_image() -> None:
    partial = drawn("image_generation.partial_image", HALF, partial_image_index=0)
    body = sse(partial, drawn("image_generation.completed"), done=False, named=True)
    received = []
    for end in range(len(body.rstrip())):
        error = IMAGES.parse(HttpResponse(200, SSE, body[:end])).failure()
        assert isinstance(error, StreamInterrupted), body[:end]
        received.append(error.partial.message.parts if error.partial else ())
    (image,) = received[-1]
    assert getattr(image, "data", None) == PNG + b"half"


URLS = [f"https://images.example/{number}.png" for number in range(2)]
SENSITIVE = {"code": "OutputImageSensitiveContentDetected", "message": "The output image may contain sensitive information."}  # fmt: skip
DRAWN: list[dict[str, Any]] = [{"url": URLS[0], "size": "2048x2048"}, {"error": SENSITIVE}, {"url": URLS[1], "size": "2048x2048"}]  # fmt: skip


@pytest.mark.parametrize("streamed", [False, True])
def test_images_of_which_some_failed_are_read(streamed: bool) -> None:
    """Seedream's."""

    def parse(rows: list[dict[str, Any]], cut: bytes = b"!") -> LLMResult[ImagesResponse]:
        top = {"model": "seedream", "created": 1}
        if not streamed:
            body = sse({**top, "data": rows, "usage": USAGE}, done=False)[6:]
            return IMAGES.parse(HttpResponse(200, NO_LABEL, body))
        kinds = ["image_generation.partial_failed" if "error" in row else "image_generation.partial_succeeded" for row in rows]  # fmt: skip
        events = [{"type": kind, **top, "image_index": number, **row} for number, (kind, row) in enumerate(zip(kinds, rows, strict=True))]  # fmt: skip
        body = sse(*events, {"type": "image_generation.completed", **top, "usage": USAGE}, named=True)  # fmt: skip
        return IMAGES.parse(HttpResponse(200, SSE, body.partition(cut)[0]))

    images = tuple([GeneratedImage(url=url) for url in URLS])
    extra = {"created": 1, "data": [{"size": "2048x2048"}, {"error": SENSITIVE}, {"size": "2048x2048"}]}  # fmt: skip
    expected = ImagesResponse(images=images, model="seedream", provider="openai", usage=READ_USAGE, extra=extra)  # fmt: skip
    assert parse(DRAWN) == Success(expected)
    assert isinstance(parse(DRAWN[1:2]).failure(), ContentFiltered)
    if streamed:
        error = parse(DRAWN, b"event: image_generation.completed").failure()
        assert isinstance(error, StreamInterrupted)
        assert error.partial is not None
        assert [getattr(part, "url", None) for part in error.partial.message.parts] == URLS


def test_an_error_in_streamed_images_is_that_error() -> None:
    body = sse(drawn("image_generation.partial_image"), {"type": "error", "error": ERROR})
    assert isinstance(IMAGES.parse(HttpResponse(200, SSE, body)).failure(), RateLimited)


AUDIO = [b"ID3 one ", b"two"]
SPOKEN = [{"type": "speech.audio.delta", "audio": base64.b64encode(data).decode()} for data in AUDIO]  # fmt: skip
SPOKEN_END = {"type": "speech.audio.done", "usage": USAGE}


def speak(pieces: list[bytes], headers: Headers) -> tuple[bytes, LLMError | None, Speech]:
    assert OPENAI.open_speech is not None
    decoder = OPENAI.open_speech(ResponseHead(200, headers))
    audio: list[bytes] = []
    for result in [*map(decoder.feed, pieces), decoder.close()]:
        if isinstance(result, Failure):
            return b"".join(audio), result.failure(), decoder.partial()
        audio += result.unwrap()
    return b"".join(audio), None, decoder.partial()


@pytest.mark.parametrize("label", ["text/event-stream", "text/plain", "application/json", "application/octet-stream", None])  # fmt: skip
def test_streamed_speech_is_read_under_any_label(label: str | None) -> None:
    headers: Headers = (("content-type", label),) if label else ()
    beats = (b": ping\n\n", b"event: ping\ndata: x\n\n", b"data: null\n\n", b"data: {}\n\n")
    body = sse(
        *beats, SPOKEN[0], {**SPOKEN[0], "audio": None}, *beats, SPOKEN[1], SPOKEN_END, *beats
    )
    expected = Speech(data=b"".join(AUDIO), media_type="audio/mpeg", provider="openai", usage=READ_USAGE)  # fmt: skip
    assert speak([body], headers) == (b"".join(AUDIO), None, expected)
    assert speak(one_byte_at_a_time(body), headers) == (b"".join(AUDIO), None, expected)
    for end in range(len(sse(*beats, *SPOKEN, SPOKEN_END, done=False).rstrip()) - 30):
        if end < 8 and label in (None, "text/plain", "application/octet-stream"):
            continue  # too short to be told from audio
        _, error, _ = speak([body[:end]], headers)
        assert error is not None, body[:end]


@pytest.mark.parametrize(
    "event",
    [{"type": "error", "error": ERROR}, {"type": "error", **ERROR}, b'event: error\ndata: {"code":"rate_limit_exceeded"}\n\n'],
    ids=["nested", "flat", "by name"],
)  # fmt: skip
def test_an_error_in_streamed_speech_comes_after_the_audio_before_it(event: Any) -> None:
    audio, error, _ = speak(one_byte_at_a_time(sse(SPOKEN[0], event, SPOKEN[1], SPOKEN_END)), SSE)
    assert (audio, type(error)) == (AUDIO[0], RateLimited)


def test_audio_without_a_label_stays_audio() -> None:
    for body in (b"ID3abc", b"d", b":", b"\x00\x01", b"RIFF"):
        assert speak(one_byte_at_a_time(body), ())[:2] == (body, None)
