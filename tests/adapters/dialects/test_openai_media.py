"""Pictures, speech, transcription, moderation and models: what is sent, and what is read of every answer."""

import base64
import json
from email import message_from_bytes
from email.policy import HTTP
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import ImageGenerateParams, ModerationCreateParams
from openai.types.audio import SpeechCreateParams

from llm_pure import LLMConfig, Usage
from llm_pure.adapters import registry
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built, Operation
from llm_pure.types.errors import (
    AuthenticationFailed,
    InvalidConfiguration,
    InvalidRequest,
    LLMError,
    ProtocolError,
    RateLimited,
)
from llm_pure.types.http import HttpRequest, HttpResponse, get_header
from llm_pure.types.media import media_type_of
from llm_pure.types.operations import (
    GeneratedImage,
    ImageRequest,
    ImagesResponse,
    ListModelsRequest,
    ModelInfo,
    ModelPage,
    ModerationRequest,
    ModerationResponse,
    ModerationResult,
    Speech,
    SpeechRequest,
    Transcription,
    TranscriptionRequest,
)
from llm_pure.types.result import Failure, Success
from tests.support.official_types import checker
from tests.support.png import tiny_png

PROVIDER = registry.get("openai").unwrap()
CONFIG = LLMConfig(model="m1")
WAV = b"RIFF\0\0\0\0WAVEfmt "
MP3 = b"ID3\x04rest"
OPERATIONS = ("images", "speech", "transcribe", "moderate", "models")


def operation(name: str, provider: str = "openai") -> Operation[Any, Any]:
    found: Operation[Any, Any] = getattr(registry.get(provider).unwrap(), name)
    return found


def built(name: str, request: Any, config: LLMConfig = CONFIG) -> Built:
    made: Built = operation(name).build(config, request).unwrap()
    return made


