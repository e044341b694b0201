"""What a call writes to the log."""

import base64
import logging

import msgspec
import pytest

from llm_pure import LLMConfig
from llm_pure.effects import LLM
from llm_pure.effects.logs import masked
from llm_pure.effects.transports.scripted import Scripted, ScriptedTransport
from llm_pure.retry import RetryPolicy
from tests.support.tiny_provider import JSON, KEY, REGISTRY, config, whole
from tests.support.twins import called, every_kind

ANSWER = Scripted(headers=JSON, pieces=(whole("Hello"),))
BUSY = Scripted(status=429, headers=JSON, pieces=(b'{"error": "slow down, sk-abcdefgh12345678"}',))


def ask(kind: str, *answers: Scripted, text: str = "Hi") -> None:
    llm = LLM(
        config(stream=False, base_url="http://user:word@tiny.invalid/v1?key=hush"),
        ScriptedTransport(answers),
        registry=REGISTRY,
        retry=RetryPolicy(first_wait_s=0.001),
    )
    called(kind, llm, "ask", text, system_msgs=())


@every_kind
def test_each_attempt_is_one_line_at_debug(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "llm_pure"):
        ask(kind, BUSY, ANSWER)
    first, second = [record.getMessage() for record in caplog.records if record.name == "llm_pure"]
    assert first.startswith("tiny attempt 1: tiny: rate_limited: slow down, *** (status 429)")
    assert second.startswith("tiny attempt 2: ok in 0.")
    assert "\n" not in first + second
    for secret in (KEY, "word", "hush", "12345678"):
        assert secret not in first + second


@every_kind
def test_nothing_is_logged_by_default(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    ask(kind, BUSY, ANSWER)
    assert [record for record in caplog.records if record.name == "llm_pure"] == []


def test_pictures_and_long_texts_do_not_fill_the_log() -> None:
    picture = base64.b64encode(bytes(range(256)) * 10).decode()
    body = msgspec.json.encode({"a": f"data:image/png;base64,{picture}", "b": "word " * 1000})
    line = masked(body)
    assert "base64,<3416 characters of base64>" in line
    assert len(line) < 2100


def test_a_body_that_is_no_text_is_logged_all_the_same() -> None:
    assert masked(b"\xff\xfe{") == "\ufffd\ufffd{"


def test_a_setting_that_was_not_sent_as_asked_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    llm = LLM(
        LLMConfig(api_key=KEY, model="gpt-4o", top_k=5, stream=False),
        ScriptedTransport([BUSY, BUSY]),
        retry=RetryPolicy(attempts=2, first_wait_s=0.001),
    )
    with caplog.at_level(logging.INFO, "llm_pure"):
        llm.ask("Hi")
    told = [record.getMessage() for record in caplog.records if record.name == "llm_pure"]
    assert told == ["openai: top_k was dropped: OpenAI has no top_k"]
