"""Speech as it comes, asked of a client; sync, on asyncio and on trio."""

import base64
import json
from typing import Any

import msgspec
import pytest

from llm_pure import LLMConfig, Usage
from llm_pure.adapters import registry
from llm_pure.client import LLM
from llm_pure.policy.retry import NO_RETRY, RetryPolicy
from llm_pure.transports.httpx import HttpxTransport
from llm_pure.transports.scripted import ResponseScript, ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    InvalidConfiguration,
    LLMError,
    ServerError,
    StreamInterrupted,
    TimedOut,
    UnsupportedFeature,
)
from llm_pure.types.messages import Audio
from llm_pure.types.operations import Speech, SpeechRequest
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.one_answer import http, one_answer
from tests.support.twins import every_kind, read_stream, scripted_llm
from tests.support.wav import tiny_wav

WAV = tiny_wav()
CONFIG = LLMConfig(api_type="openai", api_key="k" * 30, model="gpt-4o-mini-tts")
SOUND = (("content-type", "audio/wav"),)
EVENTS = (("content-type", "text/event-stream"),)
JSON = (("content-type", "application/json"),)
BROKEN = ConnectionFailed(message="reset")
EAGER = RetryPolicy(max_attempts=2, initial_backoff_s=0.001)


def delta(data: bytes) -> bytes:
    event = {"type": "speech.audio.delta", "audio": base64.b64encode(data).decode()}
    return b"data: " + json.dumps(event).encode() + b"\n\n"


USAGE = {"input_tokens": 3, "output_tokens": 5, "total_tokens": 8}
DONE = b"data: " + json.dumps({"type": "speech.audio.done", "usage": USAGE}).encode() + b"\n\n"


def client(script: ResponseScript, **more: Any) -> tuple[LLM, ScriptedTransport]:
    return scripted_llm(CONFIG, script, **{"retry": NO_RETRY, **more})


def heard(
    kind: str, llm: LLM, request: SpeechRequest | str = "Hello.", most: int = 1000
) -> tuple[list[bytes], LLMResult[Speech]]:
    """The pieces of a speech that is left after `most`, and its result."""
    return read_stream(kind, llm, "stream_speech", request, most)


@every_kind
def test_sound_comes_piece_by_piece_and_is_whole_in_the_end(kind: str) -> None:
    llm, transport = client([ScriptedResponse(headers=SOUND, chunks=(WAV[:10], WAV[10:]))])
    pieces, got = heard(kind, llm)
    assert pieces == [WAV[:10], WAV[10:]]
    assert got == Success(Speech(data=WAV, media_type="audio/wav", provider="openai"))
    assert json.loads(transport.requests[0].body) == {
        "model": "gpt-4o-mini-tts",
        "input": "Hello.",
        "voice": "alloy",
    }


@every_kind
def test_events_are_sound_too_and_tell_the_usage(kind: str) -> None:
    body = delta(WAV[:10]) + b": a comment\n\n" + delta(WAV[10:]) + DONE
    llm, transport = client([ScriptedResponse(headers=EVENTS, chunks=(body[:33], body[33:]))])
    pieces, got = heard(kind, llm, SpeechRequest(input="Hello.", stream_format="sse"))
    assert b"".join(pieces) == WAV
    usage = Usage(input_tokens=3, output_tokens=5, raw=USAGE)
    expected = Speech(data=WAV, media_type="audio/wav", provider="openai", usage=usage)
    assert got == Success(expected)
    assert json.loads(transport.requests[0].body)["stream_format"] == "sse"


def carried(error: LLMError) -> bytes:
    """The sound that an error holds."""
    assert error.partial is not None
    (part,) = error.partial.message.parts
    assert isinstance(part, Audio)
    return part.data or b""


CUTS: dict[str, tuple[ScriptedResponse, type]] = {
    "sound, reset": (ScriptedResponse(headers=SOUND, chunks=(WAV[:20],), error=BROKEN), StreamInterrupted),
    "sound, late": (
        ScriptedResponse(headers=SOUND, chunks=(WAV[:20],), error=TimedOut(message="late", phase="read")),
        TimedOut,
    ),
    "sound, shorter than its length": (
        ScriptedResponse(headers=(*SOUND, ("content-length", "52")), chunks=(WAV[:20],)),
        StreamInterrupted,
    ),
    "events, reset": (
        ScriptedResponse(headers=EVENTS, chunks=(delta(WAV[:20]),), error=BROKEN), StreamInterrupted,
    ),
    "events without an end": (ScriptedResponse(headers=EVENTS, chunks=(delta(WAV[:20]),)), StreamInterrupted),
    "half an event": (
        ScriptedResponse(headers=EVENTS, chunks=(delta(WAV[:20]), delta(WAV[20:])[:30])), StreamInterrupted,
    ),
    "events, an error among them": (
        ScriptedResponse(headers=EVENTS, chunks=(delta(WAV[:20]), b'data: {"error":{"message":"broke","type":"server_error"}}\n\n')),
        ServerError,
    ),
}  # fmt: skip