def sent(name: str, request: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(built(name, request).request.body)
    return body


def answer(name: str, body: Any, status: int = 200, kind: str = "application/json") -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return operation(name).parse(HttpResponse(status, (("content-type", kind),), data))


def form(request: HttpRequest) -> list[tuple[str, str | None, bytes]]:
    """(name, file name, bytes) of each part, as Python's own reader of MIME sees them."""
    head = f"content-type: {get_header(request.headers, 'content-type')}\r\n\r\n".encode()
    message = message_from_bytes(head + request.body, policy=HTTP)
    return [
        (
            str(part.get_param("name", header="content-disposition")),
            part.get_filename(),
            cast(bytes, part.get_payload(decode=True)),
        )
        for part in message.iter_parts()
    ]


# what is sent


@pytest.mark.parametrize(
    ("name", "request_", "kind"),
    [
        ("images", ImageRequest(prompt="a cat", model="dall-e-3", size="1024x1024", quality="standard", n=1, response_format="url"), ImageGenerateParams),
        ("images", ImageRequest(prompt="a cat", model="gpt-image-1", size="auto", quality="low", background="opaque", output_format="webp"), ImageGenerateParams),
        ("speech", SpeechRequest(input="hi", model="tts-1", voice="nova", response_format="wav", speed=1.5), SpeechCreateParams),
        ("moderate", ModerationRequest(input="hi"), ModerationCreateParams),
        ("moderate", ModerationRequest(input=("hi", "ho"), model="omni-moderation-latest"), ModerationCreateParams),
    ],
)  # fmt: skip
def test_the_official_package_takes_the_same_body(name: str, request_: Any, kind: Any) -> None:
    body = sent(name, request_)
    checker(kind).validate_python(body)
    given = {key: getattr(request_, key) for key in request_.__struct_fields__}
    said = {key: value for key, value in given.items() if value not in (None, "", ())}
    assert body == json.loads(json.dumps(said))


def test_what_gpt_image_refuses_is_dropped_and_told() -> None:
    made = built(
        "images",
        ImageRequest(
            prompt="a cat", model="gpt-image-1", quality="standard", response_format="url"
        ),
    )
    assert json.loads(made.request.body) == {"model": "gpt-image-1", "prompt": "a cat"}
    assert made.adaptations == (
        Adaptation(
            field="quality",
            action="dropped",
            reason="gpt-image models have no quality 'standard'",
            before="standard",
        ),
        Adaptation(
            field="response_format",
            action="dropped",
            reason="gpt-image models have no response_format 'url'",
            before="url",
        ),
    )


def test_what_tts_1_lacks_is_dropped_and_told() -> None:
    request = SpeechRequest(
        input="hi", model="tts-1-hd", instructions="softly", stream_format="sse", speed=1.5
    )
    made = built("speech", request)
    assert json.loads(made.request.body) == {
        "model": "tts-1-hd", "input": "hi", "voice": "alloy", "speed": 1.5,
    }  # fmt: skip
    assert made.adaptations == (
        Adaptation(
            field="instructions",
            action="dropped",
            reason="tts-1-hd has no instructions 'softly'",
            before="softly",
        ),
        Adaptation(
            field="stream_format",
            action="dropped",
            reason="tts-1-hd has no stream_format 'sse'",
            before="sse",
        ),
    )
    plain = SpeechRequest(input="hi", model="tts-1", stream_format="audio")
    assert built("speech", plain).adaptations == ()


def test_mistral_judges_by_categories_with_a_model_of_its_own() -> None:
    moderate = operation("moderate", "mistral")
    asked = moderate.build(LLMConfig(model="mistral-large"), ModerationRequest(input="hi"))
    assert json.loads(asked.unwrap().request.body) == {
        "input": "hi", "model": "mistral-moderation-latest",
    }  # fmt: skip
    rows = [{"categories": {"pii": True, "hate": False}}, {"categories": {"pii": False}}]
    body = json.dumps({"id": "m", "results": rows}).encode()
    got = moderate.parse(HttpResponse(200, (), body)).unwrap()
    assert [one.flagged for one in got.results] == [True, False]
    assert isinstance(moderate.parse(HttpResponse(200, (), b'{"results":[{}]}')), Failure)


def test_what_a_service_cannot_transcribe_by_is_dropped_and_told() -> None:
    transcribe = operation("transcribe", "mistral")
    request = TranscriptionRequest(audio=WAV, language="en", prompt="Ann", response_format="srt")
    made = transcribe.build(CONFIG, request).unwrap()
    assert [name for name, _, _ in form(made.request)] == ["file", "model", "language"]
    assert [(one.field, one.reason) for one in made.adaptations] == [
        ("prompt", "mistral has no prompt"),
        ("response_format", "mistral has no response_format"),
    ]


def test_a_transcript_tells_its_usage() -> None:
    usage = {"type": "tokens", "input_tokens": 14, "output_tokens": 5, "total_tokens": 19}
    got = answer("transcribe", {"text": "Hi", "usage": usage}).unwrap()
    assert got == Transcription(
        text="Hi", provider="openai", usage=Usage(input_tokens=14, output_tokens=5, raw=usage)
    )


def test_a_form_holds_the_sound_and_every_setting() -> None:
    request = TranscriptionRequest(
        audio=WAV,
        filename='a "b".wav',
        language="en",
        prompt="Ann",
        temperature=0.5,
        response_format="verbose_json",
        timestamps=("word", "segment"),
        extra={"chunking_strategy": "auto"},
    )
    made = built("transcribe", request)
    assert made.request.url == "https://api.openai.com/v1/audio/transcriptions"
    assert form(made.request) == [
        ("file", "a %22b%22.wav", WAV),
        ("model", None, b"m1"),
        ("language", None, b"en"),
        ("prompt", None, b"Ann"),
        ("response_format", None, b"verbose_json"),
        ("temperature", None, b"0.5"),
        ("timestamp_granularities[]", None, b"word"),
        ("timestamp_granularities[]", None, b"segment"),
        ("chunking_strategy", None, b"auto"),
    ]
    assert built("transcribe", request) == made


def is_sound(data: bytes) -> bool:
    """As far as the bytes show: what they do not show may be one."""
    return (media_type_of(data) or "audio/").startswith(("audio/", "video/"))


@pytest.mark.parametrize("data", [tiny_png(), b"%PDF-1.7", b"PK\x03\x04"])
def test_what_is_no_sound_is_not_sent(data: bytes) -> None:
    got = operation("transcribe").build(CONFIG, TranscriptionRequest(audio=data, filename="a.wav"))
    message = f"the bytes are {media_type_of(data)}, not audio"
    assert got == Failure(InvalidRequest(message=message, param="audio", provider="openai"))


@given(st.binary(min_size=1, max_size=200).filter(is_sound))
def test_any_sound_comes_out_of_its_form_unchanged(audio: bytes) -> None:
    made = built("transcribe", TranscriptionRequest(audio=audio)).request
    kind = get_header(made.headers, "content-type") or ""
    boundary = kind.partition("boundary=")[2].encode()
    assert audio in made.body
    assert made.body.count(b"--" + boundary) == 3


@pytest.mark.parametrize(
    ("audio", "filename", "after", "told"),
    [
        (MP3, None, "audio.mp3", False),
        (WAV, "speech.mp3", "speech.wav", True),
        (MP3, "speech", "speech.mp3", True),
        (b"raw", "speech.xyz", "speech.xyz", False),
    ],
)
def test_a_lying_ending_is_mended_and_told(
    audio: bytes, filename: str | None, after: str, told: bool
) -> None:
    made = built("transcribe", TranscriptionRequest(audio=audio, filename=filename))
    assert form(made.request)[0][1] == after
    assert bool(made.adaptations) == told


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("images", ImageRequest(prompt=" ")),
        ("speech", SpeechRequest(input="")),
        ("speech", SpeechRequest(input="x" * 4097)),
        ("transcribe", TranscriptionRequest(audio=b"")),
        ("transcribe", TranscriptionRequest(audio=bytes(25 * 1024 * 1024 + 1))),
        ("moderate", ModerationRequest(input=())),
        ("images", ImageRequest(prompt="a", extra={"x": object()})),
    ],
)
def test_what_no_service_would_take_is_not_built(name: str, request_: Any) -> None:
    got = operation(name).build(CONFIG, request_)
    assert isinstance(got.failure(), InvalidRequest)


