"""How each provider's answers look on the wire, for a table of errors at every place of them."""

import base64
from collections.abc import Callable
from typing import Any

import msgspec

from llm_pure.types.http import Headers
from tests.support.aws_frames import body_of, event
from tests.support.framed import dense, lines

Frame = Callable[..., bytes]

REQUEST_ID = "req-7"
LIMITS: Headers = (("retry-after", "7"), ("x-ratelimit-remaining-requests", "3"))


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One provider: its framing, and an answer with the text "Hel"."""

    provider: str
    frame: Frame
    """Values -> the frames of a stream."""
    begun: tuple[Any, ...]
    """The frames up to the text, without a finish reason."""
    finish: tuple[Any, ...]
    """The frames with the finish reason; () where this is the end itself."""
    body: Any
    """The buffered answer."""
    label: str = "text/event-stream"
    in_choice: Callable[[Any], Any] | None = None
    """(error) -> an answer whose choice has this error; None for a dialect without."""
    body_label: str = "application/json"
    raw: bool = True
    """Errors of gateways can stand among the frames."""

    def __str__(self) -> str:
        return (
            f"{self.provider} ({self.label})" if self.label == "application/json" else self.provider
        )


def sse(*values: Any) -> bytes:
    return b"".join([f"data: {dense(value)}\n\n".encode() for value in values])


def named(*values: Any) -> bytes:
    """Events with a line of their type."""
    frames = [
        (f"event: {value['type']}\n" if "type" in value else "") + f"data: {dense(value)}\n\n"
        for value in values
    ]
    return "".join(frames).encode()


def array(*values: Any) -> bytes:
    """Items of a JSON array that has not ended."""
    return ("[" + ",\n".join(map(dense, values))).encode()


def converse(*values: Any) -> bytes:
    return body_of(*[event(kind, payload) for value in values for kind, payload in value.items()])


def invoke(*values: Any) -> bytes:
    chunks = [base64.b64encode(dense(value).encode()).decode() for value in values]
    return body_of(*[event("chunk", {"bytes": chunk}) for chunk in chunks])


def _chat(delta: Any, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, **more}
    return {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
    }


def _chat_body(**more: Any) -> dict[str, Any]:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "Hel"},
        "finish_reason": "stop",
        **more,
    }
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


def chat(provider: str) -> Form:
    return Form(
        provider=provider, frame=sse, begun=(_chat({"role": "assistant"}), _chat({"content": "Hel"})),
        finish=(_chat({}, "stop"),), body=_chat_body(), in_choice=lambda error: _chat_body(error=error),
    )  # fmt: skip


def responses(provider: str) -> Form:
    head = {"id": "r", "object": "response", "created_at": 1, "model": "m", "output": []}
    item = {"id": "i", "type": "message", "role": "assistant", "status": "completed"}
    text = {"type": "output_text", "text": "Hel", "annotations": []}
    return Form(
        provider=provider, frame=named,
        begun=(
            {"type": "response.created", "response": {**head, "status": "in_progress"}},
            {"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}},
            {"type": "response.output_text.delta", "item_id": "i", "output_index": 0, "content_index": 0, "delta": "Hel"},
        ),
        finish=({"type": "response.output_item.done", "output_index": 0, "item": {**item, "content": [text]}},),
        body={**head, "status": "completed", "output": [{**item, "content": [text]}]},
    )  # fmt: skip


def anthropic(provider: str) -> Form:
    head = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "k",
        "usage": {"input_tokens": 9, "output_tokens": 1},
    }
    return Form(
        provider=provider, frame=named,
        begun=(
            {"type": "message_start", "message": {**head, "content": [], "stop_reason": None}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}},
        ),
        finish=(
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
        ),
        body={**head, "content": [{"type": "text", "text": "Hel"}], "stop_reason": "end_turn"},
    )  # fmt: skip


def gemini(provider: str, frame: Frame = sse, label: str = "text/event-stream") -> Form:
    def item(text: str, **more: Any) -> dict[str, Any]:
        content = {"role": "model", "parts": [{"text": text}]}
        return {
            "candidates": [{"index": 0, "content": content, **more}],
            "modelVersion": "g",
            "responseId": "r",
        }

    return Form(
        provider=provider, frame=frame, begun=(item("H"), item("el")),
        finish=({"candidates": [{"index": 0, "finishReason": "STOP"}], "modelVersion": "g", "responseId": "r"},),
        body=item("Hel", finishReason="STOP"), label=label,
        in_choice=lambda error: item("Hel", finishReason="STOP", error=error),
    )  # fmt: skip


def _nova() -> tuple[Any, ...]:
    return (
        {"messageStart": {"role": "assistant"}},
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "Hel"}}},
    )


def _cohere(kind: str, **delta: Any) -> dict[str, Any]:
    return {"type": kind, "index": 0, "delta": delta}


def _dashscope(text: str, finish: str = "null", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"output": {"choices": [{"message": message, "finish_reason": finish, **more}]}}


def _qianfan(result: str, *, is_end: bool = False) -> dict[str, Any]:
    return {
        "id": "as-1",
        "object": "chat.completion",
        "created": 1,
        "sentence_id": 0,
        "is_end": is_end,
        "result": result,
    }


def _llama(kind: str, text: str, **more: Any) -> dict[str, Any]:
    return {"event": {"event_type": kind, "delta": {"type": "text", "text": text}, **more}}


def _spark(status: int, text: str) -> dict[str, Any]:
    choices = {
        "status": status,
        "seq": 0,
        "text": [{"content": text, "role": "assistant", "index": 0}],
    }
    return {
        "header": {"code": 0, "message": "Success", "sid": "s", "status": status},
        "payload": {"choices": choices},
    }


AWS = "application/vnd.amazon.eventstream"
NDJSON = "application/x-ndjson"

FORMS: tuple[Form, ...] = (
    *map(chat, ("openai", "open_llm", "open_llm_raw", "openrouter", "mistral", "dashscope_compatible", "qianfan", "azure", "xai", "spark", "groq", "siliconflow", "zhipuai", "nvidia")),
    *map(responses, ("openai_responses", "azure_responses")),
    *map(anthropic, ("anthropic", "vertex_anthropic")),
    *map(gemini, ("gemini", "vertex")),
    gemini("gemini", array, "application/json"),
    Form(provider="bedrock", frame=converse, begun=_nova(), label=AWS, raw=False,
         finish=({"messageStop": {"stopReason": "end_turn"}},),
         body={"output": {"message": {"role": "assistant", "content": [{"text": "Hel"}]}}, "stopReason": "end_turn"}),
    Form(provider="bedrock_invoke", frame=invoke, label=AWS, begun=chat("openai").begun, finish=chat("openai").finish,
         body=chat("openai").body),
    Form(provider="bedrock_invoke", frame=invoke, label=AWS, begun=anthropic("anthropic").begun,
         finish=anthropic("anthropic").finish, body=anthropic("anthropic").body),
    Form(provider="bedrock_invoke", frame=invoke, label=AWS, begun=_nova(),
         finish=({"messageStop": {"stopReason": "end_turn"}},),
         body={"output": {"message": {"role": "assistant", "content": [{"text": "Hel"}]}}, "stopReason": "end_turn"}),
    Form(provider="bedrock_invoke", frame=invoke, label=AWS, begun=({"generation": "Hel", "stop_reason": None},), finish=(),
         body={"generation": "Hel", "stop_reason": "stop"}),
    Form(provider="cohere", frame=sse, finish=(),
         begun=({"type": "message-start", "id": "c", "delta": {"message": {"role": "assistant"}}},
                _cohere("content-start", message={"content": {"type": "text", "text": ""}}),
                _cohere("content-delta", message={"content": {"text": "Hel"}})),
         body={"id": "c", "finish_reason": "COMPLETE", "message": {"role": "assistant", "content": [{"type": "text", "text": "Hel"}]}}),
    Form(provider="ollama", frame=lines, label=NDJSON, finish=(),
         begun=({"model": "m", "message": {"role": "assistant", "content": "Hel"}, "done": False},),
         body={"model": "m", "message": {"role": "assistant", "content": "Hel"}, "done": True, "done_reason": "stop"}),
    Form(provider="ollama.generate", frame=lines, label=NDJSON, finish=(),
         begun=({"model": "m", "response": "Hel", "done": False},),
         body={"model": "m", "response": "Hel", "done": True, "done_reason": "stop"}),
    Form(provider="dashscope", frame=sse, begun=(_dashscope("Hel"),), finish=(_dashscope("", "stop"),),
         body=_dashscope("Hel", "stop"), in_choice=lambda error: _dashscope("Hel", "stop", error=error)),
    Form(provider="qianfan", frame=sse, begun=(_qianfan("Hel"),), finish=(), body=_qianfan("Hel", is_end=True)),
    Form(provider="llama_api", frame=sse, begun=(_llama("start", ""), _llama("progress", "Hel")),
         finish=(_llama("complete", "", stop_reason="stop"),),
         body={"id": "l", "completion_message": {"role": "assistant", "stop_reason": "stop", "content": {"type": "text", "text": "Hel"}}}),
    Form(provider="spark", frame=lines, label=NDJSON, body_label=NDJSON, begun=(_spark(1, "Hel"),), finish=(), body=_spark(2, "Hel")),
)  # fmt: skip
