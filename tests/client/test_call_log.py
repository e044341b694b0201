"""What a call writes to the log."""

import base64
import logging
import subprocess
import sys

import msgspec
import pytest

from llm_pure import (
    Audio,
    Document,
    Image,
    LLMConfig,
    Message,
    Part,
    Text,
    ToolCall,
    ToolResult,
    user,
)
from llm_pure.client import LLM
from llm_pure.client.call_log import redact_request
from llm_pure.policy.retry import NO_RETRY, RetryPolicy
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.messages import Role
from tests.support.tiny_provider import JSON, KEY, REGISTRY, config, whole
from tests.support.twins import called, every_kind

ANSWER = ScriptedResponse(headers=JSON, chunks=(whole("Hello"),))
BUSY = ScriptedResponse(
    status=429, headers=JSON, chunks=(b'{"error": "slow down, sk-abcdefgh12345678"}',)
)


def ask(kind: str, *answers: ScriptedResponse, text: str = "Hi") -> None:
    llm = LLM(
        config(stream=False, base_url="http://user:word@tiny.invalid/v1?key=hush"),
        ScriptedTransport(answers),
        registry=REGISTRY,
        retry=RetryPolicy(initial_backoff_s=0.001),
    )
    called(kind, llm, "ask", text, system_msgs=())


@every_kind
def test_each_attempt_is_one_line_at_debug(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "llm_pure"):
        ask(kind, BUSY, ANSWER)
    first, second = [
        record.getMessage() for record in caplog.records if record.levelno == logging.DEBUG
    ]
    assert first.startswith("tiny attempt 1: tiny: rate_limited: slow down, *** (status 429)")
    assert second.startswith("tiny attempt 2: ok in 0.")
    assert "\n" not in first + second
    for secret in (KEY, "word", "hush", "12345678"):
        assert secret not in first + second


@every_kind
def test_a_call_that_succeeds_at_once_logs_nothing_by_default(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    ask(kind, ANSWER)
    assert [record for record in caplog.records if record.name == "llm_pure"] == []


@every_kind
def test_each_retry_is_one_warning_with_the_reason_and_the_wait(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    ask(kind, BUSY, BUSY, ANSWER)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", f"tiny: rate_limited: slow down, *** (status 429); attempt {n} of at most 7 follows in 0.0 s")
        for n in (2, 3)
    ]  # fmt: skip


def test_a_fallback_is_a_warning_with_its_name(caplog: pytest.LogCaptureFixture) -> None:
    other = config(api_type="tiny", model="other")
    llm = LLM(
        config(),
        ScriptedTransport([BUSY, ANSWER]),
        registry=REGISTRY,
        retry=NO_RETRY,
        fallbacks=[other],
    )
    assert llm.completion("Hi").unwrap().text == "Hello"
    (record,) = caplog.records
    assert record.getMessage() == (
        "tiny: rate_limited: slow down, *** (status 429); going on with tiny"
    )


def test_a_last_attempt_is_no_retry_and_logs_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    llm = LLM(config(), ScriptedTransport([BUSY]), registry=REGISTRY, retry=NO_RETRY)
    assert llm.completion("Hi").failure().kind == "rate_limited"
    assert caplog.records == []


def test_not_even_a_warning_is_printed_where_nobody_asked_for_a_log() -> None:
    program = "import logging, llm_pure.client; logging.getLogger('llm_pure').warning('the budget')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_pictures_and_long_texts_do_not_fill_the_log() -> None:
    picture = base64.b64encode(bytes(range(256)) * 10).decode()
    body = msgspec.json.encode({"a": f"data:image/png;base64,{picture}", "b": "word " * 1000})
    line = redact_request(body)
    assert "base64,<3416 characters of base64>" in line
    assert len(line) < 2100


PICTURE = base64.b64encode(bytes(range(256)) * 4)
LINES = base64.encodebytes(bytes(range(256)) * 4).decode()
HIDDEN: dict[str, tuple[Part, Role]] = {
    "a picture": (Image(data=base64.b64decode(PICTURE), media_type="image/png"), "user"),
    "a sound": (Audio(data=bytes(range(256)) * 4, media_type="audio/wav"), "user"),
    "a file": (Document(data=bytes(range(256)) * 4, media_type="application/pdf"), "user"),
    "a tool's arguments": (ToolCall("c", "f", msgspec.json.encode({"a": PICTURE}).decode()), "assistant"),
    "arguments with base64 in lines": (ToolCall("c", "f", msgspec.json.encode({"a": LINES}).decode()), "assistant"),
    "arguments with escaped slashes": (
        ToolCall("c", "f", '{"a": "' + PICTURE.decode().replace("/", "\\/") + '"}'), "assistant"
    ),
    "a key in a tool's arguments": (ToolCall("c", "f", '{"a": "sk-abcdefgh12345678"}'), "assistant"),
    "a key in a tool's result": (ToolResult(tool_call_id="c", content=(Text("sk-abcdefgh12345678"),)), "tool"),
}  # fmt: skip


@pytest.mark.parametrize("name", HIDDEN)
def test_base64_and_keys_are_concealed_wherever_they_are_in_a_request(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    part, role = HIDDEN[name]
    turns = [user("Hi"), Message(role, (part,))]
    config = LLMConfig(api_key=KEY, model="of-tomorrow", stream=False)
    transport = ScriptedTransport([ANSWER])
    with caplog.at_level(logging.DEBUG, "llm_pure"):
        LLM(config, transport, retry=RetryPolicy(max_attempts=1)).completion(turns)
    body = transport.requests[0].body.decode()
    lines = [record.getMessage() for record in caplog.records if record.name == "llm_pure"]
    (told,) = [line.partition("POST ")[2] for line in lines if "POST " in line]
    assert not [piece for piece in _pieces(body) if piece in told]
    assert ("characters of base64>" in told) == ("key" not in name)


def _pieces(body: str) -> list[str]:
    """What must not be seen: pieces of the picture, and the key."""
    picture = PICTURE.decode()
    return ["12345678", *[picture[at : at + 24] for at in range(0, len(picture), 24)]]


def test_a_body_that_is_no_text_is_told_by_its_length() -> None:
    assert redact_request(b"\xff\xfe{") == "<3 bytes>"


def test_a_body_of_several_lines_is_one_line_of_the_log() -> None:
    assert redact_request(b"a\r\nb\nc") == "a b c"


def test_words_and_short_names_are_left_as_they_are() -> None:
    text = (
        '{"a": "'
        + "word " * 40
        + "x" * 60
        + '", "id": "call_abcdefghijklmnopqrstuvwxyz0123456789"}'
    )
    assert redact_request(text.encode()) == text


def test_a_setting_that_was_not_sent_as_asked_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    llm = LLM(
        LLMConfig(api_key=KEY, model="gpt-4o", top_k=5, stream=False),
        ScriptedTransport([BUSY, BUSY]),
        retry=RetryPolicy(max_attempts=2, initial_backoff_s=0.001),
    )
    with caplog.at_level(logging.INFO, "llm_pure"):
        llm.ask("Hi")
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]
    assert told == ["openai: top_k was dropped: OpenAI has no top_k"]
