"""The bytes that the benches run on: one long answer per dialect, shaped as its service sends it, the same on every run.

Each answer is a start, `deltas` pieces of text of about five letters (some with escapes, some not ASCII), usage and an end.
The text is made up; the shapes are those of recorded traffic, so the bytes around a word weigh what they weigh there.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

import msgspec

from llm_pure.bench.sample import Sample
from llm_pure.framing.aws_eventstream import encode_message

DELTAS = 2_000

_WORDS = (
    "The", " water", " of", " the", " river", " was", " still", ",", " and", " nobody", " spoke", ".", "\n\n", "Later",
    " that", " even", "ing", " a", " boat", " passed", ":", ' "', "Who", " is", " there", '?"', " —", " Åsa", " asked",
    " in", " the", " dark", "ness", ".", " 水", "は", "静", "か", "\n", "- ", "**", "first", "**", " step",
)  # fmt: skip
_PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_MODEL_TEXT = "gpt-4o-mini-2024-07-18"


def words() -> Iterator[str]:
    """Pieces of text as models send them, without end."""
    while True:
        yield from _WORDS


def openai_chat(deltas: int = DELTAS) -> Sample:
    """data: {...} and a blank line, about 290 bytes each; the last one is data: [DONE]."""
    payloads = tuple(_chat_chunks(deltas))
    return Sample(
        dialect="openai_chat",
        provider="openai",
        content_type="text/event-stream; charset=utf-8",
        frames=(*[b"data: " + one + b"\n\n" for one in payloads], b"data: [DONE]\n\n"),
        payloads=payloads,
        text=_text(deltas),
    )


def chat_chunk(place: int, delta: object, finish: str | None = None) -> bytes:
    """One chunk of chat completions, padded by `obfuscation` as OpenAI does."""
    return msgspec.json.encode(
        {
            "id": "chatcmpl-C2P1wP1damHwC6sXvGAIh5PMvH6wM",
            "object": "chat.completion.chunk",
            "created": 1754688908,
            "model": _MODEL_TEXT,
            "service_tier": "default",
            "system_fingerprint": "fp_ff25b2783a",
            "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
            "usage": None,
            "obfuscation": _padding(place, 16),
        }
    )


def _chat_chunks(deltas: int) -> Iterator[bytes]:
    yield chat_chunk(0, {"role": "assistant", "content": "", "refusal": None})
    for place, word in enumerate(islice(words(), deltas)):
        yield chat_chunk(place, {"content": word})
    yield chat_chunk(0, {}, "stop")
    usage = {
        "prompt_tokens": 103,
        "completion_tokens": deltas,
        "total_tokens": 103 + deltas,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
    last = msgspec.json.decode(chat_chunk(0, {}))
    yield msgspec.json.encode({**last, "choices": [], "usage": usage})


def openai_responses(deltas: int = DELTAS) -> Sample:
    """event: and data: lines, about 250 bytes each; whole items and the whole answer at the end."""
    events = list(_responses_events(deltas))
    payloads = tuple(msgspec.json.encode(one) for one in events)
    return Sample(
        dialect="openai_responses",
        provider="openai_responses",
        content_type="text/event-stream; charset=utf-8",
        frames=_named_events([str(one["type"]) for one in events], payloads),
        payloads=payloads,
        text=_text(deltas),
    )


def _responses_events(deltas: int) -> Iterator[dict[str, object]]:
    item_id = "msg_68a1f0c9d7a48191b3d9f4a5c0e7b21f0f3a5c4e8d2b7a91"
    place = {"item_id": item_id, "output_index": 0, "content_index": 0}
    text = _text(deltas)
    part = {"type": "output_text", "annotations": [], "logprobs": [], "text": ""}
    item = {
        "id": item_id,
        "type": "message",
        "status": "in_progress",
        "content": [],
        "role": "assistant",
    }
    response = {
        "id": "resp_68a1f0c8b6d081919f0d1b5a7c3e42860f3a5c4e8d2b7a91",
        "object": "response",
        "created_at": 1755443400,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": _MODEL_TEXT,
        "output": [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": None,
    }
    yield {"type": "response.created", "sequence_number": 0, "response": response}
    yield {"type": "response.in_progress", "sequence_number": 1, "response": response}
    yield {
        "type": "response.output_item.added",
        "sequence_number": 2,
        "output_index": 0,
        "item": item,
    }
    yield {"type": "response.content_part.added", "sequence_number": 3, **place, "part": part}
    for number, word in enumerate(islice(words(), deltas), 4):
        yield {
            "type": "response.output_text.delta",
            "sequence_number": number,
            **place,
            "delta": word,
            "logprobs": [],
            "obfuscation": _padding(number, 16),
        }
    number = deltas + 4
    done = {**item, "status": "completed", "content": [{**part, "text": text}]}
    yield {
        "type": "response.output_text.done",
        "sequence_number": number,
        **place,
        "text": text,
        "logprobs": [],
    }
    yield {
        "type": "response.content_part.done",
        "sequence_number": number + 1,
        **place,
        "part": {**part, "text": text},
    }
    yield {
        "type": "response.output_item.done",
        "sequence_number": number + 2,
        "output_index": 0,
        "item": done,
    }
    usage = {
        "input_tokens": 103,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": deltas,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 103 + deltas,
    }
    whole = {**response, "status": "completed", "output": [done], "usage": usage}
    yield {"type": "response.completed", "sequence_number": number + 3, "response": whole}


def anthropic_messages(deltas: int = DELTAS) -> Sample:
    """event: and data: lines, about 130 bytes each."""
    events = list(_messages_events(deltas))
    payloads = tuple(msgspec.json.encode(one) for one in events)
    return Sample(
        dialect="anthropic_messages",
        provider="anthropic",
        content_type="text/event-stream; charset=utf-8",
        frames=_named_events([str(one["type"]) for one in events], payloads),
        payloads=payloads,
        text=_text(deltas),
    )


def _messages_events(deltas: int) -> Iterator[dict[str, object]]:
    message: dict[str, object] = {
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 103,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 1,
            "service_tier": "standard",
        },
    }
    yield {"type": "message_start", "message": message}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    yield {"type": "ping"}
    for word in islice(words(), deltas):
        yield {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": word},
        }
    yield {"type": "content_block_stop", "index": 0}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": deltas},
    }
    yield {"type": "message_stop"}


def gemini_content(deltas: int = DELTAS) -> Sample:
    """?alt=sse: data: {...} and a blank line, about 360 bytes each; every item repeats the usage so far."""
    payloads = tuple(_gemini_items(deltas))
    return Sample(
        dialect="gemini_content",
        provider="gemini",
        content_type="text/event-stream",
        frames=tuple(b"data: " + one + b"\r\n\r\n" for one in payloads),
        payloads=payloads,
        text=_text(deltas),
    )


def _gemini_items(deltas: int) -> Iterator[bytes]:
    for place, word in enumerate(islice(words(), deltas), 1):
        last = {"finishReason": "STOP"} if place == deltas else {}
        yield msgspec.json.encode(
            {
                "candidates": [
                    {
                        "content": {"parts": [{"text": word}], "role": "model"},
                        **last,
                        "index": 0,
                    }
                ],
                "usageMetadata": {
                    "promptTokenCount": 103,
                    "candidatesTokenCount": place,
                    "totalTokenCount": 103 + place,
                    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 103}],
                },
                "modelVersion": "gemini-2.5-flash",
                "responseId": "yW6kaN-LFYuOvdIPh4SR-Qk",
            }
        )


def bedrock_converse(deltas: int = DELTAS) -> Sample:
    """Messages of application/vnd.amazon.eventstream, about 230 bytes each, half of that headers."""
    events = list(_converse_events(deltas))
    payloads = tuple(msgspec.json.encode(body) for _, body in events)
    return Sample(
        dialect="bedrock_converse",
        provider="bedrock",
        content_type="application/vnd.amazon.eventstream",
        frames=tuple(
            encode_message(
                (
                    (":event-type", kind),
                    (":content-type", "application/json"),
                    (":message-type", "event"),
                ),
                payload,
            )
            for (kind, _), payload in zip(events, payloads, strict=True)
        ),
        payloads=payloads,
        text=_text(deltas),
    )


def _converse_events(deltas: int) -> Iterator[tuple[str, dict[str, object]]]:
    yield "messageStart", {"p": _padding(9), "role": "assistant"}
    for place, word in enumerate(islice(words(), deltas)):
        yield (
            "contentBlockDelta",
            {"contentBlockIndex": 0, "delta": {"text": word}, "p": _padding(place)},
        )
    yield "contentBlockStop", {"contentBlockIndex": 0, "p": _padding(31)}
    yield "messageStop", {"p": _padding(5), "stopReason": "end_turn"}
    yield (
        "metadata",
        {
            "metrics": {"latencyMs": 1999},
            "p": _padding(15),
            "usage": {"inputTokens": 103, "outputTokens": deltas, "totalTokens": 103 + deltas},
        },
    )


def ollama_native(deltas: int = DELTAS) -> Sample:
    """One JSON object a line, about 120 bytes each."""
    payloads = tuple(_ollama_lines(deltas))
    return Sample(
        dialect="ollama_native",
        provider="ollama",
        content_type="application/x-ndjson",
        frames=tuple(one + b"\n" for one in payloads),
        payloads=payloads,
        text=_text(deltas),
    )


def _ollama_lines(deltas: int) -> Iterator[bytes]:
    for place, word in enumerate(islice(words(), deltas)):
        yield msgspec.json.encode(
            {
                "model": "llama3.2:3b",
                "created_at": f"2025-08-17T15:10:{place // 100 % 60:02}.{place % 100:02}1926Z",
                "message": {"role": "assistant", "content": word},
                "done": False,
            }
        )
    yield msgspec.json.encode(
        {
            "model": "llama3.2:3b",
            "created_at": "2025-08-17T15:11:00.000001Z",
            "message": {"role": "assistant", "content": ""},
            "done_reason": "stop",
            "done": True,
            "total_duration": 4883583458,
            "load_duration": 1334875,
            "prompt_eval_count": 103,
            "prompt_eval_duration": 342546000,
            "eval_count": deltas,
            "eval_duration": 4535599000,
        }
    )


STREAMS: Mapping[str, Callable[[int], Sample]] = {
    "openai_chat": openai_chat,
    "openai_responses": openai_responses,
    "anthropic_messages": anthropic_messages,
    "gemini_content": gemini_content,
    "bedrock_converse": bedrock_converse,
    "ollama_native": ollama_native,
}


def _named_events(names: list[str], payloads: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tuple(
        b"event: " + name.encode() + b"\ndata: " + one + b"\n\n"
        for name, one in zip(names, payloads, strict=True)
    )


def _text(deltas: int) -> str:
    return "".join(islice(words(), deltas))


def _padding(place: int, longest: int = len(_PADDING)) -> str:
    """Padding against guessing words by their length: any length from 1 to `longest`."""
    return _PADDING[: 1 + place * 7 % longest]


ANSWER_TEXT = _text(400)
"""What the whole answers below say, about 1,700 letters."""


def _chat_answer() -> dict[str, object]:
    message: dict[str, object] = {
        "role": "assistant",
        "content": ANSWER_TEXT,
        "refusal": None,
        "annotations": [],
    }
    chunk = msgspec.json.decode(chat_chunk(0, {}))
    return {
        **{
            key: chunk[key]
            for key in ("id", "created", "model", "service_tier", "system_fingerprint")
        },
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 103,
            "completion_tokens": 400,
            "total_tokens": 503,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
    }


def _messages_answer() -> dict[str, object]:
    return {
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [{"type": "text", "text": ANSWER_TEXT}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 103,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 400,
            "service_tier": "standard",
        },
    }


def _converse_answer() -> dict[str, object]:
    return {
        "metrics": {"latencyMs": 1999},
        "output": {"message": {"content": [{"text": ANSWER_TEXT}], "role": "assistant"}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 103, "outputTokens": 400, "totalTokens": 503},
    }


def _last_with(sample: Sample, text: str, path: tuple[str | int, ...]) -> object:
    """The last frame of a stream, with the whole text in it: those services send answers in the same shape."""
    body = msgspec.json.decode(sample.payloads[-1])
    place = body
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = text
    return body


ANSWERS: Mapping[str, bytes] = {
    name: msgspec.json.encode(body)
    for name, body in {
        "openai": _chat_answer(),
        "openai_responses": list(_responses_events(400))[-1]["response"],
        "anthropic": _messages_answer(),
        "gemini": _last_with(
            gemini_content(400), ANSWER_TEXT, ("candidates", 0, "content", "parts", 0, "text")
        ),
        "bedrock": _converse_answer(),
        "ollama": _last_with(ollama_native(400), ANSWER_TEXT, ("message", "content")),
    }.items()
}
"""One whole answer per provider."""
