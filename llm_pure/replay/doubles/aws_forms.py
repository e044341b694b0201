"""Answers of Amazon Bedrock to chat requests: Converse, and InvokeModel's forms of the vendors that have no server side. Pure.

Sources: botocore 1.44.5 and the wire Structs of the dialects, read 2026-11-29.
"""

import base64
from collections.abc import Iterator

import msgspec

from llm_pure.framing.aws_eventstream import encode_message
from llm_pure.replay.doubles.forms import ChatForm, Json, arguments_of, error_response, reason_of
from llm_pure.replay.doubles.pieces import words
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.errors import LLMError, UnsupportedFeature
from llm_pure.types.http import Headers, HttpResponse
from llm_pure.types.rejection import Rejected

AWS: Headers = (("content-type", "application/vnd.amazon.eventstream"),)


def _aws(kind: str, value: Json) -> bytes:
    headers = (
        (":event-type", kind),
        (":content-type", "application/json"),
        (":message-type", "event"),
    )
    return encode_message(headers, msgspec.json.encode(value))


# Amazon Bedrock, Converse

_CONVERSE_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "content_filtered",
    "refusal": "refusal",
}


def _converse_usage(usage: Usage) -> Json:
    sent, answered = usage.input_tokens or 0, usage.output_tokens or 0
    return {"inputTokens": sent, "outputTokens": answered, "totalTokens": sent + answered}


def _converse_body(completion: Completion) -> Json:
    content: list[Json] = []
    if completion.reasoning:
        text = {"text": completion.reasoning}
        content.append({"reasoningContent": {"reasoningText": text}})
    if completion.text:
        content.append({"text": completion.text})
    content += [
        {"toolUse": {"toolUseId": call.id, "name": call.name, "input": arguments_of(call)}}
        for call in completion.tool_calls
    ]
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": reason_of(completion, _CONVERSE_REASONS),
        "usage": _converse_usage(completion.usage),
        "metrics": {"latencyMs": 1},
    }


def _converse_events(completion: Completion) -> Iterator[tuple[str, Json]]:
    yield "messageStart", {"role": "assistant"}
    index = 0
    texts = (
        (completion.reasoning, lambda text: {"reasoningContent": {"text": text}}),
        (completion.text, lambda text: {"text": text}),
    )
    for text, delta in texts:
        if text:
            for word in words(text):
                yield "contentBlockDelta", {"contentBlockIndex": index, "delta": delta(word)}
            yield "contentBlockStop", {"contentBlockIndex": index}
            index += 1
    for call in completion.tool_calls:
        start = {"toolUse": {"toolUseId": call.id, "name": call.name}}
        yield "contentBlockStart", {"contentBlockIndex": index, "start": start}
        delta_of_call = {"toolUse": {"input": call.arguments}}
        yield "contentBlockDelta", {"contentBlockIndex": index, "delta": delta_of_call}
        yield "contentBlockStop", {"contentBlockIndex": index}
        index += 1
    yield "messageStop", {"stopReason": reason_of(completion, _CONVERSE_REASONS)}
    yield "metadata", {"usage": _converse_usage(completion.usage), "metrics": {"latencyMs": 1}}


def _converse_frames(completion: Completion) -> Iterator[bytes]:
    for kind, value in _converse_events(completion):
        yield _aws(kind, value)


_AWS_ERRORS = {
    "authentication": (403, "UnrecognizedClientException"),
    "permission": (403, "AccessDeniedException"),
    "not_found": (404, "ResourceNotFoundException"),
    "rate_limited": (429, "ThrottlingException"),
    "quota": (400, "ServiceQuotaExceededException"),
    "overloaded": (503, "ServiceUnavailableException"),
    "server_error": (500, "InternalServerException"),
    "timeout": (408, "ModelTimeoutException"),
}


def _aws_error(error: LLMError, status: int) -> HttpResponse:
    status, code = _AWS_ERRORS.get(error.kind, (status, "ValidationException"))
    text = error.message
    if error.kind == "content_filtered":
        text = f"The output was blocked by content filtering policy: {text}"
    if error.kind == "context_length":
        text = f"Input is too long for requested model: the prompt is too long: {text}"
    return error_response(status, error, {"message": text}, ("x-amzn-errortype", code))


# Amazon Bedrock, InvokeModel

_COMMAND_REASONS = {"stop": "COMPLETE", "length": "MAX_TOKENS", "tool_calls": "COMPLETE"}


def chunk(data: bytes) -> bytes:
    """A frame of an InvokeModel stream with the vendor's own JSON."""
    return _aws("chunk", {"bytes": base64.b64encode(data).decode()})


def _metrics(usage: Usage) -> Json:
    sent, answered = usage.input_tokens or 0, usage.output_tokens or 0
    counts = {"inputTokenCount": sent, "outputTokenCount": answered}
    return {"amazon-bedrock-invocationMetrics": counts}


def _command_body(completion: Completion) -> Json:
    calls = [{"name": c.name, "parameters": arguments_of(c)} for c in completion.tool_calls]
    return {
        "generation_id": completion.id,
        "text": completion.text,
        "finish_reason": reason_of(completion, _COMMAND_REASONS),
        **({"tool_calls": calls} if calls else {}),
    }


def _command_frames(completion: Completion) -> Iterator[bytes]:
    head = {"event_type": "stream-start", "generation_id": completion.id, "is_finished": False}
    yield chunk(msgspec.json.encode(head))
    for word in words(completion.text):
        event = {"event_type": "text-generation", "is_finished": False, "text": word}
        yield chunk(msgspec.json.encode(event))
    calls = [{"name": c.name, "parameters": arguments_of(c)} for c in completion.tool_calls]
    if calls:
        event = {"event_type": "tool-calls-generation", "is_finished": False, "tool_calls": calls}
        yield chunk(msgspec.json.encode(event))
    last = {
        "event_type": "stream-end",
        "is_finished": True,
        "finish_reason": reason_of(completion, _COMMAND_REASONS),
    }
    yield chunk(msgspec.json.encode({**last, **_metrics(completion.usage)}))


def _prompt_body(completion: Completion) -> Json:
    if completion.tool_calls:
        message = "models that take a prompt have no tool calls"
        raise Rejected(UnsupportedFeature(message=message, feature="tools"))
    return {
        "generation": completion.text,
        "prompt_token_count": completion.usage.input_tokens or 0,
        "generation_token_count": completion.usage.output_tokens or 0,
        "stop_reason": "length" if completion.finish_reason == "length" else "stop",
    }


def _prompt_frames(completion: Completion) -> Iterator[bytes]:
    body = _prompt_body(completion)
    for word in words(completion.text):
        yield chunk(msgspec.json.encode({**body, "generation": word, "stop_reason": None}))
    last = {**body, "generation": "", **_metrics(completion.usage)}
    yield chunk(msgspec.json.encode(last))


def _nova_frames(completion: Completion) -> Iterator[bytes]:
    for kind, value in _converse_events(completion):
        yield chunk(msgspec.json.encode({kind: value}))


AWS_FORMS = {
    "bedrock_converse": ChatForm(_converse_body, _converse_frames, AWS, _aws_error),
    "invoke_nova": ChatForm(_converse_body, _nova_frames, AWS, _aws_error),
    "invoke_cohere_chat": ChatForm(_command_body, _command_frames, AWS, _aws_error),
    "invoke_prompt": ChatForm(_prompt_body, _prompt_frames, AWS, _aws_error),
}
"""Form of an answer -> how it is made."""
