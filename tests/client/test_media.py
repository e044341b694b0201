"""Pictures, sound, judgements and models, asked of a client; each method with its async twin."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from llm_pure import LLMConfig
from llm_pure.client import LLM
from llm_pure.client.operations import MAX_MODEL_PAGES, list_all_pages
from llm_pure.policy.retry import NO_RETRY
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import ProtocolError, UnsupportedFeature
from llm_pure.types.operations import (
    GeneratedImage,
    ImageRequest,
    ImagesResponse,
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
from tests.support.png import tiny_png
from tests.support.tiny_provider import JSON, REGISTRY, config
from tests.support.twins import called, every_kind

WAV = b"RIFF\0\0\0\0WAVEfmt "
B64 = base64.b64encode(tiny_png()).decode()
MADE = ImagesResponse(
    images=(GeneratedImage(data=tiny_png(), media_type="image/png"),), provider="openai"
)
SPOKEN = Speech(data=WAV, media_type="audio/wav", provider="openai")
WRITTEN = Transcription(text="Hi", provider="openai")
JUDGED = ModerationResponse(results=(ModerationResult(flagged=False),), provider="openai")
CALLS: list[tuple[str, Any, bytes, Any]] = [
    ("gen_image", "a cat", json.dumps({"data": [{"b64_json": B64}]}).encode(), MADE),
    ("gen_image", ImageRequest(prompt="a"), json.dumps({"data": [{"b64_json": B64}]}).encode(), MADE),
    ("text_to_speech", "Hi", WAV, SPOKEN),
    ("text_to_speech", SpeechRequest(input="Hi"), WAV, SPOKEN),
    ("speech_to_text", WAV, b'{"text":"Hi"}', WRITTEN),
    ("speech_to_text", TranscriptionRequest(audio=WAV), b'{"text":"Hi"}', WRITTEN),
    ("moderation", "Hi", b'{"results":[{"flagged":false}]}', JUDGED),
    ("moderation", ["Hi"], b'{"results":[{"flagged":false}]}', JUDGED),
    ("moderation", ModerationRequest(input="Hi"), b'{"results":[{"flagged":false}]}', JUDGED),
]  # fmt: skip


def client(body: bytes, kind: str) -> LLM:
    headers = (("content-type", kind),)
    transport = ScriptedTransport([ScriptedResponse(headers=headers, chunks=(body,))])
    return LLM(LLMConfig(api_type="openai", api_key="sk-" + "k" * 30, model="m1"), transport)


@every_kind
@pytest.mark.parametrize(("method", "request_", "body", "answer"), CALLS)
def test_each_method_gives_the_value(
    kind: str, method: str, request_: Any, body: bytes, answer: Any
) -> None:
    content_type = "audio/wav" if body == WAV else "application/json"
    assert called(kind, client(body, content_type), method, request_) == Success(answer)


@every_kind
def test_audio_may_be_the_path_of_a_file(kind: str, tmp_path: Path) -> None:
    (tmp_path / "talk.wav").write_bytes(WAV)
    llm = client(b'{"text":"Hi"}', "application/json")
    assert called(kind, llm, "speech_to_text", tmp_path / "talk.wav") == Success(WRITTEN)
    missing = called(kind, llm, "speech_to_text", tmp_path / "none.wav").failure()
    assert missing.message.startswith(f"{tmp_path / 'none.wav'}: the file cannot be read")
    name = called(kind, llm, "speech_to_text", "talk.wav").failure()
    assert name.message == (
        "request must be bytes, a pathlib.Path or a TranscriptionRequest, not 'talk.wav'"
    )


@every_kind
def test_models_are_listed(kind: str) -> None:
    got = called(kind, client(b'{"data":[{"id":"a"}]}', "application/json"), "list_models")
    assert got == Success(ModelPage(models=(ModelInfo(id="a"),), provider="openai"))


@every_kind
def test_a_text_without_a_judgement_is_a_fault(kind: str) -> None:
    llm = client(b'{"results":[{"flagged":false}]}', "application/json")
    what = "2 texts were sent, and 1 judgements came"
    fault = ProtocolError(message=what, provider="openai", where="$.results")
    assert called(kind, llm, "moderation", ["a", "b"]) == Failure(fault)


def pages(*bodies: object) -> tuple[LLM, ScriptedTransport]:
    """A client of Cohere, whose list comes in pages."""
    script = [
        ScriptedResponse(headers=JSON, chunks=(json.dumps(body).encode(),)) for body in bodies
    ]
    transport = ScriptedTransport(script)
    config_ = LLMConfig(api_type="cohere", api_key="k" * 30, model="m1")
    return LLM(config_, transport, retry=NO_RETRY), transport


@every_kind
def test_every_page_of_a_list_is_read(kind: str) -> None:
    llm, transport = pages(
        {"models": [{"name": "a"}], "next_page_token": "2"},
        {"models": [{"name": "b"}], "next_page_token": "3"},
        {"models": [{"name": "c"}]},
    )
    got = called(kind, llm, "list_models")
    found = tuple([ModelInfo(id=name) for name in "abc"])
    assert got == Success(ModelPage(models=found, provider="cohere"))
    assert [request.url.partition("page_token=")[2] for request in transport.requests] == [
        "",
        "2",
        "3",
    ]


@every_kind
def test_a_page_that_fails_is_the_failure(kind: str) -> None:
    llm, _ = pages({"models": [], "next_page_token": "2"}, {"nothing": 1})
    assert isinstance(called(kind, llm, "list_models").failure(), ProtocolError)


@every_kind
def test_a_list_that_names_its_own_page_as_the_next_ends(kind: str) -> None:
    llm, transport = pages(*[{"models": [{"name": "a"}], "next_page_token": "2"}] * 2)
    assert len(called(kind, llm, "list_models").unwrap().models) == 2
    assert len(transport.requests) == 2


def test_a_list_without_an_end_is_a_fault() -> None:
    listing = list_all_pages()
    next(listing)
    for number in range(MAX_MODEL_PAGES - 1):
        listing.send(Success(ModelPage(models=(), next_page=f"p{number}", provider="p")))
    with pytest.raises(StopIteration) as stopped:
        listing.send(Success(ModelPage(models=(), next_page="one more", provider="p")))
    what = f"the list of models has more than {MAX_MODEL_PAGES} pages"
    fault = ProtocolError(message=what, provider="p", where="next_page")
    assert stopped.value.value == Failure(fault)


@every_kind
def test_what_a_provider_lacks_is_told_before_anything_is_sent(kind: str) -> None:
    transport = ScriptedTransport([ScriptedResponse(headers=JSON)])
    llm = LLM(config(), transport, registry=REGISTRY)
    got = called(kind, llm, "gen_image", "a cat")
    error = UnsupportedFeature(
        message="tiny has no image generation", provider="tiny", feature="images"
    )
    assert got == Failure(error)
    assert transport.requests == []
