"""No leaf of an answer is lost: each field of the official packages' types, changed, changes the Completion or an event.

`PASSED_OVER` has what is not read on purpose, with the reason. Of the Responses API see test_openai_responses.py; of Anthropic,
Gemini and Converse their own files.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import cohere
import groq.types.chat
import mistralai.client.models as mistral
import ollama
import openai.types.chat

from llm_pure import HttpResponse, ResponseHead
from llm_pure.adapters import registry
from llm_pure.replay.checks.stream_properties import read_pieces
from tests.support.leaves import instances, lost_leaves, unexplained

Read = Callable[[Any], Any]


def body_of(name: str) -> Read:
    """Read JSON as a buffered response of this provider."""
    provider = registry.get(name).unwrap()
    return lambda value: provider.parse_chat(HttpResponse(200, (), json.dumps(value).encode()))


def chunk_of(name: str, *before: Any, line: bool = False) -> Read:
    """Read JSON as one frame of a stream, after these frames."""
    provider = registry.get(name).unwrap()

    def read(value: Any) -> Any:
        frames = [json.dumps(frame).encode() for frame in (*before, value)]
        data = b"".join(
            [frame + b"\n" if line else b"data: " + frame + b"\n\n" for frame in frames]
        )
        return read_pieces(provider.open_stream(ResponseHead(200, ())), [data])

    return read


SAMPLES: Mapping[str, tuple[Any, Any]] = {
    "arguments": ('{"a":1}', '{"a":2}'),
    "index": (0, 1),
    "finish_reason": ("stop", "length"),
    "data": ("YQ==", "Yg=="),
}
CASES: list[tuple[str, Any, Read]] = [
    ("openai body", openai.types.chat.ChatCompletion, body_of("openai")),
    ("openai chunk", openai.types.chat.ChatCompletionChunk, chunk_of("openai")),
    ("groq body", groq.types.chat.ChatCompletion, body_of("groq")),
    ("groq chunk", groq.types.chat.ChatCompletionChunk, chunk_of("groq")),
    ("mistral body", mistral.ChatCompletionResponse, body_of("mistral")),
    ("mistral chunk", mistral.CompletionChunk, chunk_of("mistral")),
    ("cohere body", cohere.V2ChatResponse, body_of("cohere")),
    ("cohere event", cohere.V2ChatStreamResponse, chunk_of("cohere")),
    ("ollama line", ollama.ChatResponse, chunk_of("ollama", line=True)),
    ("ollama body", ollama.ChatResponse, body_of("ollama")),
]
LEAVE_OUT = ("Message.images",)
"""ollama's Image encodes itself as text."""
PASSED_OVER: Mapping[str, str] = {
    "*.role": "the role of an answer is always the assistant's",
    "*.obfuscation": "padding against the measurement of lengths",
    "*.object": "names the type",
    "*.tool_calls?*?.type": "names the type; custom tools are told by their field",
    "*.tool_calls?*?.index": "an index: the order of the parts has it",
    "ChatCompletion*.choices???.index": "an index: the order of the choices has it",
    "*V2ChatStreamResponse*.index": "an index: the order of the parts has it",
    "ContentStartV2ChatStreamResponse.delta.message.content.type": "the deltas that follow have the name of the type",
    "DebugV2ChatStreamResponse.prompt": "repeats the prompt, for Cohere's own staff; an unknown event by law 1",
}


def numbered(value: Any) -> Any:
    """The JSON with its choices numbered: the instances have the same index in each."""
    for number, choice in enumerate(value.get("choices") or ()):
        choice["index"] = number + choice["index"]
    return value


def read_numbered(read: Read, value: Any) -> Any:
    return read(numbered(value))


def test_no_leaf_is_lost() -> None:
    lost: list[str] = []
    for _, kind, read in CASES:
        for instance in instances(kind, samples=SAMPLES, leave_out=LEAVE_OUT):
            lost += lost_leaves(instance, partial(read_numbered, read))
    assert unexplained(lost, PASSED_OVER) == []