@pytest.mark.parametrize(
    "request_",
    [ImageRequest(prompt="a"), SpeechRequest(input="a"), TranscriptionRequest(audio=WAV)],
)
def test_without_a_model_nothing_is_built(request_: Any) -> None:
    name = {"ImageRequest": "images", "SpeechRequest": "speech"}.get(
        type(request_).__name__, "transcribe"
    )
    got = operation(name).build(LLMConfig(), request_)
    assert isinstance(got.failure(), InvalidConfiguration)


def test_azure_has_them_below_its_deployments() -> None:
    config = LLMConfig(
        model="dep", base_url="https://r.openai.azure.com", api_version="2025-04-01-preview"
    )
    urls = [
        operation(name, "azure").build(config, request).unwrap().request.url
        for name, request in (
            ("images", ImageRequest(prompt="a")),
            ("speech", SpeechRequest(input="a")),
            ("transcribe", TranscriptionRequest(audio=WAV)),
            ("models", ListModelsRequest()),
        )
    ]
    below = "https://r.openai.azure.com/openai/deployments/dep"
    asked = "?api-version=2025-04-01-preview"
    assert urls == [
        f"{below}/images/generations{asked}",
        f"{below}/audio/speech{asked}",
        f"{below}/audio/transcriptions{asked}",
        f"https://r.openai.azure.com/openai/models{asked}",
    ]
    assert registry.get("azure").unwrap().moderate is None


# what is read


def test_pictures_are_bytes_with_the_type_that_they_show_or_urls() -> None:
    usage = {"input_tokens": 5, "output_tokens": 7, "total_tokens": 12}
    body = {
        "created": 1,
        "output_format": "jpeg",
        "data": [
            {"b64_json": base64.b64encode(tiny_png()).decode(), "revised_prompt": "red"},
            {"b64_json": base64.b64encode(b"odd").decode()},
            {"url": "https://example.org/1.png"},
        ],
        "usage": usage,
    }
    assert answer("images", body) == Success(
        ImagesResponse(
            images=(
                GeneratedImage(data=tiny_png(), media_type="image/png", revised_prompt="red"),
                GeneratedImage(data=b"odd", media_type="image/jpeg"),
                GeneratedImage(url="https://example.org/1.png"),
            ),
            provider="openai",
            usage=Usage(5, 7, raw=usage),
            extra={"created": 1, "output_format": "jpeg"},
        )
    )


