"""Where client and provider speak one dialect, bodies go as they came."""

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.gateway.pass_through import read_raw
from llm_pure.gateway.pieces import split_events, split_lines
from llm_pure.gateway.upstream import Templates
from llm_pure.types.http import HttpRequest
from tests.support.gateways import (
    BODIES,
    COMPLETION,
    DONE,
    JSON,
    SSE,
    STREAM,
    TWO,
    USAGE_CHUNK,
    Reply,
    Running,
    hello,
)

ODD = (
    b'{ "messages": [{"role": "user", "content": "h\\u00e9 \\/ \\ud83d\\ude00", "x": 1.50, "big": 12345678901234567890123}],\n'
    b'  "model" : "fast", "seed": 1e2, "x_unknown": {"b":  1, "a": [ 2]}, "store": true, "metadata": {"k": "v"} }'
)


def test_every_byte_but_the_model_stays() -> None:
    running = Running(TWO, hello)
    answer = asyncio.run(running.post("/v1/chat/completions", ODD))
    assert answer.status == 200
    assert running.records[0].passed
    body = running.upstream.requests[0].body
    assert read_raw(body).fields == {**read_raw(ODD).fields, "model": msgspec.Raw(b'"gpt-5-mini"')}  # type: ignore[union-attr]
    assert answer.body == COMPLETION


def test_a_field_that_stands_twice_is_sent_once() -> None:
    """Else a client could name a model here that it may use, and another one to the provider."""
    for twice in (
        b'{"model":"gpt-5-pro","messages":[{"role":"user","content":"Hi"}],"model":"gpt-5-mini"}',
        b'{"mod\\u0065l":"gpt-5-pro","messages":[{"role":"user","content":"Hi"}],"model":"gpt-5-mini"}',
    ):
        running = Running(TWO, hello)
        assert asyncio.run(running.post("/v1/chat/completions", twice)).status == 200
        assert running.records[0].passed
        assert running.upstream.requests[0].body.count(b"model") == 1
        assert b"gpt-5-pro" not in running.upstream.requests[0].body


def test_the_usage_is_asked_for_and_kept_from_a_client_that_did_not() -> None:
    for options, expected in (
        ({}, b"".join(STREAM).replace(USAGE_CHUNK, b"")),
        ({"stream_options": {"include_usage": True}}, b"".join(STREAM)),
        ({"stream_options": {"include_usage": False}}, b"".join(STREAM).replace(USAGE_CHUNK, b"")),
    ):
        for steps in (STREAM, (b"".join(STREAM),)):
            running = Running(TWO, lambda request, steps=steps: Reply(steps))  # type: ignore[misc]
            path, body = BODIES["openai_chat"]
            answer = asyncio.run(running.post(path, {**body, "stream": True, **options}))
            assert answer.body == expected
            sent = msgspec.json.decode(running.upstream.requests[0].body)
            assert sent["stream_options"] == {"include_usage": True}
            assert running.records[0].usage.output_tokens == 2


def test_a_field_that_the_provider_has_by_another_name_is_translated() -> None:
    running = Running(TWO, hello)
    path, body = BODIES["openai_chat"]
    asyncio.run(running.post(path, {**body, "max_tokens": 7}))
    sent = msgspec.json.decode(running.upstream.requests[0].body)
    assert sent["max_completion_tokens"] == 7
    assert "max_tokens" not in sent
    assert not running.records[0].passed


def test_a_provider_that_has_only_parts_of_the_dialect_gets_an_adapted_request() -> None:
    running = Running(TWO.replace("api_type: openai", "api_type: groq"), hello)
    path, body = BODIES["openai_chat"]
    answer = asyncio.run(running.post(path, {**body, "x_unknown": {"kept": 1}}))
    assert answer.status == 200
    assert not running.records[0].passed
    assert msgspec.json.decode(running.upstream.requests[0].body)["x_unknown"] == {"kept": 1}


