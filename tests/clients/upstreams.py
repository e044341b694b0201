"""What five services answer in each situation, as each sends it: written by hand in their own formats, without our encoders.

`wire(dialect, situation, stream)` is the response. The values are the same in all of them, except what a format has no place for.
"""

import json
from collections.abc import Sequence
from typing import Any

from llm_pure import HttpResponse

PROVIDERS = {
    "openai_chat": "open_llm",
    "openai_responses": "openai_responses",
    "anthropic_messages": "anthropic",
    "gemini_content": "gemini",
    "ollama_native": "ollama",
}
"""Dialect of an upstream -> the provider that reads it."""

SITUATIONS = (
    "text",
    "calls",
    "refusal",
    "reasoning",
    "length",
    "cache",
    "error",
    "error_in_stream",
    "cut",
)
ONLY_STREAMED = ("error_in_stream", "cut")

TEXT = "It is 4 °C."
PIECES = ("It is", " 4 °C.")
THOUGHT = "Look outside."
NO = "I cannot help with that."
CALLS = (("call_1", "get_weather", {"city": "Oslo"}), ("call_2", "get_weather", {"city": "Rome"}))
BUSY = "The upstream is busy"
SLOW = "Slow down"
USAGE = (100, 20)
CACHED = 40
THOUGHT_TOKENS = 5
SIGNATURE = "c2lnbmF0dXJl"

Json = dict[str, Any]


def wire(dialect: str, situation: str, *, stream: bool) -> HttpResponse:
    """The response of a service."""
    if situation == "error":
        return _ERRORS[dialect]
    if not stream:
        return _json(200, _BODIES[dialect](situation))
    return _STREAMS[dialect](situation)


def _json(status: int, body: Json, *headers: tuple[str, str]) -> HttpResponse:
    return HttpResponse(
        status, (("content-type", "application/json"), *headers), json.dumps(body).encode()
    )


def _sse(events: Sequence[Json], *, named: bool = False, end: bytes = b"") -> HttpResponse:
    body = b""
    for event in events:
        body += f"event: {event['type']}\n".encode() if named else b""
        body += b"data: " + json.dumps(event).encode() + b"\n\n"
    return HttpResponse(200, (("content-type", "text/event-stream"),), body + end)


_WAIT = ("retry-after", "7")
_ERRORS = {
    "openai_chat": _json(429, {"error": {"message": SLOW, "type": "requests", "param": None, "code": "rate_limit_exceeded"}}, _WAIT),
    "openai_responses": _json(429, {"error": {"message": SLOW, "type": "requests", "param": None, "code": "rate_limit_exceeded"}}, _WAIT),
    "anthropic_messages": _json(429, {"type": "error", "error": {"type": "rate_limit_error", "message": SLOW}, "request_id": "req_1"}, _WAIT),
    "gemini_content": _json(429, {"error": {"code": 429, "message": SLOW, "status": "RESOURCE_EXHAUSTED", "details": [
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}]}}),
    "ollama_native": _json(429, {"error": SLOW}, _WAIT),
}  # fmt: skip


# OpenAI's chat completions


def _chat_usage(situation: str) -> Json:
    usage: Json = {"prompt_tokens": USAGE[0], "completion_tokens": USAGE[1], "total_tokens": sum(USAGE)}  # fmt: skip
    if situation == "cache":
        usage["prompt_tokens_details"] = {"cached_tokens": CACHED, "audio_tokens": 0}
    if situation == "reasoning":
        usage["completion_tokens_details"] = {"reasoning_tokens": THOUGHT_TOKENS}
    return usage


def _chat_finish(situation: str) -> str:
    return {"calls": "tool_calls", "length": "length"}.get(situation, "stop")


def _chat_calls() -> list[Json]:
    return [
        {"id": id_, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        for id_, name, arguments in CALLS
    ]  # fmt: skip


def _chat_body(situation: str) -> Json:
    message: Json = {"role": "assistant", "content": TEXT, "refusal": None, "annotations": []}
    match situation:
        case "calls":
            message |= {"content": None, "tool_calls": _chat_calls()}
        case "refusal":
            message |= {"content": None, "refusal": NO}
        case "reasoning":
            message |= {"reasoning_content": THOUGHT}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _chat_finish(situation)}  # fmt: skip
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 7, "model": "m-1", "choices": [choice],
        "usage": _chat_usage(situation), "service_tier": "default", "system_fingerprint": "fp_1",
    }  # fmt: skip


