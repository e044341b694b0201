"""Which recordings are measured, and with which input of the floor."""

from pathlib import Path

import pytest

from llm_pure.adapters import registry
from llm_pure.bench.recordings import Recordings, read_recordings, recorded_texts
from llm_pure.framing.aws_eventstream import encode_message
from llm_pure.replay.cassette import Cassette, Interaction
from llm_pure.replay.cassette_files import save_cassette
from llm_pure.types.http import HttpRequest, HttpResponse

CHUNK = b'{"choices":[{"index":0,"delta":{"content":"Hi"}}]}'
END = b'{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'
SSE = b"data: " + CHUNK + b"\n\ndata: " + END + b"\n\ndata: [DONE]\n\n"
ANSWER = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}'
ITEM = (
    b'{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"STOP"}]}'
)
LINE = (
    b'{"model":"m","message":{"role":"assistant","content":"Hi"},"done":true,"done_reason":"stop"}'
)
QUESTION = b'{"model":"m","messages":[{"role":"user","content":"Hello?"}]}'

CHAT = "https://llm.example.org/v1/chat/completions"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/m:streamGenerateContent"
OLLAMA = "http://localhost:11434/api/chat"
BEDROCK = "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse-stream"

MESSAGES = (
    ("messageStart", b'{"role":"assistant"}'),
    ("contentBlockDelta", b'{"contentBlockIndex":0,"delta":{"text":"Hi"}}'),
    ("contentBlockStop", b'{"contentBlockIndex":0}'),
    ("messageStop", b'{"stopReason":"end_turn"}'),
    ("metadata", b'{"usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2}}'),
)
EVENT_STREAM = b"".join(
    [
        encode_message(((":event-type", name), (":message-type", "event")), payload)
        for name, payload in MESSAGES
    ]
)


def recorded(
    folder: Path, url: str, kind: str, body: bytes, *, status: int = 200, question: bytes = QUESTION
) -> Path:
    """Write a cassette as another project has it: without a provider."""
    interaction = Interaction(
        request=HttpRequest("POST", url, (("content-type", "application/json"),), question),
        response=HttpResponse(status, (("content-type", kind),), body),
    )
    save_cassette(folder / "a.yaml", Cassette(interactions=(interaction,))).unwrap()
    return folder


@pytest.mark.parametrize(
    ("url", "kind", "body", "dialect", "payloads"),
    [
        (CHAT, "text/event-stream", SSE, "openai_chat", (CHUNK, END)),
        (GEMINI, "application/json", b"[" + ITEM + b"]", "gemini_content", (ITEM,)),
        (OLLAMA, "application/x-ndjson", LINE + b"\n", "ollama_native", (LINE,)),
        (
            BEDROCK,
            "application/vnd.amazon.eventstream",
            EVENT_STREAM,
            "bedrock_converse",
            tuple([payload for _, payload in MESSAGES]),
        ),
    ],
)  # fmt: skip
def test_the_floor_decodes_the_json_of_a_stream(
    tmp_path: Path, url: str, kind: str, body: bytes, dialect: str, payloads: tuple[bytes, ...]
) -> None:
    (case,) = read_recordings([recorded(tmp_path, url, kind, body)], registry, "streams").streams
    sample = case.sample
    assert (sample.dialect, sample.payloads, sample.text) == (dialect, payloads, "Hi")
    assert sample.body == body


def test_the_first_event_is_in_the_shortest_beginning_that_gives_one(tmp_path: Path) -> None:
    folder = recorded(tmp_path, CHAT, "text/event-stream", SSE)
    (case,) = read_recordings([folder], registry, "streams").streams
    opened = [case.provider.open_stream(case.sample.head) for _ in range(2)]
    assert opened[0].feed(SSE[: case.first_bytes - 1]).unwrap() == ()
    assert opened[1].feed(SSE[: case.first_bytes]).unwrap() != ()


@pytest.mark.parametrize(
    ("kind", "status", "body", "url", "reason"),
    [
        ("streams", 200, SSE[:60], CHAT, "stream that ends in an error"),
        ("streams", 500, b"{}", CHAT, "answer with an error status"),
        ("answers", 200, b"<html>", CHAT, "answer that is read as an error"),
        ("answers", 200, b"{}", "https://example.org/weather", "no chat of a known service"),
        ("build", 200, EVENT_STREAM, BEDROCK, "request of bedrock_converse, which no server side reads"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_left_out_and_counted(
    tmp_path: Path, kind: str, status: int, body: bytes, url: str, reason: str
) -> None:
    folder = recorded(tmp_path, url, "application/json", body, status=status)
    assert read_recordings([folder], registry, kind) == Recordings(left_out=((reason, 1),))


def test_a_request_that_is_no_json_is_left_out(tmp_path: Path) -> None:
    folder = recorded(tmp_path, CHAT, "application/json", ANSWER, question=b"{")
    left_out = (("request that cannot be read as values", 1),)
    assert read_recordings([folder], registry, "build") == Recordings(left_out=left_out)


def test_texts_of_a_cassette_are_those_of_requests_and_answers(tmp_path: Path) -> None:
    recorded(tmp_path, CHAT, "application/json", ANSWER)
    assert recorded_texts(tmp_path / "a.yaml").unwrap() == ("Hello?", "Hi")
