"""The fast path of the first chunk, the finish reason and the usage gives what the slow path gives.

A field that no struct has, with null, carries nothing and makes a chunk take the slow path: both streams must be one.
"""

import re
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.adapters import registry
from llm_pure.adapters.dialects.openai_chat import wire
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import ResponseHead
from tests.support.laws import examples

HEAD = ResponseHead(200, (("content-type", "text/event-stream"),))
PROVIDERS = ("openai", "siliconflow", "groq")
DELTAS: list[dict[str, Any]] = [
    {"role": "assistant", "content": ""}, {"role": "assistant", "content": None}, {"content": "a"}, {"content": "b", "role": "assistant"},
    {}, {"reasoning_content": "c"}, {"reasoning": "d", "content": ""}, {"refusal": None}, {"refusal": "no"},
    {"content": "<think>e</think>f"}, {"tool_calls": [{"index": 0, "id": "c0", "type": "function", "function": {"name": "f", "arguments": ""}}]},
    {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}, {"tool_calls": [{"index": 1, "function": {"name": "g", "arguments": "{}"}}]},
    {"content": [{"type": "image", "x": 1}]}, {"reasoning_details": [{"type": "reasoning.text", "text": "h", "index": 0}]},
]  # fmt: skip
FIELDS: dict[str, list[Any]] = {
    "id": ["a", "a", "a", "", None, "b"],
    "model": ["m", "m", "m", "", None],
    "object": ["chat.completion.chunk", None],
    "created": [1, 1, 2, 0, None, "1", 1.5],
    "service_tier": ["default", None, "", "flex"],
    "system_fingerprint": ["fp", None, ""],
    "usage": [None, None, {}, {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}, {"total_tokens": None}],
    "obfuscation": ["x"],
    "error": [None, {"message": "no"}],
    "provider": ["p", None, "q"],
    "request_id": ["r", None],
    "x_groq": [None, {"id": "g"}, {"usage": {"prompt_tokens": 4}}, {"id": "g", "usage": {"total_tokens": 9}}],
    "time_info": [{"queue_time": 0.5}, None],
}  # fmt: skip


@st.composite
def chunks(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Chunks whose fields are those of services, sometimes left out or odd."""
    stream = []
    for _ in range(draw(st.integers(1, 6))):
        names = draw(st.sets(st.sampled_from([*FIELDS]), max_size=6))
        chunk: dict[
            str, Any
        ] = {  # in one order: extra fields are emitted in the order of the chunk, or in this one
            name: draw(st.sampled_from(values)) for name, values in FIELDS.items() if name in names
        }
        chunk = {"id": "a", "model": "m", **chunk}
        choices = [
            {
                "delta": draw(st.sampled_from(DELTAS)),
                **draw(st.sampled_from([{}, {"index": 0}, {"index": 0}, {"index": 1}])),
                **draw(st.sampled_from([{}, {}, {"finish_reason": None}, {"finish_reason": "stop"}, {"finish_reason": "tool_calls"}, {"finish_reason": "null"}, {"finish_reason": "new"}, {"logprobs": None}])),
                **draw(st.sampled_from([{}, {}, {"native_finish_reason": "STOP"}, {"native_finish_reason": None}])),
            }
            for _ in range(draw(st.sampled_from([1, 1, 1, 0, 2])))
        ]  # fmt: skip
        stream.append({**chunk, "choices": choices})
    return deepcopy(stream)


def read(provider: str, stream: Sequence[dict[str, Any]]) -> list[Any]:
    """The events of each frame in order of their text, the result of the end, and the completion."""
    decoder = registry.get(provider).unwrap().open_stream(HEAD)
    results: list[Any] = []
    for data in [*map(msgspec.json.encode, stream), b"[DONE]"]:
        fed = decoder.feed(b"data: " + data + b"\n\n")
        events: tuple[StreamEvent, ...] = fed.value_or(())
        results += [sorted(map(repr, events)), str(fed) if not events else ""]
    closed = decoder.close()
    return [*results, type(closed), decoder.partial()]


@given(chunks(), st.sampled_from(PROVIDERS))
@examples(300)
def test_both_paths_give_the_same_events(stream: list[dict[str, Any]], provider: str) -> None:
    slow = [
        chunk if number and _is_plain(chunk) else {**chunk, "x_unknown": None}
        for number, chunk in enumerate(stream)
    ]
    assert _without_evidence(read(provider, stream)) == _without_evidence(read(provider, slow))


def _is_plain(chunk: dict[str, Any]) -> bool:
    """Whether it has a delta alone: there is another fast path, which passes over fields that the first chunk has."""
    try:
        wire.PLAIN_CHUNK.decode(msgspec.json.encode(chunk))
    except msgspec.DecodeError:
        return False
    return True


def _without_evidence(results: list[Any]) -> str:
    """As text: an error quotes the frame, which has the added field."""
    return re.sub(r""", ?\\*['"]x_unknown\\*['"]: ?(None|null)""", "", repr(results))
