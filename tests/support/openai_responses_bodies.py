"""Responses of the Responses API made up from its specification: bodies, and events of streams."""

import json
from typing import Any

JsonObject = dict[str, Any]

USAGE: JsonObject = {
    "input_tokens": 20,
    "input_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 2},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 29,
}


def answer(*output: JsonObject, **more: Any) -> JsonObject:
    """A response object that is complete, with these items."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1790000000,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": "gpt-x-2026-01-01",
        "output": list(output),
        "usage": USAGE,
        **more,
    }


def message(*content: JsonObject, item_id: str = "msg_1", **more: Any) -> JsonObject:
    """An item of the assistant's words."""
    return {
        "id": item_id,
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": list(content),
        **more,
    }


def text(words: str, **more: Any) -> JsonObject:
    """Words in a message."""
    return {"type": "output_text", "text": words, "annotations": [], "logprobs": [], **more}


def refusal(words: str) -> JsonObject:
    """Words of declining in a message."""
    return {"type": "refusal", "refusal": words}


def reasoning(*summary: str, item_id: str = "rs_1", **more: Any) -> JsonObject:
    """An item of thoughts."""
    parts = [{"type": "summary_text", "text": one} for one in summary]
    return {"id": item_id, "type": "reasoning", "summary": parts, **more}


def call(name: str, arguments: str, item_id: str = "fc_1", **more: Any) -> JsonObject:
    """An item that asks for a function; its call_id is the item's id with "call" in front."""
    return {
        "id": item_id,
        "type": "function_call",
        "status": "completed",
        "name": name,
        "arguments": arguments,
        "call_id": item_id.replace("fc", "call"),
        **more,
    }


def frame(kind: str, **fields: Any) -> bytes:
    """One event of a stream, as it is framed."""
    data = json.dumps({"type": kind, **fields}, ensure_ascii=False, separators=(",", ":"))
    return f"event: {kind}\ndata: {data}\n\n".encode()


def created(**more: Any) -> bytes:
    """The first event."""
    response = answer(**{"status": "in_progress", "usage": None, **more})
    return frame("response.created", response=response, sequence_number=0)


def delta(of: str, piece: str, output_index: int = 0, **more: Any) -> bytes:
    """A piece of text, reasoning or arguments."""
    return frame(f"response.{of}.delta", output_index=output_index, delta=piece, **more)


def halves(words: str) -> tuple[str, str]:
    """Both pieces together are the words."""
    return words[: len(words) // 2], words[len(words) // 2 :]


def stream_of(whole: JsonObject) -> bytes:
    """The stream that a whole answer would have been, deltas of each item in two pieces."""
    body = created(model=whole["model"], id=whole["id"]) + frame(
        "response.in_progress", response={"id": whole["id"], "status": "in_progress"}
    )
    for index, item in enumerate(whole["output"]):
        body += _item(index, item)
    status = whole["status"]
    return body + frame(f"response.{status}", response=whole)


def _item(index: int, item: JsonObject) -> bytes:
    begun = {**item, "status": "in_progress"} if "status" in item else dict(item)
    deltas = b""
    match item["type"]:
        case "message":
            begun["content"] = []
            for place, part in enumerate(item["content"]):
                deltas += _content(index, place, part)
        case "reasoning":
            begun |= {"summary": [], "content": []}
            for place, part in enumerate(item.get("content") or ()):
                for piece in halves(part["text"]):
                    deltas += delta("reasoning_text", piece, index, content_index=place)
            for place, part in enumerate(item["summary"]):
                deltas += frame("response.reasoning_summary_part.added", output_index=index)
                for piece in halves(part["text"]):
                    deltas += delta("reasoning_summary_text", piece, index, summary_index=place)
        case "function_call":
            begun["arguments"] = ""
            for piece in halves(item["arguments"]):
                deltas += delta("function_call_arguments", piece, index)
        case "custom_tool_call":
            begun["input"] = ""
            for piece in halves(item["input"]):
                deltas += delta("custom_tool_call_input", piece, index)
        case kind:
            deltas += frame(f"response.{kind}.in_progress", output_index=index)
    return (
        frame("response.output_item.added", output_index=index, item=begun)
        + deltas
        + frame("response.output_item.done", output_index=index, item=item)
    )


def _content(index: int, place: int, part: JsonObject) -> bytes:
    where = {"content_index": place, "item_id": "msg"}
    body = frame("response.content_part.added", output_index=index, **where, part={})
    if part["type"] == "refusal":
        for piece in halves(part["refusal"]):
            body += delta("refusal", piece, index, **where)
    elif part["type"] == "output_text":
        tokens = part.get("logprobs") or []
        first, second = halves(part["text"])
        body += delta("output_text", first, index, **where, logprobs=tokens[:1], obfuscation="x")
        body += delta("output_text", second, index, **where, logprobs=tokens[1:], obfuscation="x")
        for note in part["annotations"]:
            body += frame(
                "response.output_text.annotation.added",
                output_index=index,
                **where,
                annotation=note,
            )
        body += frame("response.output_text.done", output_index=index, **where, text=part["text"])
    return body + frame("response.content_part.done", output_index=index, **where, part=part)