CLAUDE_MESSAGE: dict[str, Any] = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "stop_reason": "end_turn", "stop_sequence": None,
    "content": [{"type": "thinking", "thinking": "hm", "signature": "c2ln+/=="}, {"type": "text", "text": "Hello"}],
    "usage": {"input_tokens": 9, "output_tokens": 2, "cache_read_input_tokens": 4}, "x_new": [1],
}  # fmt: skip


def test_signatures_betas_and_unknown_fields_reach_anthropic_and_come_back() -> None:
    data = msgspec.json.encode(CLAUDE_MESSAGE)
    running = Running(TWO, lambda request: Reply((data,), JSON))
    history = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": CLAUDE_MESSAGE["content"]},
        {"role": "user", "content": [{"type": "text", "text": "On", "cache_control": {"type": "ephemeral"}}]},
    ]  # fmt: skip
    body = {
        "model": "smart",
        "max_tokens": 5,
        "messages": history,
        "x_unknown": 1,
        "thinking": {"type": "adaptive"},
    }
    headers = {"anthropic-beta": "a-2025-01-01,b-2026-01-01", "anthropic-version": "2026-10-21"}
    answer = asyncio.run(running.post("/v1/messages?beta=true", body, headers=headers))
    assert answer.body == data
    request = running.upstream.requests[0]
    assert msgspec.json.decode(request.body) == {**body, "model": "claude-sonnet-4-5"}
    sent = dict(request.headers)
    assert (sent["anthropic-beta"], sent["anthropic-version"]) == tuple(headers.values())
    assert request.url == "http://claude.internal/v1/messages"
    assert running.records[0].usage.cached_input_tokens == 4


def test_gemini_streams_pass_with_the_model_in_the_url() -> None:
    text = "models: {g: {api_type: gemini, api_key: k, model: gemini-3-pro, base_url: 'http://gem.internal'}}"
    chunk = (
        b'data: {"candidates": [{"content": {"parts": [{"text": "Hello","thoughtSignature":"c2ln"}],"role": "model"},'
        b'"finishReason": "STOP","index": 0}],"usageMetadata": {"promptTokenCount": 3,"candidatesTokenCount": 1}}\r\n\r\n'
    )
    running = Running(text, lambda request: Reply((chunk,)))
    body = (
        b'{"contents":[{"role":"user","parts":[{"text":"Hi"}]}],  "generationConfig":{"topK": 3}}'
    )
    answer = asyncio.run(
        running.post("/v1beta/models/g:streamGenerateContent?alt=sse&key=client", body)
    )
    assert (answer.status, answer.body) == (200, chunk)
    request = running.upstream.requests[0]
    assert request.body == body.replace(b",  ", b",")
    assert "/models/gemini-3-pro:streamGenerateContent?alt=sse" in request.url
    assert "client" not in request.url


def test_ollama_lines_pass() -> None:
    text = "models: {o: {api_type: ollama, model: 'qwen3:4b', base_url: 'http://ollama.internal'}}"
    lines = (
        b'{"model":"qwen3:4b","created_at":"2026-11-30T00:00:00Z","message":{"role":"assistant","content":"Hel"},"done":false}\n',
        (
            b'{"model":"qwen3:4b","created_at":"2026-11-30T00:00:00Z","message":{"role":"assistant","content":"lo"},"done":true,'
            b'"done_reason":"stop","prompt_eval_count":3,"eval_count":2}\n'
        ),
    )
    running = Running(
        text, lambda request: Reply(lines, (("content-type", "application/x-ndjson"),))
    )
    body = {"model": "o", "messages": [{"role": "user", "content": "Hi"}], "x_unknown": 1}
    answer = asyncio.run(running.post("/api/chat", body))
    assert (answer.status, answer.body, running.records[0].passed) == (200, b"".join(lines), True)
    assert msgspec.json.decode(running.upstream.requests[0].body)["model"] == "qwen3:4b"