def test_sound_is_the_body_as_it_came() -> None:
    assert answer("speech", MP3, kind="audio/mpeg; x=y") == Success(
        Speech(data=MP3, media_type="audio/mpeg", provider="openai")
    )
    assert answer("speech", b"\1\2", kind="audio/pcm") == Success(
        Speech(data=b"\1\2", media_type="audio/pcm", provider="openai")
    )


SRT = "1\n00:00:00,000 --> 00:00:01,000\nHi\n"


@pytest.mark.parametrize(
    ("body", "kind", "read"),
    [
        ({"text": "Hi"}, "application/json", Transcription(text="Hi", provider="openai")),
        (
            {"text": "Hi", "language": "en", "duration": "1.5", "segments": [{"id": 0}], "words": [{"word": "Hi"}], "task": "t"},
            "application/json",
            Transcription(text="Hi", language="en", duration_s=1.5, segments=({"id": 0},), words=({"word": "Hi"},), provider="openai", extra={"task": "t"}),
        ),
        (
            {"segments": [{"speaker": "A", "text": "Hi"}, {"speaker": "B", "text": " ho"}]},
            "application/json",
            Transcription(text="Hi ho", segments=({"speaker": "A", "text": "Hi"}, {"speaker": "B", "text": " ho"}), provider="openai"),
        ),
        (b"Hi\n", "text/plain", Transcription(text="Hi\n", format="text", provider="openai")),
        (b"123", "text/plain", Transcription(text="123", format="text", provider="openai")),
        (SRT.encode(), "text/plain", Transcription(text=SRT, format="srt", provider="openai")),
        (b"WEBVTT\n", "text/vtt", Transcription(text="WEBVTT\n", format="vtt", provider="openai")),
    ],
    ids=["json", "verbose_json", "diarized_json", "text", "a number as text", "srt", "vtt"],
)  # fmt: skip
def test_a_transcript_is_read_in_every_format(body: Any, kind: str, read: Transcription) -> None:
    assert answer("transcribe", body, kind=kind) == Success(read)


def test_a_judgement_keeps_the_providers_names() -> None:
    row = {
        "flagged": True,
        "categories": {"hate/threatening": True, "odd": None},
        "category_scores": {"hate/threatening": 0.9, "odd": 10**400, "odder": True},
        "category_applied_input_types": {},
    }
    got = answer(
        "moderate", {"id": "modr-1", "model": "omni", "results": [row, {"flagged": False}]}
    )
    first = ModerationResult(
        flagged=True,
        categories={"hate/threatening": True},
        scores={"hate/threatening": 0.9},
        extra={"category_applied_input_types": {}},
    )
    assert got == Success(
        ModerationResponse(
            results=(first, ModerationResult(flagged=False)),
            id="modr-1",
            model="omni",
            provider="openai",
        )
    )
    assert got.unwrap().flagged


@pytest.mark.parametrize("bare", [True, False])
def test_models_come_in_an_object_or_as_a_bare_list(bare: bool) -> None:
    rows = [{"id": "a", "object": "model", "created": 7, "owned_by": "x", "y": 1}, {"id": None}]
    listed = ModelInfo(id="a", created_s=7, owned_by="x", extra={"y": 1})
    got = answer("models", rows if bare else {"object": "list", "data": rows})
    assert got == Success(ModelPage(models=(listed,), provider="openai"))


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(
    ("status", "kind"), [(401, AuthenticationFailed), (429, RateLimited)], ids=str
)
def test_an_error_body_is_its_error(name: str, status: int, kind: type[LLMError]) -> None:
    body = {"error": {"message": "no", "type": "x", "code": None}}
    assert isinstance(answer(name, body, status).failure(), kind)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"{}", b"[]", b"null", b'"x"', b'{"data":[]}', b"\xff"]
)
def test_an_answer_with_nothing_in_it_is_a_value_too(name: str, body: bytes) -> None:
    got = answer(name, body)
    if isinstance(got, Failure):
        assert isinstance(got.failure(), ProtocolError)
    else:  # text, or an empty list of models
        assert name in ("transcribe", "models")