@every_kind
@pytest.mark.parametrize("name", CUTS)
def test_what_is_cut_is_a_failure_with_the_sound_so_far(kind: str, name: str) -> None:
    script, error_type = CUTS[name]
    llm, _ = client([script])
    pieces, got = heard(kind, llm)
    assert b"".join(pieces) == WAV[:20]
    assert isinstance(got, Failure)
    error: LLMError = got.failure()
    assert type(error) is error_type
    assert error.provider == "openai"
    assert carried(error) == WAV[:20]


@every_kind
def test_a_speech_that_is_left_early_tells_how_far_it_came(kind: str) -> None:
    llm, _ = client([ScriptedResponse(headers=SOUND, chunks=(WAV[:20], WAV[20:]))])
    pieces, got = heard(kind, llm, most=1)
    assert pieces == [WAV[:20]]
    assert isinstance(got, Failure)
    assert isinstance(got.failure(), StreamInterrupted)
    assert carried(got.failure()) == WAV[:20]


@every_kind
def test_an_error_before_any_sound_is_tried_again(kind: str) -> None:
    fault = ScriptedResponse(status=503, headers=JSON, chunks=(b'{"error":{"message":"busy"}}',))
    llm, transport = client([fault, ScriptedResponse(headers=SOUND, chunks=(WAV,))], retry=EAGER)
    assert heard(kind, llm)[1].unwrap().data == WAV
    assert len(transport.requests) == 2


@every_kind
def test_nothing_is_sent_again_after_the_first_sound(kind: str) -> None:
    cut = ScriptedResponse(headers=SOUND, chunks=(WAV[:20],), error=BROKEN)
    llm, transport = client([cut, ScriptedResponse(headers=SOUND, chunks=(WAV,))], retry=EAGER)
    assert isinstance(heard(kind, llm)[1], Failure)
    assert len(transport.requests) == 1


@every_kind
def test_an_error_of_the_service_is_typed_and_gives_no_sound(kind: str) -> None:
    body = b'{"error":{"message":"wrong key","code":"invalid_api_key"}}'
    llm, _ = client([ScriptedResponse(status=401, headers=JSON, chunks=(body[:9], body[9:]))])
    pieces, got = heard(kind, llm)
    assert pieces == []
    assert isinstance(got, Failure)
    assert isinstance(got.failure(), AuthenticationFailed)
    assert got.failure().partial is None


@every_kind
def test_a_service_that_does_not_speak_is_told_before_anything_is_sent(kind: str) -> None:
    transport = ScriptedTransport([])
    llm = LLM(LLMConfig(api_type="deepseek", api_key="k" * 30, model="m"), transport)
    pieces, got = heard(kind, llm)
    assert pieces == []
    message = "deepseek has no speech"
    assert got == Failure(
        UnsupportedFeature(message=message, provider="deepseek", feature="speech")
    )
    assert transport.requests == []


@every_kind
def test_a_plug_in_that_speaks_but_not_in_a_stream_is_told(kind: str) -> None:
    speaker = registry.get("openai").unwrap()
    silent = msgspec.structs.replace(speaker, name="plug", open_speech=None)
    own = registry.with_provider("plug", silent)
    config = LLMConfig(api_type="plug", api_key="k" * 30, model="m")
    llm = LLM(config, ScriptedTransport([]), registry=own)
    message = "plug does not stream speech"
    assert heard(kind, llm)[1] == Failure(
        UnsupportedFeature(message=message, provider="plug", feature="stream")
    )


@every_kind
def test_a_configuration_that_cannot_work_is_the_failure(kind: str) -> None:
    llm = LLM(LLMConfig(api_type="openai", model="m"), ScriptedTransport([]))
    error = heard(kind, llm)[1].failure()
    assert isinstance(error, InvalidConfiguration)


def test_over_a_real_connection_a_body_that_breaks_off_is_no_short_success() -> None:
    whole = http(200, "audio/wav", WAV)
    head, _, body = whole.partition(b"\r\n\r\n")
    with one_answer(head + b"\r\n\r\n" + body[:-5]) as url, HttpxTransport() as transport:
        config = LLMConfig(api_type="openai", api_key="k" * 30, model="tts-1", base_url=url)
        pieces, got = heard("sync", LLM(config, transport, retry=NO_RETRY))
    assert b"".join(pieces) == WAV[:-5]
    assert isinstance(got, Failure)
    assert isinstance(got.failure(), StreamInterrupted)
    assert carried(got.failure()) == WAV[:-5]