def _chat_stream(situation: str) -> HttpResponse:
    deltas: list[Json] = [{"role": "assistant", "content": "", "refusal": None}]
    match situation:
        case "calls":
            for index, call in enumerate(_chat_calls()):
                text = call["function"]["arguments"]
                start = {**call["function"], "arguments": ""}
                deltas.append({"tool_calls": [{"index": index, **call, "function": start}]})
                deltas += [
                    {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
                    for piece in (text[:6], text[6:])
                ]
        case "refusal":
            deltas += [{"refusal": NO[:5]}, {"refusal": NO[5:]}]
        case "reasoning":
            deltas += [{"reasoning_content": THOUGHT[:4]}, {"reasoning_content": THOUGHT[4:]}]
            deltas += [{"content": piece} for piece in PIECES]
        case "error_in_stream" | "cut":
            deltas.append({"content": PIECES[0]})
        case _:
            deltas += [{"content": piece} for piece in PIECES]
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 7, "model": "m-1"}
    chunks: list[Json] = [
        {**head, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}]}
        for delta in deltas
    ]
    if situation == "cut":
        return _sse(chunks)
    if situation == "error_in_stream":
        error = {"message": BUSY, "type": "server_error", "param": None, "code": "server_is_overloaded"}  # fmt: skip
        return _sse([*chunks, {"error": error}])
    chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": _chat_finish(situation)}]})  # fmt: skip
    chunks.append({**head, "choices": [], "usage": _chat_usage(situation)})
    return _sse(chunks, end=b"data: [DONE]\n\n")


# OpenAI's responses