@given(
    st.sampled_from(OPERATIONS),
    st.sampled_from([200, 204, 400, 404, 500]),
    st.binary(max_size=40)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "results", "flagged", "text", "b64_json", "url", "id", "segments", "usage", "error", "duration"]),
            inner,
            max_size=4,
        ),
        max_leaves=9,
    ).map(lambda one: json.dumps(one).encode()),
)  # fmt: skip
def test_no_answer_makes_a_parser_raise(name: str, status: int, body: bytes) -> None:
    got = operation(name).parse(HttpResponse(status, (), body))
    assert isinstance(got, Success | Failure)
    assert status < 400 or isinstance(got, Failure)


MEDIA_RULES: dict[str, tuple[str, str, Any, dict[str, Any], list[tuple[str, str]]]] = {
    # what -> provider, operation, request, fields that are sent (None: not sent), what is reported
    "eleven pictures": ("openai", "images", ImageRequest(prompt="x", n=11, model="gpt-image-2"), {"n": 10}, [("n", "clamped")]),
    "three of DALL-E 3": ("azure", "images", ImageRequest(prompt="x", n=3, model="dall-e-3"), {"n": 1}, [("n", "clamped")]),
    "DALL-E's background": ("azure", "images", ImageRequest(prompt="x", background="opaque", output_format="webp", quality="hd", model="dall-e-3"), {"background": None, "output_format": None, "quality": "hd"}, [("background", "dropped"), ("output_format", "dropped")]),
    "DALL-E 2's style": ("azure", "images", ImageRequest(prompt="x", style="vivid", quality="hd", model="dall-e-2"), {"style": None, "quality": None}, [("quality", "dropped"), ("style", "dropped")]),
    "a transparent JPEG": ("openai", "images", ImageRequest(prompt="x", background="transparent", output_format="jpeg", model="gpt-image-2"), {"background": "transparent", "output_format": None}, [("output_format", "dropped")]),
    "Grok's pictures": ("xai", "images", ImageRequest(prompt="x", n=11, model="grok-imagine-image"), {"n": 10}, [("n", "clamped")]),
    "too fast": ("openai", "speech", SpeechRequest(input="x", speed=9, model="gpt-4o-mini-tts"), {"speed": 4}, [("speed", "clamped")]),
    "too slow": ("openai", "speech", SpeechRequest(input="x", speed=0.1, model="tts-1"), {"speed": 0.25}, [("speed", "clamped")]),
    "a format of others": ("openai", "speech", SpeechRequest(input="x", response_format="ogg", model="gpt-4o-mini-tts"), {"response_format": None}, [("response_format", "dropped")]),
    "Groq's speech": ("groq", "speech", SpeechRequest(input="x", instructions="calm", stream_format="sse", response_format="ogg", model="playai-tts"), {"instructions": None, "stream_format": None, "response_format": "ogg"}, [("instructions", "dropped"), ("stream_format", "dropped")]),
    "timestamps": ("openai", "transcribe", TranscriptionRequest(audio=WAV, timestamps=("word",), model="whisper-1"), {"response_format": "verbose_json", "timestamp_granularities[]": "word"}, [("response_format", "added")]),
    "timestamps beside json": ("groq", "transcribe", TranscriptionRequest(audio=WAV, timestamps=("word",), response_format="json", model="whisper-large-v3"), {"response_format": "verbose_json"}, [("response_format", "added")]),
    "timestamps of subtitles": ("openai", "transcribe", TranscriptionRequest(audio=WAV, timestamps=("word",), response_format="srt", model="whisper-1"), {"response_format": "srt", "timestamp_granularities[]": None}, [("timestamps", "dropped")]),
    "Mistral's timestamps": ("mistral", "transcribe", TranscriptionRequest(audio=WAV, timestamps=("segment",), model="voxtral-mini-latest"), {"response_format": None, "timestamp_granularities[]": "segment"}, []),
    "json alone": ("openai", "transcribe", TranscriptionRequest(audio=WAV, timestamps=("word",), response_format="srt", model="gpt-4o-transcribe"), {"response_format": None, "timestamp_granularities[]": None}, [("timestamps", "dropped"), ("response_format", "dropped")]),
    "speakers": ("openai", "transcribe", TranscriptionRequest(audio=WAV, prompt="x", response_format="diarized_json", model="gpt-4o-transcribe-diarize"), {"prompt": None, "response_format": "diarized_json", "chunking_strategy": "auto"}, [("prompt", "dropped"), ("chunking_strategy", "added")]),
    "speakers in chunks of one's own": ("openai", "transcribe", TranscriptionRequest(audio=WAV, model="gpt-4o-transcribe-diarize", extra={"chunking_strategy": "server_vad"}), {"chunking_strategy": "server_vad"}, []),
    "a size of DALL-E": ("openai", "images", ImageRequest(prompt="x", size="1792x1024", model="gpt-image-1"), {"model": "gpt-image-1", "prompt": "x", "size": None}, [("size", "dropped")]),
    "a size of GPT Image 1": ("azure", "images", ImageRequest(prompt="x", size="1536x1024", model="gpt-image-1.5"), {"size": "1536x1024"}, []),
    "a size beside the grid": ("openai", "images", ImageRequest(prompt="x", size="1792x936", model="gpt-image-2"), {"size": None}, [("size", "dropped")]),
    "a size that is too long": ("openai", "images", ImageRequest(prompt="x", size="4096x1024", model="gpt-image-2"), {"size": None}, [("size", "dropped")]),
    "a size on the grid": ("openai", "images", ImageRequest(prompt="x", size="1792x944", model="gpt-image-2.5-flare"), {"size": "1792x944"}, []),
    "an odd size": ("openai", "images", ImageRequest(prompt="x", size=f"{'9' * 5000}x16", model="gpt-image-2"), {"size": None}, [("size", "dropped")]),
    "Groq's formats": ("groq", "transcribe", TranscriptionRequest(audio=WAV, response_format="srt", model="whisper-large-v3"), {"response_format": None}, [("response_format", "dropped")]),
    "a hot transcript": ("openai", "transcribe", TranscriptionRequest(audio=WAV, temperature=3, model="whisper-1"), {"temperature": "1"}, [("temperature", "clamped")]),
}  # fmt: skip