def test_an_error_in_mid_stream_comes_after_whole_frames() -> None:
    cut = b"".join(STREAM[:3]) + b'data: {"choi'
    running = Running(TWO, lambda request: Reply((cut,)))
    path, body = BODIES["openai_chat"]
    answer = asyncio.run(running.post(path, {**body, "stream": True}))
    frames = answer.body.split(b"\n\n")
    assert answer.body.startswith(b"".join(STREAM[:3]))
    assert b'"error"' in frames[-2]
    assert frames[-1] == b""
    assert all(msgspec.json.decode(frame.removeprefix(b"data: ")) for frame in frames[:-1])


def test_an_error_of_a_passed_responses_stream_keeps_the_id() -> None:
    text = "models: {r: {api_type: openai_responses, api_key: k, model: gpt-5, base_url: 'http://r.internal/v1'}}"
    created = (
        b'event: response.created\ndata: {"type":"response.created","sequence_number":0,"response":{"id":"resp_77","object":"response",'
        b'"created_at":1,"status":"in_progress","model":"gpt-5","output":[]}}\n\n'
        b'event: response.output_item.added\ndata: {"type":"response.output_item.added","sequence_number":1,"output_index":0,'
        b'"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]}}\n\n'
        b'event: response.content_part.added\ndata: {"type":"response.content_part.added","sequence_number":2,"item_id":"msg_1",'
        b'"output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}}\n\n'
        b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_1",'
        b'"output_index":0,"content_index":0,"delta":"Hel"}\n\n'
    )
    running = Running(text, lambda request: Reply((created,)))
    answer = asyncio.run(
        running.post("/v1/responses", {"model": "r", "input": "Hi", "stream": True})
    )
    assert answer.body.startswith(created)
    rest = answer.body.removeprefix(created)
    assert b"response.failed" in rest
    assert b"resp_77" in rest
    assert b"response.created" not in rest


@given(
    st.lists(st.sampled_from([b"data: a", b": c", b"event: x\ndata: y"]), max_size=6),
    st.sampled_from([b"\n\n", b"\r\n\r\n"]),
    st.data(),
)
def test_frames_join_to_the_same_bytes_at_any_split(
    frames: list[bytes], end: bytes, data: st.DataObject
) -> None:
    body = (
        b"".join([frame.replace(b"\n", end[: len(end) // 2]) + end for frame in frames]) + b"rest"
    )
    cut = data.draw(st.integers(0, len(body)))
    first, rest = split_events(body[:cut])
    second, rest = split_events(rest + body[cut:])
    assert b"".join([*first, *second]) + rest == body
    assert len([frame for frame in (*first, *second) if frame.strip()]) == len(frames)


@given(st.binary(max_size=200))
def test_splitting_loses_nothing(body: bytes) -> None:
    for split in (split_events, split_lines):
        frames, rest = split(body)
        assert b"".join(frames) + rest == body


@pytest.mark.parametrize("headers", [SSE])
def test_a_terminal_frame_is_passed_once(headers: Any) -> None:
    def script(request: HttpRequest) -> Reply:
        return Reply((b"".join(STREAM)[:-1], b"\n"), headers)

    path, body = BODIES["openai_chat"]
    answer = asyncio.run(Running(TWO, script).post(path, {**body, "stream": True}))
    assert answer.body.count(DONE) == 1


def test_the_names_of_one_client_do_not_keep_out_those_of_others() -> None:
    target = Running(TWO, hello).application.service.models.models["fast"].target
    templates = Templates()
    names = [frozenset({f"x{number}"}) for number in range(3000)]
    for fields in (*names, frozenset({"x" * 5000})):
        templates.decide(target, "openai_chat", fields, passes=True)
    assert templates.decided(target, "openai_chat", names[-1]) is True
    assert templates.decided(target, "openai_chat", names[0]) is None
    assert templates.decided(target, "openai_chat", frozenset({"x" * 5000})) is None