def _response_items(situation: str) -> list[Json]:
    part: Json = {"type": "output_text", "text": TEXT, "annotations": [], "logprobs": []}
    if situation == "refusal":
        part = {"type": "refusal", "refusal": NO}
    message = {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": [part]}  # fmt: skip
    if situation == "length":
        message["status"] = "incomplete"
    if situation == "calls":
        return [
            {"id": f"fc_{id_}", "type": "function_call", "status": "completed", "call_id": id_, "name": name, "arguments": json.dumps(arguments)}
            for id_, name, arguments in CALLS
        ]  # fmt: skip
    if situation == "reasoning":
        summary = [{"type": "summary_text", "text": THOUGHT}]
        reasoning = {"id": "rs_1", "type": "reasoning", "summary": summary, "encrypted_content": SIGNATURE}  # fmt: skip
        return [reasoning, message]
    return [message]


def _response_body(situation: str, **changes: Any) -> Json:
    usage = {
        "input_tokens": USAGE[0],
        "input_tokens_details": {"cached_tokens": CACHED if situation == "cache" else 0, "cache_write_tokens": 0},
        "output_tokens": USAGE[1],
        "output_tokens_details": {"reasoning_tokens": THOUGHT_TOKENS if situation == "reasoning" else 0},
        "total_tokens": sum(USAGE),
    }  # fmt: skip
    cut = situation == "length"
    body: Json = {
        "id": "resp_1", "object": "response", "created_at": 7, "status": "incomplete" if cut else "completed", "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None, "instructions": None, "metadata": {},
        "model": "m-1", "output": _response_items(situation), "parallel_tool_calls": True, "temperature": 1.0,
        "tool_choice": "auto", "tools": [], "top_p": 1.0, "usage": usage,
    }  # fmt: skip
    return body | changes


def _response_stream(situation: str) -> HttpResponse:
    started = _response_body(situation, status="in_progress", output=[], usage=None, incomplete_details=None)  # fmt: skip
    events: list[Json] = [
        {"type": "response.created", "response": started},
        {"type": "response.in_progress", "response": started},
    ]
    for index, item in enumerate(_response_items(situation)):
        events += _item_events(situation, index, item)
    if situation == "error_in_stream":
        error = {"code": "server_is_overloaded", "message": BUSY}
        events.append({"type": "error", **error, "param": None})
        failed = _response_body(situation, status="failed", error=error, output=[], usage=None)
        events.append({"type": "response.failed", "response": failed})
    elif situation != "cut":
        name = "response.incomplete" if situation == "length" else "response.completed"
        events.append({"type": name, "response": _response_body(situation)})
    return _sse([{**event, "sequence_number": i} for i, event in enumerate(events)], named=True)


def _item_events(situation: str, index: int, item: Json) -> list[Json]:
    at = {"output_index": index, "item_id": item["id"]}
    done = {"type": "response.output_item.done", "output_index": index, "item": item}
    match item["type"]:
        case "function_call":
            start = {**item, "arguments": "", "status": "in_progress"}
            text = item["arguments"]
            deltas: list[Json] = [
                {"type": "response.function_call_arguments.delta", **at, "delta": piece}
                for piece in (text[:6], text[6:])
            ]
            deltas.append({"type": "response.function_call_arguments.done", **at, "arguments": text, "name": item["name"]})  # fmt: skip
        case "reasoning":
            start = {**item, "summary": [], "encrypted_content": ""}
            at |= {"summary_index": 0}
            text = item["summary"][0]["text"]
            empty, part = {"type": "summary_text", "text": ""}, item["summary"][0]
            deltas = [
                {"type": "response.reasoning_summary_part.added", **at, "part": empty},
                {"type": "response.reasoning_summary_text.delta", **at, "delta": text[:4]},
                {"type": "response.reasoning_summary_text.delta", **at, "delta": text[4:]},
                {"type": "response.reasoning_summary_text.done", **at, "text": text},
                {"type": "response.reasoning_summary_part.done", **at, "part": part},
            ]
        case _:
            start = {**item, "content": [], "status": "in_progress"}
            at |= {"content_index": 0}
            part = item["content"][0]
            field = "refusal" if part["type"] == "refusal" else "text"
            name = "response.refusal" if field == "refusal" else "response.output_text"
            pieces = (NO[:5], NO[5:]) if field == "refusal" else PIECES
            deltas = [{"type": "response.content_part.added", **at, "part": {**part, field: ""}}]
            if situation in ONLY_STREAMED:
                deltas.append({"type": f"{name}.delta", **at, "delta": pieces[0]})
                return [{"type": "response.output_item.added", "output_index": index, "item": start}, *deltas]  # fmt: skip
            deltas += [{"type": f"{name}.delta", **at, "delta": piece} for piece in pieces]
            deltas.append({"type": f"{name}.done", **at, field: part[field]})
            deltas.append({"type": "response.content_part.done", **at, "part": part})
    return [
        {"type": "response.output_item.added", "output_index": index, "item": start},
        *deltas,
        done,
    ]


# Anthropic's messages


def _message_blocks(situation: str) -> list[Json]:
    match situation:
        case "calls":
            return [
                {"type": "tool_use", "id": id_, "name": name, "input": arguments}
                for id_, name, arguments in CALLS
            ]
        case "reasoning":
            thinking = {"type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE}
            return [thinking, {"type": "text", "text": TEXT}]
        case "refusal":
            return [{"type": "text", "text": NO}]
        case _:
            return [{"type": "text", "text": TEXT}]


def _message_usage(situation: str) -> Json:
    cached = CACHED if situation == "cache" else 0
    return {
        "input_tokens": USAGE[0] - cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": cached,
        "output_tokens": USAGE[1],
    }


def _message_body(situation: str) -> Json:
    reason = {"calls": "tool_use", "length": "max_tokens", "refusal": "refusal"}.get(situation, "end_turn")  # fmt: skip
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m-1", "content": _message_blocks(situation),
        "stop_reason": reason, "stop_sequence": None, "usage": _message_usage(situation),
    }  # fmt: skip


def _message_stream(situation: str) -> HttpResponse:
    body = _message_body(situation)
    start = {**body, "content": [], "stop_reason": None, "usage": {**body["usage"], "output_tokens": 1}}  # fmt: skip
    events: list[Json] = [{"type": "message_start", "message": start}, {"type": "ping"}]
    for index, block in enumerate(body["content"]):
        match block["type"]:
            case "tool_use":
                opened: Json = {**block, "input": {}}
                text = json.dumps(block["input"])
                deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in (text[:6], text[6:])]  # fmt: skip
            case "thinking":
                opened = {"type": "thinking", "thinking": "", "signature": ""}
                deltas = [{"type": "thinking_delta", "thinking": piece} for piece in (THOUGHT[:4], THOUGHT[4:])]  # fmt: skip
                deltas.append({"type": "signature_delta", "signature": SIGNATURE})
            case _:
                opened = {"type": "text", "text": ""}
                pieces = (NO[:5], NO[5:]) if situation == "refusal" else PIECES
                deltas = [{"type": "text_delta", "text": piece} for piece in pieces]
        if situation in ONLY_STREAMED:
            deltas = deltas[:1]
        events.append({"type": "content_block_start", "index": index, "content_block": opened})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]  # fmt: skip
        if situation not in ONLY_STREAMED:
            events.append({"type": "content_block_stop", "index": index})
    if situation == "error_in_stream":
        events.append({"type": "error", "error": {"type": "overloaded_error", "message": BUSY}})
    elif situation != "cut":
        delta = {"stop_reason": body["stop_reason"], "stop_sequence": None}
        events.append({"type": "message_delta", "delta": delta, "usage": body["usage"]})
        events.append({"type": "message_stop"})
    return _sse(events, named=True)


# Gemini's generateContent