@pytest.mark.parametrize("row", MEDIA_RULES.values(), ids=MEDIA_RULES)
def test_what_a_model_would_refuse_is_told(row: Any) -> None:
    provider, name, request, fields, reported = row
    config = LLMConfig(api_type=provider, base_url="https://e.test", model="m1", api_key="k" * 24)
    done: Built = operation(name, provider).build(config, request).unwrap()
    sent: dict[str, Any]
    if name == "transcribe":
        kind = get_header(done.request.headers, "content-type")
        head = f"content-type: {kind}\r\n\r\n".encode()
        form = message_from_bytes(head + done.request.body, policy=HTTP)
        sent = {
            part.get_param("name", header="content-disposition"): part.get_content()
            for part in cast(Any, form).iter_parts()
            if part.get_param("name", header="content-disposition") != "file"
        }
    else:
        sent = json.loads(done.request.body)
    assert {field: sent.get(field) for field in fields} == fields
    assert [(one.field, one.action) for one in done.adaptations] == reported


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("images", ImageRequest(prompt="x" * 32_001, model="gpt-image-2")),
        ("speech", SpeechRequest(input="x", voice=" ")),
    ],
)
def test_what_is_out_of_bounds_is_not_built(name: str, request_: Any) -> None:
    match operation(name).build(CONFIG, request_):
        case Failure(InvalidRequest() as error):
            assert error.provider == "openai"
        case other:
            raise AssertionError(other)
