"""Meta's Llama API in its own shapes.

Source: ../shared/wire/openai-family.md section 4.11; read 2026-11-20. Its error body is unconfirmed there.
"""

from collections.abc import Iterator
from typing import Any

from tests.support.services.answers import Answer, answer_to, parts
from tests.support.services.exchange import Asked, Reply, data, json_reply, sse_reply


def answer(asked: Asked) -> Reply:
    """POST .../chat/completions."""
    told = answer_to(asked)
    if told.status != 200:
        body = {"title": told.error_type, "detail": told.message, "status": told.status}
        return json_reply(body, status=told.status)
    if asked.says("stream"):
        return sse_reply(*[data({"id": "1", "event": event}) for event in _events(told)])
    calls = [
        {"id": one.id, "function": {"name": one.name, "arguments": one.json}} for one in told.calls
    ]
    said = {
        "role": "assistant",
        "stop_reason": told.finish,
        "content": {"type": "text", "text": told.text},
        **({"tool_calls": calls} if calls else {}),
    }
    return json_reply({"id": "1", "completion_message": said, "metrics": _metrics(told)})


def _metrics(told: Answer) -> list[dict[str, Any]]:
    counts = {
        "num_completion_tokens": told.output_tokens,
        "num_prompt_tokens": told.input_tokens,
        "num_total_tokens": told.input_tokens + told.output_tokens,
    }
    return [{"metric": name, "value": count, "unit": "tokens"} for name, count in counts.items()]


def _events(told: Answer) -> Iterator[dict[str, Any]]:
    nothing = {"type": "text", "text": ""}
    yield {"event_type": "start", "delta": nothing}
    for piece in parts(told.text):
        yield {"event_type": "progress", "delta": {"type": "text", "text": piece}}
    for one in told.calls:
        start = {"type": "tool_call", "id": one.id, "function": {"name": one.name}}
        yield {"event_type": "progress", "delta": start}
        for piece in parts(one.json):
            more = {"type": "tool_call", "function": {"arguments": piece}}
            yield {"event_type": "progress", "delta": more}
    yield {"event_type": "complete", "stop_reason": told.finish, "delta": nothing}
    yield {"event_type": "metrics", "delta": nothing, "metrics": _metrics(told)}