def _gemini_parts(situation: str) -> list[Json]:
    match situation:
        case "calls":
            return [
                {"functionCall": {"id": id_, "name": name, "args": arguments}}
                for id_, name, arguments in CALLS
            ]
        case "reasoning":
            return [{"text": THOUGHT, "thought": True}, {"text": TEXT, "thoughtSignature": SIGNATURE}]  # fmt: skip
        case _:
            return [{"text": piece} for piece in PIECES]


def _gemini_body(situation: str, parts: list[Json], *, last: bool) -> Json:
    candidate: Json = {"content": {"role": "model", "parts": parts}, "index": 0}
    if situation == "refusal":
        candidate = {"index": 0, "finishReason": "SAFETY"}
    elif last:
        candidate["finishReason"] = "MAX_TOKENS" if situation == "length" else "STOP"
    thoughts = THOUGHT_TOKENS if situation == "reasoning" else 0
    usage = {"promptTokenCount": USAGE[0], "candidatesTokenCount": USAGE[1] - thoughts, "totalTokenCount": sum(USAGE)}  # fmt: skip
    if situation == "cache":
        usage["cachedContentTokenCount"] = CACHED
    if thoughts:
        usage["thoughtsTokenCount"] = thoughts
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m-1", "responseId": "r-1"}  # fmt: skip


def _gemini_stream(situation: str) -> HttpResponse:
    parts = _gemini_parts(situation)
    if situation == "calls":  # all calls of a turn come in one chunk
        return _sse([_gemini_body(situation, parts, last=True)])
    if situation in ONLY_STREAMED:
        events = [_gemini_body(situation, parts[:1], last=False)]
        if situation == "error_in_stream":
            events.append({"error": {"code": 503, "message": BUSY, "status": "UNAVAILABLE"}})
        return _sse(events)
    if situation == "refusal":
        return _sse([_gemini_body(situation, [], last=True)])
    return _sse([
        _gemini_body(situation, [part], last=index == len(parts) - 1)
        for index, part in enumerate(parts)
    ])  # fmt: skip


# Ollama's chat


def _ollama_body(situation: str, message: Json, *, last: bool) -> Json:
    body: Json = {"model": "m-1", "created_at": "2026-11-29T12:00:00Z", "message": {"role": "assistant", **message}, "done": last}  # fmt: skip
    if last:
        reason = "length" if situation == "length" else "stop"
        body |= {"done_reason": reason, "prompt_eval_count": USAGE[0], "eval_count": USAGE[1]}
    return body


def _ollama_messages(situation: str) -> list[Json]:
    match situation:
        case "calls":
            return [
                {"content": "", "tool_calls": [{"id": id_, "function": {"index": i, "name": name, "arguments": arguments}}]}
                for i, (id_, name, arguments) in enumerate(CALLS)
            ]  # fmt: skip
        case "reasoning":
            thoughts: list[Json] = [{"content": "", "thinking": piece} for piece in (THOUGHT[:4], THOUGHT[4:])]  # fmt: skip
            return thoughts + [{"content": piece} for piece in PIECES]
        case "refusal":
            return [{"content": NO[:5]}, {"content": NO[5:]}]
        case _:
            return [{"content": piece} for piece in PIECES]


def _ollama_whole(situation: str) -> Json:
    messages = _ollama_messages(situation)
    message: Json = {"content": "".join([item["content"] for item in messages])}
    if situation == "calls":
        message["tool_calls"] = [call for item in messages for call in item["tool_calls"]]
    if situation == "reasoning":
        message["thinking"] = THOUGHT
    return _ollama_body(situation, message, last=True)


def _ollama_stream(situation: str) -> HttpResponse:
    lines = [_ollama_body(situation, message, last=False) for message in _ollama_messages(situation)]  # fmt: skip
    if situation in ONLY_STREAMED:
        lines = lines[:1] + ([{"error": BUSY}] if situation == "error_in_stream" else [])
    else:
        lines.append(_ollama_body(situation, {"content": ""}, last=True))
    body = b"".join([json.dumps(line).encode() + b"\n" for line in lines])
    return HttpResponse(200, (("content-type", "application/x-ndjson"),), body)


_BODIES = {
    "openai_chat": _chat_body,
    "openai_responses": _response_body,
    "anthropic_messages": _message_body,
    "gemini_content": lambda situation: _gemini_body(situation, _gemini_parts(situation), last=True),
    "ollama_native": _ollama_whole,
}  # fmt: skip
_STREAMS = {
    "openai_chat": _chat_stream,
    "openai_responses": _response_stream,
    "anthropic_messages": _message_stream,
    "gemini_content": _gemini_stream,
    "ollama_native": _ollama_stream,
}
