"""Answers to chat requests in the dialects that have no server side: bodies, frames of streams, and errors, by a table.

They say what doubles need: reasoning, text, calls, finish reason and usage. Pure.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from llm_pure.replay.doubles.aws_forms import AWS_FORMS
from llm_pure.replay.doubles.forms import ChatForm, Json, error_response, reason_of
from llm_pure.replay.doubles.pieces import words
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.errors import LLMError, UnsupportedFeature
from llm_pure.types.http import Headers, HttpResponse
from llm_pure.types.messages import ToolCall
from llm_pure.types.rejection import Rejected

EVENTS: Headers = (("content-type", "text/event-stream"),)
LINES: Headers = (("content-type", "application/x-ndjson"),)


def _sse(value: Json, *, named: bool = False) -> bytes:
    event = f"event: {value['type']}\n".encode() if named else b""
    return event + b"data: " + msgspec.json.encode(value) + b"\n\n"


def _line(value: Json) -> bytes:
    return msgspec.json.encode(value) + b"\n"


def _only_call(completion: Completion, dialect: str) -> ToolCall | None:
    calls = completion.tool_calls
    if len(calls) > 1:
        message = f"an answer of {dialect} has one tool call at most"
        raise Rejected(UnsupportedFeature(message=message, feature="tools"))
    return calls[0] if calls else None


# Cohere

_COHERE_REASONS = {
    "stop": "COMPLETE",
    "length": "MAX_TOKENS",
    "tool_calls": "TOOL_CALL",
    "content_filter": "ERROR_TOXIC",
}


def _cohere_usage(usage: Usage) -> Json:
    counts = {"input_tokens": usage.input_tokens or 0, "output_tokens": usage.output_tokens or 0}
    return {"billed_units": counts, "tokens": counts}


def _cohere_call(call: ToolCall, arguments: str) -> Json:
    function = {"name": call.name, "arguments": arguments}
    return {"id": call.id, "type": "function", "function": function}


def _cohere_body(completion: Completion) -> Json:
    content: list[Json] = []
    if completion.reasoning:
        content.append({"type": "thinking", "thinking": completion.reasoning})
    if completion.text:
        content.append({"type": "text", "text": completion.text})
    calls = [_cohere_call(call, call.arguments) for call in completion.tool_calls]
    return {
        "id": completion.id,
        "message": {
            "role": "assistant",
            "content": content,
            **({"tool_calls": calls} if calls else {}),
        },
        "finish_reason": reason_of(completion, _COHERE_REASONS),
        "usage": _cohere_usage(completion.usage),
    }


def _cohere_frames(completion: Completion) -> Iterator[bytes]:
    def message(kind: str, index: int, **fields: Any) -> bytes:
        return _sse({"type": kind, "index": index, "delta": {"message": fields}}, named=True)

    start = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    yield _sse(
        {"type": "message-start", "id": completion.id, "delta": {"message": start}}, named=True
    )
    index = 0
    for key, text in (("thinking", completion.reasoning), ("text", completion.text)):
        if text:
            yield message("content-start", index, content={"type": key, key: ""})
            for word in words(text):
                yield message("content-delta", index, content={key: word})
            yield _sse({"type": "content-end", "index": index}, named=True)
            index += 1
    for number, call in enumerate(completion.tool_calls):
        yield message("tool-call-start", number, tool_calls=_cohere_call(call, ""))
        rest = {"function": {"arguments": call.arguments}}
        yield message("tool-call-delta", number, tool_calls=rest)
        yield _sse({"type": "tool-call-end", "index": number}, named=True)
    end = {
        "finish_reason": reason_of(completion, _COHERE_REASONS),
        "usage": _cohere_usage(completion.usage),
    }
    yield _sse({"type": "message-end", "delta": end}, named=True)


def _cohere_error(error: LLMError, status: int) -> HttpResponse:
    text = error.message
    if error.kind == "context_length":
        text = f"too many tokens: {text}"
    if error.kind == "content_filtered":  # Cohere has no code for it
        return error_response(status, error, {"error": {"code": "content_filter", "message": text}})
    return error_response(402 if error.kind == "quota" else status, error, {"message": text})


# DashScope's own API

_DASHSCOPE_CODES = {
    "authentication": "InvalidApiKey",
    "permission": "AccessDenied",
    "not_found": "ModelNotFound",
    "rate_limited": "Throttling.RateQuota",
    "quota": "Arrearage",
    "content_filtered": "DataInspectionFailed",
    "overloaded": "ServiceUnavailable",
    "timeout": "RequestTimeOut",
    "server_error": "InternalError",
}


def _dashscope_frame(completion: Completion, reason: str, **message: Any) -> Json:
    usage = completion.usage
    sent, answered = usage.input_tokens or 0, usage.output_tokens or 0
    counts = {"input_tokens": sent, "output_tokens": answered, "total_tokens": sent + answered}
    choice = {"finish_reason": reason, "message": {"role": "assistant", "content": "", **message}}
    return {"output": {"choices": [choice]}, "usage": counts, "request_id": completion.id}


def _plain_reason(completion: Completion) -> str:
    plain = ("stop", "length", "tool_calls", "content_filter")
    return completion.finish_reason if completion.finish_reason in plain else "stop"


def _openai_calls(completion: Completion) -> list[Json]:
    return [
        {"index": index, **_cohere_call(call, call.arguments)}
        for index, call in enumerate(completion.tool_calls)
    ]


def _dashscope_body(completion: Completion) -> Json:
    message: Json = {"content": completion.text}
    if completion.reasoning:
        message["reasoning_content"] = completion.reasoning
    if completion.tool_calls:
        message["tool_calls"] = _openai_calls(completion)
    return _dashscope_frame(completion, _plain_reason(completion), **message)


def _dashscope_frames(completion: Completion) -> Iterator[bytes]:
    for word in words(completion.reasoning):
        yield _sse(_dashscope_frame(completion, "null", reasoning_content=word))
    for word in words(completion.text):
        yield _sse(_dashscope_frame(completion, "null", content=word))
    for call in _openai_calls(completion):
        yield _sse(_dashscope_frame(completion, "null", tool_calls=[call]))
    yield _sse(_dashscope_frame(completion, _plain_reason(completion)))


def _dashscope_error(error: LLMError, status: int) -> HttpResponse:
    text = error.message
    if error.kind == "context_length":
        text = f"Range of input length should be [1, 1000]: {text}"
    code = _DASHSCOPE_CODES.get(error.kind, "InvalidParameter")
    status = 400 if error.kind in ("quota", "content_filtered") else status
    return error_response(status, error, {"code": code, "message": text, "request_id": "request-1"})


# Qianfan, version 1

_QIANFAN_CODES = {
    "authentication": 110,
    "permission": 6,
    "not_found": 3,
    "rate_limited": 18,
    "quota": 17,
    "context_length": 336007,
    "overloaded": 336100,
    "server_error": 336000,
}


def _qianfan_frame(completion: Completion, text: str, **fields: Any) -> Json:
    usage = completion.usage
    sent, answered = usage.input_tokens or 0, usage.output_tokens or 0
    counts = {
        "prompt_tokens": sent,
        "completion_tokens": answered,
        "total_tokens": sent + answered,
    }
    head = {"id": completion.id, "object": "chat.completion", "created": 1}
    return {**head, "result": text, "is_truncated": False, "usage": counts, **fields}


def _qianfan_end(completion: Completion) -> Json:
    call = _only_call(completion, "qianfan_v1")
    if call is None:
        reason = completion.finish_reason
        known = {"length": "length", "content_filter": "content_filter"}
        return {"finish_reason": known.get(reason, "normal")}
    function = {"name": call.name, "arguments": call.arguments}
    return {"finish_reason": "function_call", "function_call": function}


def _qianfan_body(completion: Completion) -> Json:
    return _qianfan_frame(completion, completion.text, **_qianfan_end(completion))


def _qianfan_frames(completion: Completion) -> Iterator[bytes]:
    for number, word in enumerate(words(completion.text)):
        yield _sse(_qianfan_frame(completion, word, sentence_id=number, is_end=False))
    yield _sse(_qianfan_frame(completion, "", is_end=True, **_qianfan_end(completion)))


def _qianfan_error(error: LLMError, status: int) -> HttpResponse:
    if error.kind in (
        "content_filtered",
        "timeout",
    ):  # of version 2, which this one has no code for
        code = "content_filter" if error.kind == "content_filtered" else "timeout_error"
        return error_response(status, error, {"error": {"code": code, "message": error.message}})
    code_1 = _QIANFAN_CODES.get(error.kind, 336003)
    return error_response(200, error, {"error_code": code_1, "error_msg": error.message})


# Spark over WebSocket

_SPARK_CODES = {
    "authentication": 10313,
    "permission": 11200,
    "rate_limited": 11202,
    "quota": 11201,
    "context_length": 10907,
    "content_filtered": 10013,
    "overloaded": 10008,
    "server_error": 10012,
}


def _spark_frames(completion: Completion) -> Iterator[bytes]:
    usage = completion.usage
    sent, answered = usage.input_tokens or 0, usage.output_tokens or 0
    counts = {
        "question_tokens": sent,
        "prompt_tokens": sent,
        "completion_tokens": answered,
        "total_tokens": sent + answered,
    }

    def frame(status: int, **piece: Any) -> bytes:
        text = {"content": "", "role": "assistant", "index": 0, **piece}
        payload: Json = {"choices": {"status": status, "seq": 0, "text": [text]}}
        if status == 2:
            payload["usage"] = {"text": counts}
        header = {"code": 0, "message": "Success", "sid": completion.id, "status": status}
        return _line({"header": header, "payload": payload})

    call = _only_call(completion, "spark_frames")
    yield frame(0)
    for word in words(completion.reasoning):
        yield frame(1, reasoning_content=word)
    for word in words(completion.text):
        yield frame(1, content=word)
    if call is not None:
        function = {"name": call.name, "arguments": call.arguments}
        yield frame(1, function_call=function)
    yield frame(2)


def _spark_body(completion: Completion) -> Json:
    """Spark has no buffered answers: its frames are read as one."""
    return {}


def _spark_error(error: LLMError, status: int) -> HttpResponse:
    if error.kind in ("not_found", "timeout"):  # a rejected handshake
        return error_response(status, error, {"message": error.message})
    code = _SPARK_CODES.get(error.kind, 10003)
    header = {"code": code, "message": error.message, "sid": "sid-1", "status": 2}
    return HttpResponse(200, LINES, _line({"header": header}))


# The Llama API

_LLAMA_REASONS = {"stop": "stop", "length": "length", "tool_calls": "tool_calls"}


def _llama_metrics(usage: Usage) -> list[Json]:
    sent, answered = usage.input_tokens or 0, usage.output_tokens or 0
    counts = {"completion": answered, "prompt": sent, "total": sent + answered}
    return [
        {"metric": f"num_{name}_tokens", "value": count, "unit": "tokens"}
        for name, count in counts.items()
    ]


def _llama_body(completion: Completion) -> Json:
    calls = [
        {"id": call.id, "function": {"name": call.name, "arguments": call.arguments}}
        for call in completion.tool_calls
    ]
    return {
        "id": completion.id,
        "completion_message": {
            "role": "assistant",
            "stop_reason": reason_of(completion, _LLAMA_REASONS),
            "content": {"type": "text", "text": completion.text},
            **({"tool_calls": calls} if calls else {}),
        },
        "metrics": _llama_metrics(completion.usage),
    }


def _llama_frames(completion: Completion) -> Iterator[bytes]:
    def event(kind: str, **fields: Any) -> bytes:
        delta = {"type": "text", "text": ""}
        return _sse({"id": completion.id, "event": {"event_type": kind, "delta": delta, **fields}})

    yield event("start")
    for word in words(completion.text):
        yield event("progress", delta={"type": "text", "text": word})
    for call in completion.tool_calls:
        function = {"name": call.name, "arguments": call.arguments}
        yield event("progress", delta={"type": "tool_call", "id": call.id, "function": function})
    yield event("complete", stop_reason=reason_of(completion, _LLAMA_REASONS))
    yield event("metrics", metrics=_llama_metrics(completion.usage))


def _llama_error(error: LLMError, status: int) -> HttpResponse:
    body: Json = {"title": error.kind, "detail": error.message, "status": status}
    if error.kind == "quota":
        status = 402
    if error.kind == "content_filtered":
        body = {"error": {"code": "content_filter", "message": error.message}}
    if error.kind == "context_length":
        body["detail"] = f"the prompt exceeds the maximum context length: {error.message}"
    return error_response(status, error, body)


# Ollama's /api/generate


def _generate_body(completion: Completion) -> Json:
    if completion.tool_calls:
        message = "/api/generate has no tool calls"
        raise Rejected(UnsupportedFeature(message=message, feature="tools"))
    usage = completion.usage
    return {
        "model": completion.model,
        "created_at": "1970-01-01T00:00:01Z",
        "response": completion.text,
        **({"thinking": completion.reasoning} if completion.reasoning else {}),
        "done": True,
        "done_reason": "length" if completion.finish_reason == "length" else "stop",
        "prompt_eval_count": usage.input_tokens or 0,
        "eval_count": usage.output_tokens or 0,
    }


def _generate_frames(completion: Completion) -> Iterator[bytes]:
    last = _generate_body(completion)
    head = {"model": last["model"], "created_at": last["created_at"], "done": False}
    for word in words(completion.reasoning):
        yield _line({**head, "response": "", "thinking": word})
    for word in words(completion.text):
        yield _line({**head, "response": word})
    last.pop("thinking", None)
    yield _line({**last, "response": ""})


CHAT_FORMS: Mapping[str, ChatForm] = {
    **AWS_FORMS,
    "cohere": ChatForm(_cohere_body, _cohere_frames, EVENTS, _cohere_error),
    "dashscope": ChatForm(_dashscope_body, _dashscope_frames, EVENTS, _dashscope_error),
    "llama_native": ChatForm(_llama_body, _llama_frames, EVENTS, _llama_error),
    "ollama_generate": ChatForm(_generate_body, _generate_frames, LINES, _cohere_error),
    "qianfan": ChatForm(_qianfan_body, _qianfan_frames, EVENTS, _qianfan_error),
    "spark_frames": ChatForm(_spark_body, _spark_frames, LINES, _spark_error),
}
"""Form of an answer -> how it is made. InvokeModel has one form for each vendor; those of Anthropic and OpenAI are the server
sides' own.

Sources: the wire Structs of the dialects, and the wire notes of this project, read 2026-11-29.
"""
